"""The compiled loops of the compressor, on any number of lanes; only what renders imports this module.

They compute what :mod:`mixing.engine.console.compressor` tells, sample by sample. There are no bounds checks.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mixing.engine.console.powers import exp2, log2
from mixing.engine.console.simd import (
    absolute,
    greater,
    lanes_of,
    lesser,
    load,
    narrow,
    product_and,
    splat,
    store,
    widen,
)
from mixing.engine.console.simd_shuffles import doubled, every_second, first_half, joined, last_half, swap_pairs
from mixing.engine.console.stored_kernels import HALF_PACK, LANES

AHEAD: Final = 4
"""Vectors of levels between two steps of a compressor."""
COMPRESSOR_VALUES: Final = 7
COMPRESSOR_TIMES: Final = 4

NOT_COMPRESSED: Final = 0
LANE_BY_LANE: Final = 1
BOTH_SIDES: Final = 2


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

    ``curve`` is ``[7][16]``, ``times`` ``[4][sides]``, ``reduction`` ``[sides]``, where there are half as many sides as
    lanes; ``levels`` is a buffer of ``frames`` times sides and 16 more.
    """
    half = every_second(like)
    sides = lanes_of(half)
    for frame in range(frames):
        size = absolute(load(like, signal, start + frame * stride))
        store(levels, frame * sides, every_second(greater(size, swap_pairs(size))))
    _levels_to_gains(half, levels, frames, curve, times, reduction)
    for frame in range(frames):
        place = start + frame * stride
        store(signal, place, load(like, signal, place) * doubled(load(half, levels, frame * sides)))


@njit(cache=True, nogil=True, error_model="numpy")
def compress_eight_sides(
    signal: NDArray[np.float32],
    frames: int,
    curve: NDArray[np.float32],
    times: NDArray[np.float64],
    reduction: NDArray[np.float64],
    levels: NDArray[np.float32],
) -> None:
    """The same of a whole pack, two frames to a vector of levels.

    The envelope waits for its own last value. In that time the levels that follow AHEAD vectors later are prepared, and
    those that came before are applied: as one loop after the other, each would wait on its own.
    """
    like, wide = splat(np.float32(0.0), LANES), splat(0.0, HALF_PACK)
    attack, release = load(wide, times, 0), load(wide, times, 8)
    to_attack, to_release = load(wide, times, 16), load(wide, times, 24)
    reduced = load(wide, reduction, 0)
    vectors = frames // 2
    for turn in range(vectors + 2 * AHEAD):
        if turn < vectors:
            place = turn * 2 * LANES
            peaks = joined(_larger_side(load(like, signal, place)), _larger_side(load(like, signal, place + LANES)))
            store(levels, turn * LANES, _wanted(peaks, curve))
        if AHEAD <= turn < vectors + AHEAD:
            at = (turn - AHEAD) * LANES
            goals = load(like, levels, at)
            first = reduced = _followed(first_half(goals), attack, release, to_attack, to_release, reduced)
            reduced = _followed(last_half(goals), attack, release, to_attack, to_release, reduced)
            store(levels, at, joined(narrow(first), narrow(reduced)))
        if turn >= 2 * AHEAD:
            gains = _gains(load(like, levels, (turn - 2 * AHEAD) * LANES), curve)
            place = (turn - 2 * AHEAD) * 2 * LANES
            store(signal, place, load(like, signal, place) * doubled(first_half(gains)))
            place += LANES
            store(signal, place, load(like, signal, place) * doubled(last_half(gains)))
    store(reduction, 0, reduced)
    done = 2 * vectors
    if done < frames:
        compress_sides(like, signal, done * LANES, LANES, frames - done, curve, times, reduction, levels)


@njit(cache=True, nogil=True, error_model="numpy")
def compress_four_sides(
    signal: NDArray[np.float32],
    start: int,
    frames: int,
    curve: NDArray[np.float32],
    times: NDArray[np.float64],
    reduction: NDArray[np.float64],
    levels: NDArray[np.float32],
) -> None:
    """The same of half a pack or of the groups, from ``signal[start]`` on, four frames to a vector of levels."""
    like, like_half, wide = splat(np.float32(0.0), LANES), splat(np.float32(0.0), HALF_PACK), splat(0.0, 4)
    attack, release = load(wide, times, 0), load(wide, times, 4)
    to_attack, to_release = load(wide, times, 8), load(wide, times, 12)
    reduced = load(wide, reduction, 0)
    vectors = frames // 4
    for turn in range(vectors + 2 * AHEAD):
        if turn < vectors:
            place = start + turn * 4 * LANES
            first, last = _larger_sides(like_half, signal, place), _larger_sides(like_half, signal, place + 2 * LANES)
            store(levels, turn * LANES, _wanted(joined(first, last), curve))
        if AHEAD <= turn < vectors + AHEAD:
            at = (turn - AHEAD) * LANES
            goals = load(like, levels, at)
            first, last = first_half(goals), last_half(goals)
            a = _followed(first_half(first), attack, release, to_attack, to_release, reduced)
            b = _followed(last_half(first), attack, release, to_attack, to_release, a)
            c = _followed(first_half(last), attack, release, to_attack, to_release, b)
            reduced = _followed(last_half(last), attack, release, to_attack, to_release, c)
            store(levels, at, narrow(joined(joined(a, b), joined(c, reduced))))
        if turn >= 2 * AHEAD:
            gains = _gains(load(like, levels, (turn - 2 * AHEAD) * LANES), curve)
            place = start + (turn - 2 * AHEAD) * 4 * LANES
            _turn_down_two(like_half, signal, place, doubled(first_half(gains)))
            _turn_down_two(like_half, signal, place + 2 * LANES, doubled(last_half(gains)))
    store(reduction, 0, reduced)
    done = 4 * vectors
    if done < frames:
        compress_sides(like_half, signal, start + done * LANES, LANES, frames - done, curve, times, reduction, levels)


@njit(nogil=True, error_model="numpy")
def _larger_sides(like: Any, signal: NDArray[np.float32], place: int) -> Any:
    return joined(_larger_side(load(like, signal, place)), _larger_side(load(like, signal, place + LANES)))


@njit(nogil=True, error_model="numpy")
def _turn_down_two(like: Any, signal: NDArray[np.float32], place: int, gains: Any) -> None:
    store(signal, place, load(like, signal, place) * first_half(gains))
    store(signal, place + LANES, load(like, signal, place + LANES) * last_half(gains))


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
    _levels_to_gains(like, levels, frames, curve, times, reduction)
    for frame in range(frames):
        place = frame * stride
        store(signal, place, load(like, signal, place) * load(like, levels, frame * lanes))


@njit(cache=True, nogil=True, error_model="numpy")
def compress_rows(
    sound: NDArray[np.float32],
    frames: int,
    curve: NDArray[np.float32],
    times: NDArray[np.float64],
    reduction: NDArray[np.float64],
    levels: NDArray[np.float32],
) -> None:
    """The compressor of two sides ``(2, frames)`` that are padded to sixteen frames, in place; of one level."""
    like = splat(np.float32(0.0), 16)
    row = sound.shape[1]
    for frame in range(0, frames, 16):
        store(levels, frame, greater(absolute(load(like, sound, frame)), absolute(load(like, sound, row + frame))))
    _levels_to_gains(splat(np.float32(0.0), 1), levels, frames, curve, times, reduction)
    for frame in range(0, frames, 16):
        gains = load(like, levels, frame)
        store(sound, frame, load(like, sound, frame) * gains)
        store(sound, row + frame, load(like, sound, row + frame) * gains)


@njit(nogil=True, error_model="numpy")
def _larger_side(x: Any) -> Any:
    size = absolute(x)
    return every_second(greater(size, swap_pairs(size)))


@njit(nogil=True, error_model="numpy")
def _levels_to_gains(
    like: Any,
    levels: NDArray[np.float32],
    frames: int,
    curve: NDArray[np.float32],
    times: NDArray[np.float64],
    reduction: NDArray[np.float64],
) -> None:
    """From peaks to gains, in place, ``like`` a frame's; ``times`` is what attack and release keep, and what not."""
    sixteen, wide, width = splat(np.float32(0.0), 16), widen(like), lanes_of(like)
    attack, release = load(wide, times, 0), load(wide, times, width)
    to_attack, to_release = load(wide, times, 2 * width), load(wide, times, 3 * width)
    reduced = load(wide, reduction, 0)
    for index in range(0, frames * width, 16):
        store(levels, index, _wanted(load(sixteen, levels, index), curve))
    for index in range(0, frames * width, width):
        reduced = _followed(load(like, levels, index), attack, release, to_attack, to_release, reduced)
        store(levels, index, narrow(reduced))
    for index in range(0, frames * width, 16):
        store(levels, index, _gains(load(sixteen, levels, index), curve))
    store(reduction, 0, reduced)


@njit(nogil=True, error_model="numpy")
def _wanted(level: Any, curve: NDArray[np.float32]) -> Any:
    """From peaks to the reduction that they settle at, in doublings.

    The rows of ``curve``: threshold, half the knee, the knee, slope over twice the knee, slope, makeup, and -1 where
    :func:`_followed` works with turned signs, else 1; the two slopes have that sign.
    """
    over = log2(level) - load(level, curve, 0)
    half = load(level, curve, 16)
    into_knee = lesser(greater(over + half, 0.0), load(level, curve, 32))
    above_knee = greater(over - half, 0.0)
    return product_and(load(level, curve, 48) * into_knee, into_knee, load(level, curve, 64) * above_knee)


@njit(nogil=True, error_model="numpy")
def _followed(wanted: Any, attack: Any, release: Any, to_attack: Any, to_release: Any, reduced: Any) -> Any:
    """From the wanted reduction and that of the moment before to that of the moment.

    Whichever of attack and release is meant is the greater where the attack is the shorter time: it comes nearer to
    what is wanted on the way up, and stays longer above it on the way down. Where the release is shorter all signs are
    turned.
    """
    goal = widen(wanted)
    rising = product_and(attack, reduced, to_attack * goal)
    falling = product_and(release, reduced, to_release * goal)
    return greater(rising, falling)


@njit(nogil=True, error_model="numpy")
def _gains(reduced: Any, curve: NDArray[np.float32]) -> Any:
    return exp2(load(reduced, curve, 80) - load(reduced, curve, 96) * reduced)


@njit(nogil=True, error_model="numpy")
def compress(
    half: bool,
    pack: NDArray[np.float32],
    frames: int,
    compressed: int,
    linked: NDArray[np.float32],
    curve: NDArray[np.float32],
    times: NDArray[np.float64],
    reduction: NDArray[np.float64],
    levels: NDArray[np.float32],
) -> None:
    if compressed == BOTH_SIDES and half:
        compress_four_sides(pack, 0, frames, curve, times, reduction, levels)
    elif compressed == BOTH_SIDES:
        compress_eight_sides(pack, frames, curve, times, reduction, levels)
    elif compressed and half:
        like = splat(np.float32(0.0), HALF_PACK)
        compress_lanes(like, pack, LANES, frames, linked, curve, times, reduction, levels)
    elif compressed:
        wide = splat(np.float32(0.0), LANES)
        compress_lanes(wide, pack, LANES, frames, linked, curve, times, reduction, levels)
