"""True peak after ITU-R BS.1770-4, annex 2: the largest value of the waveform between the samples too."""

from __future__ import annotations

import math
from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray

from mixing.engine.audio.peak_kernels import STEP, between_sixteen, loudest
from mixing.engine.audio.peak_kernels import TAPS as TAPS
from mixing.engine.console.simd import largest, splat, store

OVERSAMPLING: Final = 4
_KAISER_BETA: Final = 4.5


def interpolator() -> NDArray[np.float32]:
    """The three phases between two samples, shape ``(3, TAPS)``: a sinc under a Kaiser window.

    The phase on the samples is the sample itself and needs no filter. Each phase has unit gain at 0 Hz.
    """
    offsets = np.arange(TAPS) - (TAPS // 2 - 1)
    phases = np.empty((OVERSAMPLING - 1, TAPS))
    for phase in range(1, OVERSAMPLING):
        distance = offsets - phase / OVERSAMPLING
        window = np.i0(_KAISER_BETA * np.sqrt(1.0 - (distance / (TAPS // 2)) ** 2)) / np.i0(_KAISER_BETA)
        phases[phase - 1] = np.sinc(distance) * window
    return np.asarray(phases / phases.sum(axis=1, keepdims=True), dtype=np.float32)


class TruePeakMeter:
    """The largest inter-sample peak of all channels of a stream, oversampled four times.

    Blocks may have any size: the filter's past is kept between them, and the sound's end is followed until it has
    rung out. The answer does not depend on how the sound was divided.

    Parameters
    ----------
    channels : int
        1 or more.
    """

    def __init__(self, channels: int) -> None:
        if channels < 1:
            raise ValueError(f"A peak meter needs at least one channel, not {channels}.")
        self.channels = channels
        self._phases = interpolator()
        # A sample can be raised by the sum of the taps' sizes at most: below that, a passage cannot hold a new peak.
        self._most_gain = np.float32(np.abs(self._phases.astype(np.float64)).sum(axis=1).max() * 1.0001)
        self._past = np.zeros((channels, TAPS - 1), dtype=np.float32)
        self._peak = np.float32(0.0)

    def push(self, block: NDArray[np.float32]) -> None:
        """Take the next samples, float32 of shape ``(channels, samples)``, any number of them."""
        if block.ndim != 2 or block.shape[0] != self.channels:
            raise ValueError(f"A block has the shape ({self.channels}, samples), not {block.shape}.")
        if block.shape[1]:
            self._peak, self._past = self._measure(block)

    def dbtp(self) -> float | None:
        """The peak so far in dBTP, with the sound taken to end here; None for digital silence."""
        rung_out, _ = self._measure(np.zeros((self.channels, TAPS - 1), dtype=np.float32))
        return 20.0 * math.log10(rung_out) if rung_out > 0.0 else None

    def _measure(self, block: NDArray[np.float32]) -> tuple[np.float32, NDArray[np.float32]]:
        sound = np.ascontiguousarray(block, dtype=np.float32)
        peak = np.float32(_largest(self._past, sound, self._phases.reshape(-1), self._most_gain, self._peak))
        kept = sound[:, -(TAPS - 1) :]
        return peak, np.concatenate((self._past[:, kept.shape[1] :], kept), axis=1)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _largest(
    past: NDArray[np.float32],
    block: NDArray[np.float32],
    phases: NDArray[np.float32],
    most_gain: np.float32,
    peak: np.float32,
) -> np.float32:
    """The largest of ``peak`` and everything that the taps can reach in ``block``, sixteen samples at a time.

    ``past`` is the ``(channels, TAPS - 1)`` samples before the block; ``phases`` is flat.
    """
    like = splat(np.float32(0.0), STEP)
    around, values = np.zeros(TAPS - 1 + STEP, dtype=np.float32), np.zeros(STEP, dtype=np.float32)
    for channel in range(block.shape[0]):
        samples = block[channel]
        before = np.float32(0.0)
        for sample in past[channel]:
            before = max(before, abs(sample))
        long_before = before
        for at in range(0, samples.size, STEP):
            count = min(STEP, samples.size - at)
            now = loudest(samples, at, count)
            peak = max(peak, now)
            reached = max(long_before, before, now)
            long_before, before = before, now
            if reached * most_gain <= peak:
                continue
            first = at - (TAPS - 1)
            if first >= 0 and count == STEP:
                peak = max(peak, largest(between_sixteen(samples, first, phases, like)))
                continue
            for index in range(around.size):
                place = first + index
                if place < 0:
                    around[index] = past[channel, place + TAPS - 1]
                else:
                    around[index] = samples[place] if place < samples.size else 0.0
            store(values, 0, between_sixteen(around, 0, phases, like))
            for value in values[:count]:
                peak = max(peak, value)
    return peak
