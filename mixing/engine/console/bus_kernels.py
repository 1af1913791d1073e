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

from mixing.engine.console.cascade import ROWS, filter_two_sides
from mixing.engine.console.denormals import flush_to_zero, restore
from mixing.engine.console.lane_kernels import (
    MEMORY_ROWS,
    SUB_FRAMES,
    compress_rows,
    compress_sides,
    filter_lanes,
    settle,
)
from mixing.engine.console.simd import (
    absolute,
    every_second,
    folded,
    greater,
    largest,
    last_everywhere,
    later_by_1,
    later_by_2,
    later_by_4,
    later_by_8,
    load,
    splat,
    store,
    swap_pairs,
    total,
)
from mixing.engine.console.stored_kernels import LANES, NOT_FINITE, SOUNDING

GROUP_LANES: Final = 8
REVERB_LANE: Final = 8
DELAY_LANE: Final = 10
STEP: Final = 16
REACH: Final = 2_048
"""Frames that the reverb's lines take in before they are moved back to their beginnings."""
LINE_VALUES: Final = 32
"""Of each low-pass: its gain, the pole to the powers 1, 2, 4, 8, and from place 16 on to the powers 1 to 16."""

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
        filter_lanes(like, bus, start * LANES, LANES, count, triples, coefficients, memory, 0)
        if compressed:
            compress_sides(like, bus, start * LANES, LANES, count, curve, times, reduction, levels)
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
        filter_two_sides(sound, frames, gain, coefficients, begins, memory)
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


@njit(nogil=True, error_model="numpy")
def _damped(
    lines: NDArray[np.float32], place: int, table: NDArray[np.float32], line: int, kept: NDArray[np.float32]
) -> Any:
    like = splat(np.float32(0.0), STEP)
    y = _low_passed(load(like, lines, place), table, line * LINE_VALUES, load(like, kept, line * STEP))
    store(kept, line * STEP, last_everywhere(y))
    return y


@njit(nogil=True, error_model="numpy")
def _move_back(line: NDArray[np.float32], start: int, count: int, length: int) -> None:
    """What the next ``length`` samples will read goes to the line's beginning; what is behind it is written anew."""
    like = splat(np.float32(0.0), STEP)
    for index in range(start, start + length, STEP):
        store(line, index, load(like, line, index + count))


# ---- the reverb ------------------------------------------------------------------------------------------------------


@njit(nogil=True, error_model="numpy")
def _butterflies(a: Any, b: Any, c: Any, d: Any) -> Any:
    """Two rounds of sums and differences: of neighbours, then of those at twice the distance."""
    ab, a_b, cd, c_d = a + b, a - b, c + d, c - d
    return ab + cd, a_b + c_d, ab - cd, a_b - c_d


@njit(nogil=True, error_model="numpy")
def _diffused(x: Any, lines: NDArray[np.float32], step: int, starts: Any, lengths: Any, side: int, g: Any) -> Any:
    for index in range(4 * side, 4 * side + 4):
        before = load(x, lines, starts[index] + step)
        now = x + g * before
        store(lines, starts[index] + lengths[index] + step, now)
        x = before - g * now
    return x


@njit(cache=True, nogil=True, error_model="numpy")
def reverberate(
    bus: NDArray[np.float32],
    frames: int,
    predelay: int,
    waiting: NDArray[np.float32],
    diffusers: NDArray[np.float32],
    diffuser_starts: NDArray[np.int64],
    diffuser_lengths: NDArray[np.int64],
    diffusion: np.float32,
    lines: NDArray[np.float32],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    table: NDArray[np.float32],
    kept: NDArray[np.float32],
    signs_in: NDArray[np.float32],
    signs_out: NDArray[np.float32],
    returned: NDArray[np.float32],
) -> float:
    """Add the reverb of its send to ``returned`` ``(2, frames)``; answers the largest sample that was added.

    ``waiting`` is ``(2, predelay + REACH + 16)``; ``diffusers`` and ``lines`` hold every line behind the other, each
    REACH + 16 longer than its length. ``signs_in`` are over 4 sqrt(8) in all, and ``signs_out`` times level and return.
    """
    mode = flush_to_zero()
    like = splat(np.float32(0.0), STEP)
    most = like
    for begin in range(0, frames, REACH):
        count = min(REACH, frames - begin)
        for frame in range(count):
            place = (begin + frame) * LANES + REVERB_LANE
            waiting[0, predelay + frame] = bus[place]
            waiting[1, predelay + frame] = bus[place + 1]
        for step in range(0, count, STEP):
            x0 = _diffused(load(like, waiting, step), diffusers, step, diffuser_starts, diffuser_lengths, 0, diffusion)
            right = waiting.shape[1] + step
            x1 = _diffused(load(like, waiting, right), diffusers, step, diffuser_starts, diffuser_lengths, 1, diffusion)
            d0 = _damped(lines, starts[0] + step, table, 0, kept)
            d1 = _damped(lines, starts[1] + step, table, 1, kept)
            d2 = _damped(lines, starts[2] + step, table, 2, kept)
            d3 = _damped(lines, starts[3] + step, table, 3, kept)
            d4 = _damped(lines, starts[4] + step, table, 4, kept)
            d5 = _damped(lines, starts[5] + step, table, 5, kept)
            d6 = _damped(lines, starts[6] + step, table, 6, kept)
            d7 = _damped(lines, starts[7] + step, table, 7, kept)
            d8 = _damped(lines, starts[8] + step, table, 8, kept)
            d9 = _damped(lines, starts[9] + step, table, 9, kept)
            d10 = _damped(lines, starts[10] + step, table, 10, kept)
            d11 = _damped(lines, starts[11] + step, table, 11, kept)
            d12 = _damped(lines, starts[12] + step, table, 12, kept)
            d13 = _damped(lines, starts[13] + step, table, 13, kept)
            d14 = _damped(lines, starts[14] + step, table, 14, kept)
            d15 = _damped(lines, starts[15] + step, table, 15, kept)
            s = signs_out
            out0 = d0 * s[0] + d2 * s[2] + d4 * s[4] + d6 * s[6] + d8 * s[8] + d10 * s[10] + d12 * s[12] + d14 * s[14]
            out1 = d1 * s[1] + d3 * s[3] + d5 * s[5] + d7 * s[7] + d9 * s[9] + d11 * s[11] + d13 * s[13] + d15 * s[15]
            most = greater(greater(absolute(out0), absolute(out1)), most)
            target = begin + step
            store(returned, target, load(like, returned, target) + out0)
            target += returned.shape[1]
            store(returned, target, load(like, returned, target) + out1)
            d0, d1, d2, d3 = _butterflies(d0, d1, d2, d3)
            d4, d5, d6, d7 = _butterflies(d4, d5, d6, d7)
            d8, d9, d10, d11 = _butterflies(d8, d9, d10, d11)
            d12, d13, d14, d15 = _butterflies(d12, d13, d14, d15)
            d0, d4, d8, d12 = _butterflies(d0, d4, d8, d12)
            d1, d5, d9, d13 = _butterflies(d1, d5, d9, d13)
            d2, d6, d10, d14 = _butterflies(d2, d6, d10, d14)
            d3, d7, d11, d15 = _butterflies(d3, d7, d11, d15)
            q = np.float32(0.25)
            i = signs_in
            store(lines, starts[0] + lengths[0] + step, d0 * q + x0 * i[0])
            store(lines, starts[1] + lengths[1] + step, d1 * q + x1 * i[1])
            store(lines, starts[2] + lengths[2] + step, d2 * q + x0 * i[2])
            store(lines, starts[3] + lengths[3] + step, d3 * q + x1 * i[3])
            store(lines, starts[4] + lengths[4] + step, d4 * q + x0 * i[4])
            store(lines, starts[5] + lengths[5] + step, d5 * q + x1 * i[5])
            store(lines, starts[6] + lengths[6] + step, d6 * q + x0 * i[6])
            store(lines, starts[7] + lengths[7] + step, d7 * q + x1 * i[7])
            store(lines, starts[8] + lengths[8] + step, d8 * q + x0 * i[8])
            store(lines, starts[9] + lengths[9] + step, d9 * q + x1 * i[9])
            store(lines, starts[10] + lengths[10] + step, d10 * q + x0 * i[10])
            store(lines, starts[11] + lengths[11] + step, d11 * q + x1 * i[11])
            store(lines, starts[12] + lengths[12] + step, d12 * q + x0 * i[12])
            store(lines, starts[13] + lengths[13] + step, d13 * q + x1 * i[13])
            store(lines, starts[14] + lengths[14] + step, d14 * q + x0 * i[14])
            store(lines, starts[15] + lengths[15] + step, d15 * q + x1 * i[15])
        for side in range(2):
            for frame in range(predelay):
                waiting[side, frame] = waiting[side, count + frame]
        for index in range(starts.size):
            _move_back(lines, starts[index], count, lengths[index])
        for index in range(diffuser_starts.size):
            _move_back(diffusers, diffuser_starts[index], count, diffuser_lengths[index])
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
