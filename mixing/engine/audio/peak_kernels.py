"""The compiled loops under peaks and true peaks: extremes and power of stretches, and what lies between samples.

Imported where sound is taken in or mixed, never by what only reads peaks. There are no bounds checks.
"""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np
from numpy.typing import NDArray

from mixing.engine.console.simd import absolute, greater, largest, lesser, load, smallest, splat, total

STEP: Final = 16
TAPS: Final = 32
"""Of each phase between two samples. Twelve, as in BS.1770-4, miss up to 1.4 dB; from 24 on, meters agree."""


@numba.njit(cache=True, nogil=True, error_model="numpy")
def fold(
    block: NDArray[np.float32],
    bin_frames: int,
    minimum: NDArray[np.float32],
    maximum: NDArray[np.float32],
    energy: NDArray[np.float64],
) -> None:
    """Lowest and highest sample and sum of squares, over all channels, of each whole bin of ``(channels, samples)``.

    A bin is a whole number of sixteen frames.
    """
    like = splat(np.float32(0.0), 16)
    for index in range(minimum.size):
        low = high = like + block[0, index * bin_frames]
        power = 0.0
        for channel in range(block.shape[0]):
            samples = block[channel]
            squares = like
            for at in range(index * bin_frames, (index + 1) * bin_frames, STEP):
                x = load(like, samples, at)
                low = lesser(x, low)
                high = greater(x, high)
                squares = squares + x * x
            power += np.float64(total(squares))
        minimum[index], maximum[index], energy[index] = smallest(low), largest(high), power


@numba.njit(cache=True, nogil=True, error_model="numpy")
def loudest(samples: NDArray[np.float32], first: int, count: int) -> np.float32:
    """The largest size of ``count`` samples from ``first`` on."""
    like = splat(np.float32(0.0), 16)
    if count == STEP:
        return np.float32(largest(absolute(load(like, samples, first))))
    found = np.float32(0.0)
    for at in range(first, first + count):
        found = max(found, abs(samples[at]))
    return found


@numba.njit(nogil=True, error_model="numpy")
def between_sixteen(signal: NDArray[np.float32], first: int, phases: NDArray[np.float32], most: Any) -> Any:
    """The largest of ``most`` and the sizes of three values between each of sixteen samples and the next.

    The taps of the first lie on ``signal`` from ``first`` on; ``phases`` is the three of them, flat.
    """
    v0 = load(most, signal, first) * phases[0]
    v1 = load(most, signal, first) * phases[TAPS]
    v2 = load(most, signal, first) * phases[2 * TAPS]
    for tap in range(1, TAPS):
        x = load(most, signal, first + tap)
        v0 = v0 + x * phases[tap]
        v1 = v1 + x * phases[TAPS + tap]
        v2 = v2 + x * phases[2 * TAPS + tap]
    return greater(greater(greater(absolute(v0), absolute(v1)), absolute(v2)), most)
