"""The compiled loops behind the strips: groups and master, reverb, delay; only what renders imports this module.

The buses are ``[frame][16]``: four stereo groups in the order of ``GROUPS``, then the sends to reverb and delay. Reverb
and delay take sixteen samples of one line as one vector; what they compute is told in
:mod:`mixing.engine.console.reverb` and :mod:`mixing.engine.console.delay`. A block is a whole number of sixteen frames
long, or the last one. There are no bounds checks.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mixing.engine.console.cascade import ROWS, filter_in_halves, filter_two_sides
from mixing.engine.console.compressor_kernels import compress_four_sides, compress_rows
from mixing.engine.console.denormals import flush_to_zero, restore
from mixing.engine.console.lane_kernels import (
    MEMORY_ROWS,
    SUB_FRAMES,
    filter_lanes,
    settle,
)
from mixing.engine.console.simd import absolute, greater, largest, load, long_registers, splat, store, total
from mixing.engine.console.simd_shuffles import (
    every_second,
    folded,
    last_everywhere,
    later_by_1,
    later_by_2,
    later_by_4,
    later_by_8,
    swap_pairs,
)
from mixing.engine.console.stored_kernels import LANES, NOT_FINITE, SOUNDING

GROUP_LANES: Final = 8
REVERB_LANE: Final = 8
DELAY_LANE: Final = 10
STEP: Final = 16
LINE_VALUES: Final = 32
"""Of each low-pass: its gain, the pole to the powers 1, 2, 4, 8, and from place 16 on to the powers 1 to 16."""

_LONG_REGISTERS: Final = long_registers()
_LARGEST: Final = float(np.finfo(np.float32).max)


# ---- groups and master -----------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True, error_model="numpy")
def play_groups(
    bus: NDArray[np.float32],
    frames: int,
    triples: int,
    coefficients: NDArray[np.float64],
    memory: NDArray[np.float64],
    compressed: int,
    curve: NDArray[np.float32],
    times: NDArray[np.float64],
    reduction: NDArray[np.float64],
    levels: NDArray[np.float32],
    gains: NDArray[np.float32],
    returned: NDArray[np.float32],
    sides: NDArray[np.float32],
    sound: NDArray[np.float32],
    resting: NDArray[np.bool_],
) -> None:
    """EQ and compressor of the four groups, in place, and their sum with the returns into ``sound`` ``(2, frames)``.

    ``gains`` is that of the eight lanes; ``returned``, whose sides are added as they are, is ``(2, frames)`` too, and
    both are padded to a whole number of eight frames; ``sides`` is a buffer of two SUB_FRAMES.
    """
    mode = flush_to_zero()
    like = splat(np.float32(0.0), GROUP_LANES)
    both = splat(np.float32(0.0), LANES)
    gain = load(like, gains, 0)
    row, other = sound.shape[1], returned.shape[1]
    for start in range(0, frames, SUB_FRAMES):
        count = min(SUB_FRAMES, frames - start)
        filter_lanes(like, bus, start * LANES, LANES, count, 0, triples, coefficients, memory, 0)
        if compressed:
            compress_four_sides(bus, start * LANES, count, curve, times, reduction, levels)
        for frame in range(count):
            store(sides, 2 * frame, folded(folded(gain * load(like, bus, (start + frame) * LANES))))
        for frame in range(start, start + count, GROUP_LANES):
            pairs = load(both, sides, 2 * (frame - start))
            store(sound, frame, every_second(pairs) + load(like, returned, frame))
            store(sound, row + frame, every_second(swap_pairs(pairs)) + load(like, returned, other + frame))
    settle(memory, 0, MEMORY_ROWS, GROUP_LANES, resting, 0)
    restore(mode)


@njit(cache=True, nogil=True, error_model="numpy")
def play_master(
    sound: NDArray[np.float32],
    frames: int,
    filtered: bool,
    gain: float,
    coefficients: NDArray[np.float64],
    begins: NDArray[np.float64],
    memory: NDArray[np.float64],
    compressed: int,
    curve: NDArray[np.float32],
    times: NDArray[np.float64],
    reduction: NDArray[np.float64],
    levels: NDArray[np.float32],
    mix: NDArray[np.float32],
    resting: NDArray[np.bool_],
) -> int:
    """EQ and compressor of the master ``(2, frames)``, in place, and into ``mix``; NOT_FINITE if it does not fit.

    ``sound`` is padded to sixteen frames and ``levels`` has room for as many; the filters are those of
    :func:`~mixing.engine.console.cascade.filter_two_sides`.
    """
    mode = flush_to_zero()
    if filtered:
        if _LONG_REGISTERS:
            filter_two_sides(sound, frames, gain, coefficients, begins, memory)
        else:
            filter_in_halves(sound, frames, gain, coefficients, memory)
        settle(memory, 0, ROWS, LANES, resting, 0)
    if compressed:
        compress_rows(sound, frames, curve, times, reduction, levels)
    row = sound.shape[1]
    like = splat(np.float32(0.0), STEP)
    left_over = like
    whole = frames // STEP * STEP
    for frame in range(0, whole, STEP):
        left, right = load(like, sound, frame), load(like, sound, row + frame)
        left_over = left_over + (left - left) + (right - right)
        store(mix, frame, left)
        store(mix, mix.shape[1] + frame, right)
    finite = total(left_over) == 0.0
    for frame in range(whole, frames):
        finite &= abs(sound[0, frame]) <= _LARGEST
        finite &= abs(sound[1, frame]) <= _LARGEST
        mix[0, frame] = sound[0, frame]
        mix[1, frame] = sound[1, frame]
    restore(mode)
    return SOUNDING if finite else NOT_FINITE


# ---- what reverb and delay share -------------------------------------------------------------------------------------


@njit(nogil=True, error_model="numpy")
def _low_passed(x: Any, table: NDArray[np.float32], at: int, before: Any) -> Any:
    """y = gain x + pole y', sixteen samples at once: a prefix sum in four steps; ``before`` is y' in every lane."""
    y = x * table[at]
    y = y + table[at + 1] * later_by_1(y)
    y = y + table[at + 2] * later_by_2(y)
    y = y + table[at + 3] * later_by_4(y)
    y = y + table[at + 4] * later_by_8(y)
    return y + load(x, table, at + STEP) * before


# ---- the reverb ------------------------------------------------------------------------------------------------------


@njit(nogil=True, error_model="numpy")
def _butterflies(a: Any, b: Any, c: Any, d: Any) -> Any:
    """Two rounds of sums and differences: of neighbours, then of those at twice the distance."""
    ab, a_b, cd, c_d = a + b, a - b, c + d, c - d
    return ab + cd, a_b + c_d, ab - cd, a_b - c_d


@njit(nogil=True, error_model="numpy")
def _put(line: NDArray[np.float32], start: int, ring: int, at: int, vector: Any) -> None:
    """Sixteen samples into a ring; its first sixteen stand behind its end once more, for whoever reads across it."""
    store(line, start + at, vector)
    if at == 0:
        store(line, start + ring, vector)


@njit(nogil=True, error_model="numpy")
def _ago(at: int, ring: int, samples: int) -> int:
    return at - samples + (ring if at < samples else 0)


@njit(nogil=True, error_model="numpy")
def _diffused(x: Any, rings: NDArray[np.float32], ring: int, at: int, lengths: Any, side: int, g: Any) -> Any:
    for index in range(4 * side, 4 * side + 4):
        start = index * (ring + STEP)
        before = load(x, rings, start + _ago(at, ring, lengths[index]))
        now = x + g * before
        _put(rings, start, ring, at, now)
        x = before - g * now
    return x


@njit(nogil=True, error_model="numpy")
def _damped(
    rings: NDArray[np.float32],
    ring: int,
    at: int,
    lengths: NDArray[np.int64],
    table: NDArray[np.float32],
    line: int,
    kept: NDArray[np.float32],
) -> Any:
    like = splat(np.float32(0.0), STEP)
    heard = load(like, rings, line * (ring + STEP) + _ago(at, ring, lengths[line]))
    y = _low_passed(heard, table, line * LINE_VALUES, load(like, kept, line * STEP))
    store(kept, line * STEP, last_everywhere(y))
    return y


@njit(nogil=True, error_model="numpy")
def _heard(signs: NDArray[np.float32], d0: Any, d1: Any, d2: Any, d3: Any, d4: Any, d5: Any, d6: Any, d7: Any) -> Any:
    """Eight lines on one side; ``signs`` begins at this side."""
    first = d0 * signs[0] + d1 * signs[2] + d2 * signs[4] + d3 * signs[6]
    return first + d4 * signs[8] + d5 * signs[10] + d6 * signs[12] + d7 * signs[14]


@njit(nogil=True, error_model="numpy")
def _fed_back(
    lines: NDArray[np.float32],
    ring: int,
    at: int,
    line: int,
    signs: NDArray[np.float32],
    x0: Any,
    x1: Any,
    d0: Any,
    d1: Any,
    d2: Any,
    d3: Any,
) -> None:
    """What four neighbouring lines take in."""
    quarter = np.float32(0.25)
    row = ring + STEP
    _put(lines, line * row, ring, at, d0 * quarter + x0 * signs[line])
    _put(lines, (line + 1) * row, ring, at, d1 * quarter + x1 * signs[line + 1])
    _put(lines, (line + 2) * row, ring, at, d2 * quarter + x0 * signs[line + 2])
    _put(lines, (line + 3) * row, ring, at, d3 * quarter + x1 * signs[line + 3])


@njit(cache=True, nogil=True, error_model="numpy")
def reverberate(
    bus: NDArray[np.float32],
    frames: int,
    at: NDArray[np.int64],
    predelay: int,
    waiting: NDArray[np.float32],
    diffusers: NDArray[np.float32],
    diffuser_lengths: NDArray[np.int64],
    diffusion: np.float32,
    lines: NDArray[np.float32],
    lengths: NDArray[np.int64],
    table: NDArray[np.float32],
    kept: NDArray[np.float32],
    signs_in: NDArray[np.float32],
    signs_out: NDArray[np.float32],
    returned: NDArray[np.float32],
) -> float:
    """Add the reverb of its send to ``returned`` ``(2, frames)``; answers the largest sample that was added.

    ``waiting``, ``diffusers`` and ``lines`` hold rings, a row for each: 2, 8 and 16 of them. A ring is a whole number
    of sixteen samples, its row sixteen longer, and the longest delay in it at least sixteen samples shorter. ``at`` is
    where the three kinds of rings have come to. ``signs_in`` are over sqrt(8), ``signs_out`` times level and return.
    """
    mode = flush_to_zero()
    like = splat(np.float32(0.0), STEP)
    most = like
    wait_ring, diffuser_ring = waiting.shape[1] - STEP, diffusers.shape[1] - STEP
    ring, target = lines.shape[1] - STEP, returned.shape[1]
    signs_left, signs_right = signs_out, signs_out[1:]
    wait, diffuse, now = at
    for step in range(0, frames, STEP):
        for side in range(2):
            row = side * (wait_ring + STEP)
            for frame in range(STEP):
                waiting[side, wait + frame] = bus[(step + frame) * LANES + REVERB_LANE + side]
            _put(waiting, row, wait_ring, wait, load(like, waiting, row + wait))
        ago = _ago(wait, wait_ring, predelay)
        x0 = _diffused(load(like, waiting, ago), diffusers, diffuser_ring, diffuse, diffuser_lengths, 0, diffusion)
        ago += wait_ring + STEP
        x1 = _diffused(load(like, waiting, ago), diffusers, diffuser_ring, diffuse, diffuser_lengths, 1, diffusion)
        d0 = _damped(lines, ring, now, lengths, table, 0, kept)
        d1 = _damped(lines, ring, now, lengths, table, 1, kept)
        d2 = _damped(lines, ring, now, lengths, table, 2, kept)
        d3 = _damped(lines, ring, now, lengths, table, 3, kept)
        d4 = _damped(lines, ring, now, lengths, table, 4, kept)
        d5 = _damped(lines, ring, now, lengths, table, 5, kept)
        d6 = _damped(lines, ring, now, lengths, table, 6, kept)
        d7 = _damped(lines, ring, now, lengths, table, 7, kept)
        d8 = _damped(lines, ring, now, lengths, table, 8, kept)
        d9 = _damped(lines, ring, now, lengths, table, 9, kept)
        d10 = _damped(lines, ring, now, lengths, table, 10, kept)
        d11 = _damped(lines, ring, now, lengths, table, 11, kept)
        d12 = _damped(lines, ring, now, lengths, table, 12, kept)
        d13 = _damped(lines, ring, now, lengths, table, 13, kept)
        d14 = _damped(lines, ring, now, lengths, table, 14, kept)
        d15 = _damped(lines, ring, now, lengths, table, 15, kept)
        left = _heard(signs_left, d0, d2, d4, d6, d8, d10, d12, d14)
        right = _heard(signs_right, d1, d3, d5, d7, d9, d11, d13, d15)
        most = greater(greater(absolute(left), absolute(right)), most)
        store(returned, step, load(like, returned, step) + left)
        store(returned, target + step, load(like, returned, target + step) + right)
        d0, d1, d2, d3 = _butterflies(d0, d1, d2, d3)
        d4, d5, d6, d7 = _butterflies(d4, d5, d6, d7)
        d8, d9, d10, d11 = _butterflies(d8, d9, d10, d11)
        d12, d13, d14, d15 = _butterflies(d12, d13, d14, d15)
        d0, d4, d8, d12 = _butterflies(d0, d4, d8, d12)
        d1, d5, d9, d13 = _butterflies(d1, d5, d9, d13)
        d2, d6, d10, d14 = _butterflies(d2, d6, d10, d14)
        d3, d7, d11, d15 = _butterflies(d3, d7, d11, d15)
        _fed_back(lines, ring, now, 0, signs_in, x0, x1, d0, d1, d2, d3)
        _fed_back(lines, ring, now, 4, signs_in, x0, x1, d4, d5, d6, d7)
        _fed_back(lines, ring, now, 8, signs_in, x0, x1, d8, d9, d10, d11)
        _fed_back(lines, ring, now, 12, signs_in, x0, x1, d12, d13, d14, d15)
        wait = wait + STEP if wait + STEP < wait_ring else 0
        diffuse = diffuse + STEP if diffuse + STEP < diffuser_ring else 0
        now = now + STEP if now + STEP < ring else 0
    at[0], at[1], at[2] = wait, diffuse, now
    restore(mode)
    return float(largest(most))


# ---- the delay -------------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True, error_model="numpy")
def echo(
    bus: NDArray[np.float32],
    frames: int,
    samples: int,
    position: int,
    lines: NDArray[np.float32],
    row: int,
    feedback: np.float32,
    table: NDArray[np.float32],
    kept: NDArray[np.float32],
    mono: NDArray[np.float32],
    level: np.float32,
    returned: NDArray[np.float32],
) -> float:
    """Add the echoes of the send to ``returned`` ``(2, frames)``; answers the largest that was added.

    ``lines`` holds both lines, ``row`` apart, with room for ``samples + frames + 16`` behind ``position``, which counts
    what has been taken in; ``mono`` is a buffer of ``frames + 16``.
    """
    mode = flush_to_zero()
    like = splat(np.float32(0.0), STEP)
    most = like
    for frame in range(frames):
        place = frame * LANES + DELAY_LANE
        mono[frame] = np.float32(0.5) * (bus[place] + bus[place + 1])
    low_left, low_right = load(like, kept, 0), load(like, kept, STEP)
    for step in range(0, frames, STEP):
        at = position + step
        other = row + at
        left, right = load(like, lines, at), load(like, lines, other)
        passed_left = _low_passed(left, table, 0, low_left)
        passed_right = _low_passed(right, table, 0, low_right)
        low_left, low_right = last_everywhere(passed_left), last_everywhere(passed_right)
        store(lines, at + samples, load(like, mono, step) + passed_right * feedback)
        store(lines, other + samples, passed_left * feedback)
        most = greater(greater(absolute(left), absolute(right)), most)
        store(returned, step, load(like, returned, step) + left * level)
        target = returned.shape[1] + step
        store(returned, target, load(like, returned, target) + right * level)
    store(kept, 0, low_left)
    store(kept, STEP, low_right)
    restore(mode)
    return float(largest(most))
