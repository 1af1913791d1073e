"""The compiled inner loops of the console; only what renders imports this module.

Each call runs one block without the interpreter's lock. Filters are direct form I in float64, the same arithmetic as
:func:`mixing.engine.console.eq.process_reference`, and neither reordered nor fused, so that every processor of one
kind gives the same bytes. A block's length never enters the arithmetic: any cutting into blocks gives the same samples.
There are no bounds checks: callers hand over arrays of the shapes that are named here.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mixing.engine.console.denormals import flush_to_zero, restore

SILENT: Final = 0
SOUNDING: Final = 1
NOT_FINITE: Final = 2

_LARGEST: Final = float(np.finfo(np.float32).max)
_STEPS_24_BIT: Final = float(1 << 23)
_REST_BELOW: Final = 1e-200
"""A memory below this is at rest. It is far below the smallest float32, so that no sample that leaves can show it."""


@njit(cache=True, nogil=True, error_model="numpy")
def strip_block(
    audio: NDArray[np.float32],
    gain: float,
    sections: NDArray[np.float64],
    state: NDArray[np.float64],
    matrix: NDArray[np.float64],
    scratch: NDArray[np.float64],
    bus: NDArray[np.float64],
) -> int:
    """Add one block of a stem to its bus: gain, filters, then the matrix to left and right.

    ``audio`` is interleaved, ``(n, channels)``; ``sections`` ``(bands, 5)``; ``state`` ``(channels, bands, 4)``;
    ``matrix`` ``(2, channels)``; ``scratch`` and ``bus`` ``(2, at least n)``. Answers SILENT if nothing was added,
    and NOT_FINITE, with the bus untouched, if the block holds a NaN or an infinity.
    """
    mode = flush_to_zero()
    frames, channels = audio.shape
    largest = 0.0
    finite = True
    for channel in range(channels):
        for index in range(frames):
            sample = audio[index, channel]
            magnitude = abs(sample)
            finite &= magnitude <= _LARGEST
            largest = max(largest, magnitude)
            scratch[channel, index] = sample * gain
    answer = SOUNDING
    if not finite:
        answer = NOT_FINITE
    elif largest == 0.0 and _at_rest(state):
        answer = SILENT
    else:
        _filter(scratch, channels, frames, sections, state)
        _settle(state)
        _add(scratch, channels, frames, matrix, bus)
    restore(mode)
    return answer


@njit(cache=True, nogil=True, error_model="numpy")
def bus_block(
    bus: NDArray[np.float64],
    frames: int,
    gain: float,
    sections: NDArray[np.float64],
    state: NDArray[np.float64],
    target: NDArray[np.float64],
) -> None:
    """Filter a stereo bus ``(2, at least frames)`` in place and add it to ``target`` with ``gain``."""
    mode = flush_to_zero()
    if not (_at_rest(state) and _is_silent(bus, frames)):
        _filter(bus, 2, frames, sections, state)
        _settle(state)
        for channel in range(2):
            for index in range(frames):
                target[channel, index] += gain * bus[channel, index]
    restore(mode)


@njit(cache=True, nogil=True, error_model="numpy")
def master_block(
    bus: NDArray[np.float64],
    frames: int,
    sections: NDArray[np.float64],
    state: NDArray[np.float64],
    mix: NDArray[np.float32],
) -> int:
    """Filter the master bus in place and write it to ``mix`` ``(2, frames)``; NOT_FINITE if it does not fit."""
    mode = flush_to_zero()
    _filter(bus, 2, frames, sections, state)
    _settle(state)
    finite = True
    for channel in range(2):
        for index in range(frames):
            finite &= abs(bus[channel, index]) <= _LARGEST
            mix[channel, index] = bus[channel, index]
    restore(mode)
    return SOUNDING if finite else NOT_FINITE


@njit(cache=True, nogil=True, error_model="numpy")
def to_24_bit(mix: NDArray[np.float32], gain: float) -> int:
    """Apply a gain in place and round to the steps of 24-bit audio, full scale held; answers how many were held.

    ``mix`` is ``(channels, frames)``. Every such step is exact in float32.
    """
    held = 0
    for channel in range(mix.shape[0]):
        for index in range(mix.shape[1]):
            step = np.rint(mix[channel, index] * gain * _STEPS_24_BIT)
            if step > _STEPS_24_BIT - 1.0:
                step = _STEPS_24_BIT - 1.0
                held += 1
            elif step < -_STEPS_24_BIT:
                step = -_STEPS_24_BIT
                held += 1
            mix[channel, index] = step / _STEPS_24_BIT
    return held


@njit(cache=True, nogil=True, error_model="numpy")
def _filter(
    signal: NDArray[np.float64],
    channels: int,
    frames: int,
    sections: NDArray[np.float64],
    state: NDArray[np.float64],
) -> None:
    for band in range(sections.shape[0]):
        if channels == 2:
            _biquad_pair(signal, frames, sections[band], state[0, band], state[1, band])
        else:
            for channel in range(channels):
                _biquad(signal[channel], frames, sections[band], state[channel, band])


@njit(cache=True, nogil=True, error_model="numpy")
def _biquad(signal: NDArray[np.float64], frames: int, section: NDArray[np.float64], state: NDArray[np.float64]) -> None:
    b0, b1, b2, a1, a2 = section[0], section[1], section[2], section[3], section[4]
    x1, x2, y1, y2 = state[0], state[1], state[2], state[3]
    for index in range(frames):
        x = signal[index]
        y = b0 * x + b1 * x1 + b2 * x2 - a2 * y2 - a1 * y1
        x2, x1, y2, y1 = x1, x, y1, y
        signal[index] = y
    state[0], state[1], state[2], state[3] = x1, x2, y1, y2


@njit(cache=True, nogil=True, error_model="numpy")
def _biquad_pair(
    signal: NDArray[np.float64],
    frames: int,
    section: NDArray[np.float64],
    left: NDArray[np.float64],
    right: NDArray[np.float64],
) -> None:
    """Both sides in one loop: each waits for its own last sample, so that two run in the time of one."""
    b0, b1, b2, a1, a2 = section[0], section[1], section[2], section[3], section[4]
    x1, x2, y1, y2 = left[0], left[1], left[2], left[3]
    u1, u2, v1, v2 = right[0], right[1], right[2], right[3]
    for index in range(frames):
        x = signal[0, index]
        u = signal[1, index]
        y = b0 * x + b1 * x1 + b2 * x2 - a2 * y2 - a1 * y1
        v = b0 * u + b1 * u1 + b2 * u2 - a2 * v2 - a1 * v1
        x2, x1, y2, y1 = x1, x, y1, y
        u2, u1, v2, v1 = u1, u, v1, v
        signal[0, index] = y
        signal[1, index] = v
    left[0], left[1], left[2], left[3] = x1, x2, y1, y2
    right[0], right[1], right[2], right[3] = u1, u2, v1, v2


@njit(cache=True, nogil=True, error_model="numpy")
def _add(
    signal: NDArray[np.float64],
    channels: int,
    frames: int,
    matrix: NDArray[np.float64],
    bus: NDArray[np.float64],
) -> None:
    for side in range(2):
        near = matrix[side, 0]
        if channels == 1:
            for index in range(frames):
                bus[side, index] += near * signal[0, index]
        else:
            far = matrix[side, 1]
            for index in range(frames):
                bus[side, index] += near * signal[0, index] + far * signal[1, index]


@njit(cache=True, nogil=True, error_model="numpy")
def _at_rest(state: NDArray[np.float64]) -> bool:
    return _largest(state) == 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def _settle(state: NDArray[np.float64]) -> None:
    """Low filters circle for ever just above the smallest normal number; so they are put to rest well before."""
    if _largest(state) < _REST_BELOW:
        state[:] = 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def _largest(state: NDArray[np.float64]) -> float:
    largest = 0.0
    for value in state.flat:
        largest = max(largest, abs(value))
    return largest


@njit(cache=True, nogil=True, error_model="numpy")
def _is_silent(bus: NDArray[np.float64], frames: int) -> bool:
    for channel in range(2):
        for index in range(frames):
            if bus[channel, index] != 0.0:
                return False
    return True
