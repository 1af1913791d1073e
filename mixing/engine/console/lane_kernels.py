"""The compiled loops of strips on lanes, some of them the groups' too; only what renders imports this module.

A *pack* is a buffer ``[frame][16]``: a stereo stem takes two neighbouring lanes, a mono stem one. The four groups are
the first eight lanes of the same shape. Filters are direct form I in float64 on float32 buffers. Nothing here depends
on where a song is cut into blocks. There are no bounds checks: callers hand over arrays of the sizes that are named
here, and run each loop inside of :func:`~mixing.engine.console.denormals.flush_to_zero`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mixing.engine.console.cascade import LATER, answer
from mixing.engine.console.compressor_kernels import compress
from mixing.engine.console.denormals import flush_to_zero, restore
from mixing.engine.console.simd import (
    load,
    narrow,
    splat,
    store,
    widen,
)
from mixing.engine.console.simd_shuffles import first_half, joined, last_half
from mixing.engine.console.stored_kernels import HALF_PACK, LANES, unpack

QUARTER_PACK: Final = 4
"""Two stereo stems or four mono ones."""
PACK_SIZES: Final = (QUARTER_PACK, HALF_PACK, LANES)
SUB_FRAMES: Final = 512
"""Frames that go through a whole strip at a time: sixteen lanes of them stay in the first cache."""
MOST_TRIPLES: Final = 2
TRIPLE_VALUES: Final = 12
TRIPLE_MEMORY: Final = 8
MEMORY_ROWS: Final = MOST_TRIPLES * TRIPLE_MEMORY
_REST_BELOW: Final = 1e-30
"""A filter's memory below -600 dB is at rest: after any gain of the console no sample that is written can show it."""


# ---- the effects of a strip, on any number of lanes ------------------------------------------------------------------


@njit(cache=True, nogil=True, error_model="numpy")
def filter_lanes(
    like: Any,
    signal: NDArray[np.float32],
    start: int,
    stride: int,
    frames: int,
    first: int,
    triples: int,
    coefficients: NDArray[np.float64],
    memory: NDArray[np.float64],
    lane: int,
) -> None:
    """Three biquads a pass, from the ``first`` to the last, on the lanes from ``lane`` on, in place.

    ``coefficients`` is ``[half][2][12][8]``, b1, b2, -a1, -a2 of each section with its b0 divided out; ``memory`` is
    ``[half][2][8][8]``, the last two samples before each section and behind the last.
    """
    wide = widen(like)
    half, lane = lane // HALF_PACK, lane % HALF_PACK
    for triple in range(first, triples):
        at = (half * MOST_TRIPLES + triple) * TRIPLE_VALUES * HALF_PACK + lane
        b1, b2 = load(wide, coefficients, at), load(wide, coefficients, at + 8)
        a1, a2 = load(wide, coefficients, at + 16), load(wide, coefficients, at + 24)
        d1, d2 = load(wide, coefficients, at + 32), load(wide, coefficients, at + 40)
        c1, c2 = load(wide, coefficients, at + 48), load(wide, coefficients, at + 56)
        f1, f2 = load(wide, coefficients, at + 64), load(wide, coefficients, at + 72)
        e1, e2 = load(wide, coefficients, at + 80), load(wide, coefficients, at + 88)
        kept = (half * MOST_TRIPLES + triple) * TRIPLE_MEMORY * HALF_PACK + lane
        x1, x2 = load(wide, memory, kept), load(wide, memory, kept + 8)
        y1, y2 = load(wide, memory, kept + 16), load(wide, memory, kept + 24)
        z1, z2 = load(wide, memory, kept + 32), load(wide, memory, kept + 40)
        w1, w2 = load(wide, memory, kept + 48), load(wide, memory, kept + 56)
        for frame in range(frames):
            place = start + frame * stride
            x = widen(load(like, signal, place))
            y = answer(x, b1, b2, a1, a2, x1, x2, y1, y2)
            z = answer(y, d1, d2, c1, c2, y1, y2, z1, z2)
            w = answer(z, f1, f2, e1, e2, z1, z2, w1, w2)
            x2, x1 = x1, x
            y2, y1 = y1, y
            z2, z1 = z1, z
            w2, w1 = w1, w
            store(signal, place, narrow(w))
        store(memory, kept, x1)
        store(memory, kept + 8, x2)
        store(memory, kept + 16, y1)
        store(memory, kept + 24, y2)
        store(memory, kept + 32, z1)
        store(memory, kept + 40, z2)
        store(memory, kept + 48, w1)
        store(memory, kept + 56, w2)


@njit(cache=True, nogil=True, error_model="numpy")
def filter_four(
    signal: NDArray[np.float32],
    frames: int,
    triples: int,
    coefficients: NDArray[np.float64],
    memory: NDArray[np.float64],
) -> None:
    """The first four lanes of a pack alone: both triples in one vector, the second LATER frames behind the first."""
    few = splat(np.float32(0.0), QUARTER_PACK)
    if triples < MOST_TRIPLES or frames <= LATER:
        filter_lanes(few, signal, 0, LANES, frames, 0, triples, coefficients, memory, 0)
        return
    filter_lanes(few, signal, 0, LANES, LATER, 0, 1, coefficients, memory, 0)
    wide = widen(few)
    rest = TRIPLE_VALUES * HALF_PACK
    b1, b2 = _both(wide, coefficients, 0, rest), _both(wide, coefficients, 8, rest)
    a1, a2 = _both(wide, coefficients, 16, rest), _both(wide, coefficients, 24, rest)
    d1, d2 = _both(wide, coefficients, 32, rest), _both(wide, coefficients, 40, rest)
    c1, c2 = _both(wide, coefficients, 48, rest), _both(wide, coefficients, 56, rest)
    f1, f2 = _both(wide, coefficients, 64, rest), _both(wide, coefficients, 72, rest)
    e1, e2 = _both(wide, coefficients, 80, rest), _both(wide, coefficients, 88, rest)
    rest = TRIPLE_MEMORY * HALF_PACK
    x1, x2, y1, y2 = (
        _both(wide, memory, 0, rest),
        _both(wide, memory, 8, rest),
        _both(wide, memory, 16, rest),
        _both(wide, memory, 24, rest),
    )
    z1, z2, w1, w2 = (
        _both(wide, memory, 32, rest),
        _both(wide, memory, 40, rest),
        _both(wide, memory, 48, rest),
        _both(wide, memory, 56, rest),
    )
    late = LATER * LANES
    for place in range(late, frames * LANES, LANES):
        x = widen(joined(load(few, signal, place), load(few, signal, place - late)))
        y = answer(x, b1, b2, a1, a2, x1, x2, y1, y2)
        z = answer(y, d1, d2, c1, c2, y1, y2, z1, z2)
        w = answer(z, f1, f2, e1, e2, z1, z2, w1, w2)
        x2, x1 = x1, x
        y2, y1 = y1, y
        z2, z1 = z1, z
        w2, w1 = w1, w
        out = narrow(w)
        store(signal, place, first_half(out))
        store(signal, place - late, last_half(out))
    for row, value in enumerate((x1, x2, y1, y2, z1, z2, w1, w2)):
        store(memory, row * HALF_PACK, first_half(value))
        store(memory, rest + row * HALF_PACK, last_half(value))
    filter_lanes(few, signal, frames * LANES - late, LANES, LATER, 1, triples, coefficients, memory, 0)


@njit(nogil=True, error_model="numpy")
def _both(like: Any, values: NDArray[np.float64], place: int, rest: int) -> Any:
    """A row of the first triple and, behind it, of the second."""
    return joined(load(like, values, place), load(like, values, rest + place))


@njit(cache=True, nogil=True, error_model="numpy")
def route(
    pack: NDArray[np.float32],
    first: int,
    frames: int,
    matrix: NDArray[np.float32],
    bus: NDArray[np.float32],
    at: int,
    fresh: bool,
    few: bool,
) -> None:
    """Add eight lanes of a pack, from ``first``, to the sixteen lanes of the buses, one lane after the other.

    With ``fresh`` the buses count as silent, whatever they hold; with ``few`` only four of the lanes hold anything.

    ``matrix`` is ``[16][16]``, a row for each lane of the pack. The order of the sum is that of the lanes, so that a
    silent lane changes nothing, present or not.
    """
    like = splat(np.float32(0.0), 16)
    row = first * LANES
    m0, m1 = load(like, matrix, row), load(like, matrix, row + 16)
    m2, m3 = load(like, matrix, row + 32), load(like, matrix, row + 48)
    m4, m5 = load(like, matrix, row + 64), load(like, matrix, row + 80)
    m6, m7 = load(like, matrix, row + 96), load(like, matrix, row + 112)
    for frame in range(frames):
        place = frame * LANES + first
        target = at + frame * LANES
        total = like if fresh else load(like, bus, target)
        total = total + pack[place] * m0
        total = total + pack[place + 1] * m1
        total = total + pack[place + 2] * m2
        total = total + pack[place + 3] * m3
        if not few:
            total = total + pack[place + 4] * m4
            total = total + pack[place + 5] * m5
            total = total + pack[place + 6] * m6
            total = total + pack[place + 7] * m7
        store(bus, target, total)


@njit(cache=True, nogil=True, error_model="numpy")
def settle(memory: NDArray[np.float64], first: int, rows: int, lanes: int, resting: NDArray[np.bool_], at: int) -> None:
    """Put filters that nobody can hear to rest, lane by lane, and say which lanes rest, from ``resting[at]`` on.

    ``memory`` is ``[rows][lanes]`` from ``first`` on.
    """
    for lane in range(lanes):
        most = 0.0
        for row in range(rows):
            most = max(most, abs(memory[first + row * lanes + lane]))
        resting[at + lane] = most < _REST_BELOW
        if most and resting[at + lane]:
            for row in range(rows):
                memory[first + row * lanes + lane] = 0.0


# ---- entries ---------------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True, error_model="numpy")
def play_pack(
    stored: NDArray[np.uint8],
    first: int,
    frames: int,
    bus: NDArray[np.float32],
    fresh: bool,
    places: NDArray[np.int64],
    gains: NDArray[np.float32],
    lanes: int,
    pack: NDArray[np.float32],
    triples: int,
    coefficients: NDArray[np.float64],
    memory: NDArray[np.float64],
    compressed: int,
    linked: NDArray[np.float32],
    curve: NDArray[np.float32],
    times: NDArray[np.float64],
    reduction: NDArray[np.float64],
    levels: NDArray[np.float32],
    matrix: NDArray[np.float32],
    resting: NDArray[np.bool_],
) -> None:
    """One block of a pack, ``frames`` from ``first`` on, from stored bytes to the buses.

    ``places`` has a row for each stem: where its bytes begin in ``stored``, its format, channels and first lane;
    ``gains`` its trim.
    Of ``lanes`` 4, 8 or 16 are in use; up to 8, the settings are those of eight. ``compressed`` is
    NOT_COMPRESSED, LANE_BY_LANE or, where every stem is stereo, BOTH_SIDES; see there for the shapes. ``bus`` is
    ``[frames][16]`` and is added to, or with ``fresh`` set. All arrays are flat but ``places``.
    """
    mode = flush_to_zero()
    half, few = lanes <= HALF_PACK, lanes <= QUARTER_PACK
    like = splat(np.float32(0.0), HALF_PACK)
    for start in range(0, frames, SUB_FRAMES):
        count = min(SUB_FRAMES, frames - start)
        for stem in range(places.shape[0]):
            offset, kind, channels, lane = places[stem, 0], places[stem, 1], places[stem, 2], places[stem, 3]
            unpack(stored, offset + (first + start) * channels * kind, kind, channels, gains[stem], pack, lane, count)
        if few:
            filter_four(pack, count, triples, coefficients, memory)
        else:
            filter_lanes(like, pack, 0, LANES, count, 0, triples, coefficients, memory, 0)
        if not half:
            filter_lanes(like, pack, HALF_PACK, LANES, count, 0, triples, coefficients, memory, HALF_PACK)
        compress(half, pack, count, compressed, linked, curve, times, reduction, levels)
        route(pack, 0, count, matrix, bus, start * LANES, fresh, few)
        if not half:
            route(pack, HALF_PACK, count, matrix, bus, start * LANES, False, False)
    for side in range(1 if half else 2):
        settle(memory, side * MEMORY_ROWS * HALF_PACK, MEMORY_ROWS, HALF_PACK, resting, side * HALF_PACK)
    restore(mode)
