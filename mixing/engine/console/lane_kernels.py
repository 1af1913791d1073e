"""The compiled loops of strips, groups and master on lanes; only what renders imports this module.

A *pack* is a buffer ``[frame][16]``: a stereo stem takes two neighbouring lanes, a mono stem one. The four groups are
the first eight lanes of the same shape, and the master two. Filters are direct form I in float64 on float32 buffers,
the compressor is that of :mod:`mixing.engine.console.compressor`, sample by sample. Nothing here depends on where a
song is cut into blocks. There are no bounds checks: callers hand over arrays of the sizes that are named here, and
run each loop inside of :func:`~mixing.engine.console.denormals.flush_to_zero`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mixing.engine.console.denormals import flush_to_zero, restore
from mixing.engine.console.powers import exp2, log2
from mixing.engine.console.simd import (
    absolute,
    doubled,
    every_second,
    greater,
    lanes_of,
    lesser,
    load,
    narrow,
    splat,
    store,
    swap_pairs,
    where_above,
    widen,
)
from mixing.engine.console.stored_kernels import LANES, unpack

HALF_PACK: Final = 8
"""Where so few lanes sound, the other half of a pack is not computed."""
SUB_FRAMES: Final = 512
"""Frames that go through a whole strip at a time: sixteen lanes of them stay in the first cache."""
SECTION_VALUES: Final = 5
PAIR_VALUES: Final = 10
PAIR_MEMORY: Final = 6
COMPRESSOR_VALUES: Final = 6
COMPRESSOR_TIMES: Final = 4

NOT_COMPRESSED: Final = 0
LANE_BY_LANE: Final = 1
BOTH_SIDES: Final = 2

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
    pairs: int,
    coefficients: NDArray[np.float64],
    memory: NDArray[np.float64],
) -> None:
    """Two biquads a pass, in place. ``coefficients`` is ``[pair][10][lanes]``, ``memory`` ``[pair][6][lanes]``."""
    wide = widen(like)
    lanes = lanes_of(like)
    for pair in range(pairs):
        at = pair * PAIR_VALUES * lanes
        b0, b1, b2 = (
            load(wide, coefficients, at),
            load(wide, coefficients, at + lanes),
            load(wide, coefficients, at + 2 * lanes),
        )
        a1, a2 = load(wide, coefficients, at + 3 * lanes), load(wide, coefficients, at + 4 * lanes)
        d0, d1, d2 = (
            load(wide, coefficients, at + 5 * lanes),
            load(wide, coefficients, at + 6 * lanes),
            load(wide, coefficients, at + 7 * lanes),
        )
        e1, e2 = load(wide, coefficients, at + 8 * lanes), load(wide, coefficients, at + 9 * lanes)
        kept = pair * PAIR_MEMORY * lanes
        x1, x2 = load(wide, memory, kept), load(wide, memory, kept + lanes)
        y1, y2 = load(wide, memory, kept + 2 * lanes), load(wide, memory, kept + 3 * lanes)
        z1, z2 = load(wide, memory, kept + 4 * lanes), load(wide, memory, kept + 5 * lanes)
        for frame in range(frames):
            place = start + frame * stride
            x = widen(load(like, signal, place))
            y = b0 * x + b1 * x1 + b2 * x2 - a2 * y2 - a1 * y1
            z = d0 * y + d1 * y1 + d2 * y2 - e2 * z2 - e1 * z1
            x2 = x1
            x1 = x
            y2 = y1
            y1 = y
            z2 = z1
            z1 = z
            store(signal, place, narrow(z))
        store(memory, kept, x1)
        store(memory, kept + lanes, x2)
        store(memory, kept + 2 * lanes, y1)
        store(memory, kept + 3 * lanes, y2)
        store(memory, kept + 4 * lanes, z1)
        store(memory, kept + 5 * lanes, z2)


@njit(cache=True, nogil=True, error_model="numpy")
def compress_sides(
    like: Any,
    signal: NDArray[np.float32],
    start: int,
    stride: int,
    frames: int,
    curve: NDArray[np.float32],
    times: NDArray[np.float64],
    reduction: NDArray[np.float64],
    levels: NDArray[np.float32],
) -> None:
    """The compressor of lanes that are all the two sides of something, in place, one level for both.

    ``curve`` is ``[6][16]``, ``times`` ``[4][sides]``, ``reduction`` ``[sides]``, where there are half as many sides as
    lanes; ``levels`` is a buffer of ``frames`` times sides and 16 more.
    """
    half = every_second(like)
    sides = lanes_of(half)
    for frame in range(frames):
        size = absolute(load(like, signal, start + frame * stride))
        store(levels, frame * sides, every_second(greater(size, swap_pairs(size))))
    _wanted_reduction(levels, frames * sides, curve)
    _envelope(half, levels, frames, times, reduction)
    _gains(levels, frames * sides, curve)
    for frame in range(frames):
        place = start + frame * stride
        store(signal, place, load(like, signal, place) * doubled(load(half, levels, frame * sides)))


@njit(cache=True, nogil=True, error_model="numpy")
def compress_lanes(
    like: Any,
    signal: NDArray[np.float32],
    stride: int,
    frames: int,
    linked: NDArray[np.float32],
    curve: NDArray[np.float32],
    times: NDArray[np.float64],
    reduction: NDArray[np.float64],
    levels: NDArray[np.float32],
) -> None:
    """The compressor of a pack that holds mono strips too, a level for each lane; ``linked`` is 1 for two sides."""
    lanes = lanes_of(like)
    both = load(like, linked, 0)
    for frame in range(frames):
        size = absolute(load(like, signal, frame * stride))
        store(levels, frame * lanes, greater(size, both * swap_pairs(size)))
    _wanted_reduction(levels, frames * lanes, curve)
    _envelope(like, levels, frames, times, reduction)
    _gains(levels, frames * lanes, curve)
    for frame in range(frames):
        place = frame * stride
        store(signal, place, load(like, signal, place) * load(like, levels, frame * lanes))


@njit(nogil=True, error_model="numpy")
def _wanted_reduction(levels: NDArray[np.float32], count: int, curve: NDArray[np.float32]) -> None:
    """From peaks to the reduction that they settle at, in doublings, in place.

    The rows of ``curve``: threshold, half the knee, the knee, slope over twice the knee, slope, makeup.
    """
    like = splat(np.float32(0.0), 16)
    threshold, half, knee = load(like, curve, 0), load(like, curve, 16), load(like, curve, 32)
    bend, slope = load(like, curve, 48), load(like, curve, 64)
    for index in range(0, count, 16):
        over = log2(load(like, levels, index)) - threshold
        into_knee = lesser(greater(over + half, 0.0), knee)
        store(levels, index, bend * into_knee * into_knee + slope * greater(over - half, 0.0))


@njit(nogil=True, error_model="numpy")
def _envelope(
    like: Any, levels: NDArray[np.float32], frames: int, times: NDArray[np.float64], reduction: NDArray[np.float64]
) -> None:
    """From the wanted reduction to that of the moment; ``times`` is what attack and release keep, and what not."""
    wide = widen(like)
    width = lanes_of(like)
    attack, release = load(wide, times, 0), load(wide, times, width)
    to_attack, to_release = load(wide, times, 2 * width), load(wide, times, 3 * width)
    reduced = load(wide, reduction, 0)
    for frame in range(frames):
        wanted = widen(load(like, levels, frame * width))
        rising = to_attack * wanted + attack * reduced
        falling = to_release * wanted + release * reduced
        reduced = where_above(wanted, reduced, rising, falling)
        store(levels, frame * width, narrow(reduced))
    store(reduction, 0, reduced)


@njit(nogil=True, error_model="numpy")
def _gains(levels: NDArray[np.float32], count: int, curve: NDArray[np.float32]) -> None:
    like = splat(np.float32(0.0), 16)
    makeup = load(like, curve, 80)
    for index in range(0, count, 16):
        store(levels, index, exp2(makeup - load(like, levels, index)))


@njit(cache=True, nogil=True, error_model="numpy")
def route(
    pack: NDArray[np.float32], first: int, frames: int, matrix: NDArray[np.float32], bus: NDArray[np.float32], at: int
) -> None:
    """Add eight lanes of a pack, from ``first``, to the sixteen lanes of the buses, one lane after the other.

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
        total = load(like, bus, target)
        total = total + pack[place] * m0
        total = total + pack[place + 1] * m1
        total = total + pack[place + 2] * m2
        total = total + pack[place + 3] * m3
        total = total + pack[place + 4] * m4
        total = total + pack[place + 5] * m5
        total = total + pack[place + 6] * m6
        total = total + pack[place + 7] * m7
        store(bus, target, total)


@njit(cache=True, nogil=True, error_model="numpy")
def settle(memory: NDArray[np.float64], pairs: int, lanes: int, resting: NDArray[np.bool_]) -> None:
    """Put filters that nobody can hear to rest, lane by lane, and say which lanes rest."""
    for lane in range(lanes):
        most = 0.0
        for row in range(pairs * PAIR_MEMORY):
            most = max(most, abs(memory[row * lanes + lane]))
        resting[lane] = most < _REST_BELOW
        if most and resting[lane]:
            for row in range(pairs * PAIR_MEMORY):
                memory[row * lanes + lane] = 0.0


@njit(nogil=True, error_model="numpy")
def _play_lanes(
    like: Any,
    pack: NDArray[np.float32],
    frames: int,
    pairs: int,
    coefficients: NDArray[np.float64],
    memory: NDArray[np.float64],
    compressed: int,
    linked: NDArray[np.float32],
    curve: NDArray[np.float32],
    times: NDArray[np.float64],
    reduction: NDArray[np.float64],
    levels: NDArray[np.float32],
) -> None:
    filter_lanes(like, pack, 0, LANES, frames, pairs, coefficients, memory)
    if compressed == BOTH_SIDES:
        compress_sides(like, pack, 0, LANES, frames, curve, times, reduction, levels)
    elif compressed:
        compress_lanes(like, pack, LANES, frames, linked, curve, times, reduction, levels)


# ---- entries ---------------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True, error_model="numpy")
def play_pack(
    stored: NDArray[np.uint8],
    places: NDArray[np.int64],
    gains: NDArray[np.float32],
    first: int,
    frames: int,
    half: bool,
    pack: NDArray[np.float32],
    pairs: int,
    coefficients: NDArray[np.float64],
    memory: NDArray[np.float64],
    compressed: int,
    linked: NDArray[np.float32],
    curve: NDArray[np.float32],
    times: NDArray[np.float64],
    reduction: NDArray[np.float64],
    levels: NDArray[np.float32],
    matrix: NDArray[np.float32],
    bus: NDArray[np.float32],
    resting: NDArray[np.bool_],
) -> None:
    """One block of a pack, ``frames`` from ``first`` on, from stored bytes to the buses.

    ``places`` has a row for each stem: where its bytes begin in ``stored``, its format, channels and first lane;
    ``gains`` its trim.
    With ``half`` only the first eight lanes are in use, and the settings are those of eight. ``compressed`` is
    NOT_COMPRESSED, LANE_BY_LANE or, where every stem is stereo, BOTH_SIDES; see there for the shapes. ``bus`` is
    ``[frames][16]`` and is added to. All arrays are flat but ``places``.
    """
    mode = flush_to_zero()
    for start in range(0, frames, SUB_FRAMES):
        count = min(SUB_FRAMES, frames - start)
        for stem in range(places.shape[0]):
            offset, kind, channels, lane = places[stem, 0], places[stem, 1], places[stem, 2], places[stem, 3]
            unpack(stored, offset + (first + start) * channels * kind, kind, channels, gains[stem], pack, lane, count)
        if half:
            like = splat(np.float32(0.0), HALF_PACK)
            _play_lanes(
                like, pack, count, pairs, coefficients, memory, compressed, linked, curve, times, reduction, levels
            )
            route(pack, 0, count, matrix, bus, start * LANES)
        else:
            wide = splat(np.float32(0.0), LANES)
            _play_lanes(
                wide, pack, count, pairs, coefficients, memory, compressed, linked, curve, times, reduction, levels
            )
            route(pack, 0, count, matrix, bus, start * LANES)
            route(pack, HALF_PACK, count, matrix, bus, start * LANES)
    settle(memory, pairs, HALF_PACK if half else LANES, resting)
    restore(mode)
