"""The compiled part of the analysis: energies and peaks of frames, and mel bands of their spectra."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

LEFT, RIGHT, CROSS, PEAK = range(4)


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz", "nnan"})
def measure_frames(samples: NDArray[np.float32], hop: int, out: NDArray[np.float64]) -> None:
    """For each frame of ``hop`` samples the energies of the left and the right channel, their product and the peak.

    ``samples`` has one or two channels; ``out`` has the shape ``(4, frames)``. Mono is all left.
    """
    last = samples.shape[0] - 1
    for frame in range(out.shape[1]):
        left, right, cross = 0.0, 0.0, 0.0
        peak = np.float32(0.0)
        for i in range(frame * hop, (frame + 1) * hop):
            x, y = np.float64(samples[0, i]), np.float64(samples[last, i])
            left += x * x
            right += y * y
            cross += x * y
        for channel in range(last + 1):
            for i in range(frame * hop, (frame + 1) * hop):
                peak = max(peak, abs(samples[channel, i]))
        out[LEFT, frame] = left
        if last:
            out[RIGHT, frame] = right
            out[CROSS, frame] = cross
        out[PEAK, frame] = peak


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def add_spectra(
    spectra: NDArray[np.float32],
    weights: NDArray[np.float32],
    edges: NDArray[np.int64],
    totals: NDArray[np.float64],
    mels: NDArray[np.float32],
) -> None:
    """Add the powers of frames to the channels' whole spectra, and to each frame's mel bands.

    Parameters
    ----------
    spectra : NDArray[np.float32]
        Shape ``(channels, frames, 2 * bins)``, real and imaginary parts in turn.
    weights, edges
        See :func:`mixing.engine.audio.mel.mel_triangles`.
    totals : NDArray[np.float64]
        Shape ``(channels, bins)``: grows by each channel's power.
    mels : NDArray[np.float32]
        Shape ``(channels, frames, bands)``, zeros: filled with the channel, or with the mid and the side.
    """
    channels, frames, bins = spectra.shape[0], spectra.shape[1], spectra.shape[2] // 2
    power = np.empty((channels, bins), dtype=np.float32)
    sums = np.zeros((channels, bins), dtype=np.float32)
    for frame in range(frames):
        if channels == 1:
            _add_mono(spectra[0, frame], sums[0], power[0])
        else:
            _add_stereo(spectra[0, frame], spectra[1, frame], sums, power)
        for plane in range(channels):
            _add_bands(power[plane], weights, edges, mels[plane, frame])
    for channel in range(channels):
        for k in range(bins):
            totals[channel, k] += sums[channel, k]


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def _add_mono(spectrum: NDArray[np.float32], total: NDArray[np.float32], power: NDArray[np.float32]) -> None:
    for k in range(power.size):
        real, imag = spectrum[2 * k], spectrum[2 * k + 1]
        power[k] = real * real + imag * imag
        total[k] += power[k]


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def _add_stereo(
    left: NDArray[np.float32], right: NDArray[np.float32], totals: NDArray[np.float32], power: NDArray[np.float32]
) -> None:
    """The side is the difference of the spectra and not of their powers, so that equal channels have none at all."""
    half = np.float32(0.5)
    for k in range(power.shape[1]):
        left_real, left_imag = left[2 * k], left[2 * k + 1]
        right_real, right_imag = right[2 * k], right[2 * k + 1]
        mid_real, mid_imag = left_real + right_real, left_imag + right_imag
        side_real, side_imag = left_real - right_real, left_imag - right_imag
        power[0, k] = half * (mid_real * mid_real + mid_imag * mid_imag)
        power[1, k] = half * (side_real * side_real + side_imag * side_imag)
        totals[0, k] += left_real * left_real + left_imag * left_imag
        totals[1, k] += right_real * right_real + right_imag * right_imag


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def _add_bands(
    power: NDArray[np.float32], weights: NDArray[np.float32], edges: NDArray[np.int64], mel: NDArray[np.float32]
) -> None:
    for rising in range(edges.size - 1):
        up, down = np.float32(0.0), np.float32(0.0)
        for k in range(edges[rising], edges[rising + 1]):
            up += weights[k] * power[k]
            down += (np.float32(1.0) - weights[k]) * power[k]
        if rising < mel.size:
            mel[rising] += up
        if rising > 0:
            mel[rising - 1] += down
