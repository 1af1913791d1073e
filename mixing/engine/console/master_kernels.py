"""The compiled loops of the second pass: the limiter, and the rounding to 24 bit; only what renders imports this.

What the limiter computes is told in :mod:`mixing.engine.console.limiter`. There are no bounds checks.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mixing.engine.audio.peak_kernels import between_sixteen
from mixing.engine.console.denormals import flush_to_zero, restore
from mixing.engine.console.simd import (
    absolute,
    greater,
    largest,
    lesser,
    load,
    nearest,
    splat,
    store,
    total,
    where_above,
)
from mixing.engine.console.simd_bytes import pack_24
from mixing.engine.console.simd_shuffles import interleave_first, interleave_last

STEP: Final = 16
STRETCH: Final = 64
"""Samples of which it is asked at once whether anything between them can pass the ceiling."""
BEFORE: Final = 15
"""The interpolation between n and n + 1 begins at n - 15 and ends at n + 16; q also looks one value back."""
PAST: Final = 32
"""What the limiter keeps of its input beside the look-ahead."""
_OVER_BELOW: Final = 1e-9
_STEPS_24_BIT: Final = float(1 << 23)


@njit(nogil=True, error_model="numpy")
def _loudest(signal: NDArray[np.float32], start: int, count: int) -> float:
    like = splat(np.float32(0.0), STEP)
    most = like
    for index in range(start, start + count, STEP):
        most = greater(absolute(load(like, signal, index)), most)
    return float(largest(most))


@njit(cache=True, nogil=True, error_model="numpy")
def needed_reduction(
    signal: NDArray[np.float32],
    row: int,
    frames: int,
    at: int,
    phases: NDArray[np.float32],
    most_gain: float,
    ceiling: float,
    between: NDArray[np.float32],
    needed: NDArray[np.float32],
    to: int,
) -> bool:
    """Put r of ``frames`` samples from ``signal[at]`` on at ``needed[to]``; answers whether any of it is not zero.

    ``signal`` holds the two sides ``row`` apart, flat, sixteen samples and more on either side; ``between`` holds
    i one sample late and is STRETCH + 32 long; ``phases`` is flat.
    """
    like = splat(np.float32(0.0), STEP)
    found = False
    for start in range(0, frames, STRETCH):
        around = at + start - STEP
        most = max(_loudest(signal, around, STRETCH + 2 * STEP), _loudest(signal, row + around, STRETCH + 2 * STEP))
        if most * most_gain <= ceiling:
            for step in range(start, start + STRETCH, STEP):
                store(needed, to + step, like)
            continue
        found |= _needed_in_stretch(signal, row, at + start, phases, most_gain, ceiling, between, needed, to + start)
    return found


@njit(nogil=True, error_model="numpy")
def _needed_in_stretch(
    signal: NDArray[np.float32],
    row: int,
    at: int,
    phases: NDArray[np.float32],
    most_gain: float,
    ceiling: float,
    between: NDArray[np.float32],
    needed: NDArray[np.float32],
    to: int,
) -> bool:
    """The same of one stretch, sixteen by sixteen: where nothing near can pass the ceiling, i is left at zero."""
    like = splat(np.float32(0.0), STEP)
    everything, top = like + 1.0, like + ceiling
    for step in range(0, STRETCH + STEP, STEP):
        first = at + step - 1 - BEFORE
        size = 3 * STEP
        if max(_loudest(signal, first, size), _loudest(signal, row + first, size)) * most_gain <= ceiling:
            store(between, step, like)
        else:
            store(
                between,
                step,
                between_sixteen(signal, row + first, phases, between_sixteen(signal, first, phases, like)),
            )
    most = like
    for step in range(0, STRETCH, STEP):
        place = at + step
        q = greater(load(like, between, step), load(like, between, step + 1))
        q = greater(greater(q, absolute(load(like, signal, place))), absolute(load(like, signal, row + place)))
        reduction = where_above(q, top, everything - top / q, like)
        most = greater(reduction, most)
        store(needed, to + step, reduction)
    return bool(largest(most) > 0.0)


@njit(cache=True, nogil=True, error_model="numpy")
def limit(
    signal: NDArray[np.float32],
    row: int,
    ahead: int,
    frames: int,
    phases: NDArray[np.float32],
    most_gain: float,
    ceiling: float,
    release: float,
    first_box: int,
    second_box: int,
    between: NDArray[np.float32],
    needed: NDArray[np.float32],
    window: NDArray[np.float32],
    released: NDArray[np.float64],
    smoothed: NDArray[np.float64],
    reduction: NDArray[np.float64],
    out: NDArray[np.float32],
) -> None:
    """The next ``frames`` of a stream, ``ahead + 15`` late, into ``out`` ``(2, frames)``.

    Each buffer has its past in front: ``signal``, flat, two rows ``row`` apart, ``ahead + 32`` of it; ``needed``
    ``ahead + 7``; ``released`` ``first_box - 1``; ``smoothed`` ``second_box - 1``. The past is moved up at the end.
    ``reduction`` holds e[n - 1], and how many blocks ago something passed the ceiling.
    """
    mode = flush_to_zero()
    past = ahead + PAST
    late = ahead + 15
    length = ahead + 8
    found = needed_reduction(signal, row, frames, past - STEP, phases, most_gain, ceiling, between, needed, length - 1)
    if found:
        reduction[1] = 3.0
    if reduction[1] > 0.0 or reduction[0] > 0.0:
        _window_maximum(needed, window, frames, length)
        _release_and_smooth(window, frames, release, first_box, second_box, released, smoothed, reduction)
        for side in range(2):
            begin = side * row + past - late
            for frame in range(frames):
                out[side, frame] = signal[begin + frame] * np.float32(1.0 - window[frame])
        if reduction[0] == 0.0:
            reduction[1] -= 1.0
    else:
        for side in range(2):
            begin = side * row + past - late
            for frame in range(frames):
                out[side, frame] = signal[begin + frame]
    for side in range(2):
        for index in range(past):
            signal[side * row + index] = signal[side * row + frames + index]
    for index in range(length - 1):
        needed[index] = needed[frames + index]
    restore(mode)


@njit(nogil=True, error_model="numpy")
def _window_maximum(values: NDArray[np.float32], window: NDArray[np.float32], frames: int, length: int) -> None:
    """The maximum of every ``length`` neighbours, by windows of twice the length each time."""
    like = splat(np.float32(0.0), STEP)
    for index in range(0, frames + length, STEP):
        store(window, index, load(like, values, index))
    covered = 1
    while 2 * covered <= length:
        for index in range(0, frames + length - covered, STEP):
            store(window, index, greater(load(like, window, index), load(like, window, index + covered)))
        covered *= 2
    rest = length - covered
    for index in range(0, frames, STEP):
        store(window, index, greater(load(like, window, index), load(like, window, index + rest)))


@njit(nogil=True, error_model="numpy")
def _release_and_smooth(
    window: NDArray[np.float32],
    frames: int,
    release: float,
    first_box: int,
    second_box: int,
    released: NDArray[np.float64],
    smoothed: NDArray[np.float64],
    reduction: NDArray[np.float64],
) -> None:
    """Steps 5 and 6, from and to ``window``; the sums start anew with each block, so that no rounding adds up."""
    e = reduction[0]
    first_sum = 0.0
    for index in range(first_box - 1):
        first_sum += released[index]
    second_sum = 0.0
    for index in range(second_box - 1):
        second_sum += smoothed[index]
    first_share, second_share = 1.0 / first_box, 1.0 / second_box
    for frame in range(frames):
        t = np.float64(window[frame])
        e = max(t, t + release * (e - t))
        if e < _OVER_BELOW:
            e = 0.0
        released[first_box - 1 + frame] = e
        first_sum += e
        f = first_sum * first_share
        first_sum -= released[frame]
        smoothed[second_box - 1 + frame] = f
        second_sum += f
        window[frame] = second_sum * second_share
        second_sum -= smoothed[frame]
    for index in range(first_box - 1):
        released[index] = released[frames + index]
    for index in range(second_box - 1):
        smoothed[index] = smoothed[frames + index]
    reduction[0] = e


@njit(cache=True, nogil=True, error_model="numpy")
def to_24_bit(mix: NDArray[np.float32], frames: int, gain: np.float32, packed: NDArray[np.uint8]) -> int:
    """Apply a gain in place, round to the steps of 24 bit, full scale held, and pack; answers how many were held.

    ``mix`` is ``(2, frames)`` and its rows are padded to sixteen; ``packed`` takes ``6 frames`` bytes, interleaved, and
    needs room for 112 more.
    """
    mode = flush_to_zero()
    like = splat(np.float32(0.0), STEP)
    top, bottom = like + (_STEPS_24_BIT - 1.0), like - _STEPS_24_BIT
    one = like + 1.0
    held = like
    scale, step_size = np.float32(_STEPS_24_BIT), np.float32(1.0 / _STEPS_24_BIT)
    row = mix.shape[1]
    for frame in range(0, frames, STEP):
        left = nearest((load(like, mix, frame) * gain) * scale)
        right = nearest((load(like, mix, row + frame) * gain) * scale)
        held = held + where_above(left, top, one, like) + where_above(right, top, one, like)
        held = held + where_above(bottom, left, one, like) + where_above(bottom, right, one, like)
        left = greater(lesser(left, top), bottom)
        right = greater(lesser(right, top), bottom)
        store(mix, frame, left * step_size)
        store(mix, row + frame, right * step_size)
        pack_24(packed, 6 * frame, interleave_first(left, right))
        pack_24(packed, 6 * frame + 48, interleave_last(left, right))
    restore(mode)
    return int(total(held))
