"""What mixers hear of a recording, measured in one pass: level, spectrum, dynamics, width, activity."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numba
import numpy as np
import scipy.fft
from numpy.typing import NDArray

from mixing.engine.audio.decode import decode_blocks
from mixing.engine.audio.loudness import LoudnessMeter, k_weighting
from mixing.engine.audio.probe import STANDARD_LIMITS, Limits, probe
from mixing.engine.audio.true_peak import TruePeakMeter
from mixing.engine.errors import Cancelled
from mixing.engine.mixers.interface import BANDS, AudioFeatures

FRAMES_PER_SECOND: Final = 20
LOWEST_HZ: Final = 30.0
HIGHEST_HZ: Final = 16000.0
GATE_DBFS: Final = -60.0
GATE_RANGE_DB: Final = 50.0
SPECTRUM_FLOOR_DB: Final = -80.0
"""Mel cells this far under the loudest count as this far under it: below is noise that nobody hears."""
_FRAMES_AT_ONCE: Final = 20


class Analyser:
    """Measures :class:`AudioFeatures` while the sound streams past; call :meth:`finish` once, at its end.

    Everything happens in steps of one second counted from the first sample, so that any division into blocks gives
    exactly the same numbers. Frames are 50 ms apart; the spectrum takes a Hann window of the next power of two
    above 75 ms that ends with the frame, from each channel, and adds the channels' powers.

    Parameters
    ----------
    sample_rate : int
        In Hz, from 8000.
    channels : int
        1 or 2.
    """

    def __init__(self, sample_rate: int, channels: int) -> None:
        self.sample_rate = sample_rate
        self.channels = channels
        self.frames = 0
        self._loudness = LoudnessMeter(sample_rate, channels)
        self._true_peak = TruePeakMeter(channels)
        self._hop = round(sample_rate / FRAMES_PER_SECOND)
        window = 2 ** math.ceil(math.log2(1.5 * self._hop))
        self._window = np.hanning(window + 1)[:-1].astype(np.float32)
        self._lead = window - self._hop
        self._step = _FRAMES_AT_ONCE * self._hop
        self._line = np.zeros((channels, self._lead + self._step), dtype=np.float32)
        self._filled = 0
        self._freqs_hz = np.arange(window // 2 + 1, dtype=np.float64) * (sample_rate / window)
        self._mel_weights, self._mel_bands = mel_bands(self._freqs_hz)
        self._spectrum = np.zeros(self._freqs_hz.size)
        self._energies: list[NDArray[np.float64]] = []
        self._mels: list[NDArray[np.float32]] = []

    def push(self, block: NDArray[np.float32]) -> None:
        """Take the next samples, float32 of shape ``(channels, samples)``, any number of them."""
        if block.ndim != 2 or block.shape[0] != self.channels:
            raise ValueError(f"A block has the shape ({self.channels}, samples), not {block.shape}.")
        taken = 0
        while taken < block.shape[1]:
            count = min(self._step - self._filled, block.shape[1] - taken)
            start = self._lead + self._filled
            self._line[:, start : start + count] = block[:, taken : taken + count]
            self._filled += count
            taken += count
            if self._filled == self._step:
                self._measure(self._step, _FRAMES_AT_ONCE)
                self._line[:, : self._lead] = self._line[:, self._step :].copy()
                self._filled = 0
        self.frames += block.shape[1]

    def finish(self) -> AudioFeatures:
        """The features of all that was pushed. A last frame counts if at least half of it was there."""
        if self._filled:
            self._line[:, self._lead + self._filled :] = 0.0
            self._measure(self._filled, (2 * self._filled + self._hop) // (2 * self._hop))
            self._filled = 0
        energies = np.concatenate(self._energies, axis=1) if self._energies else np.zeros((3, 0))
        loudness = self._loudness.integrated_lufs()
        active, level_db = _activity(energies[:2].sum(axis=0) / (self._hop * self.channels))
        width, imbalance = _stereo(*(float(total) for total in energies.sum(axis=1)))
        if self.channels == 1:
            width = imbalance = 0.0
        return AudioFeatures(
            channels=self.channels,
            duration_s=self.frames / self.sample_rate,
            loudness_lufs=loudness,
            true_peak_dbtp=self._true_peak.dbtp(),
            crest_db=_crest(level_db[active]),
            centroid_hz=self._centroid() if loudness is not None else 0.0,
            flux_db=_flux(self._mel_frames(), active),
            width=width,
            imbalance=imbalance,
            activity=float(active.mean()) if active.size else 0.0,
            spectrum_db=_relative_db(self._mel_frames()) if loudness is not None else (),
        )

    def _measure(self, samples: int, frames: int) -> None:
        """Everything that is known of the next ``samples`` in the line, ``frames`` frames of which are whole enough."""
        fresh = self._line[:, self._lead : self._lead + samples]
        self._loudness.push(fresh)
        self._true_peak.push(fresh)
        if not frames:
            return
        energies = np.zeros((3, frames))
        _energies(self._line[:, self._lead :], self._hop, energies)
        # The last frame of a sound may hold fewer samples than the others; its level is that of the samples it has.
        energies[:, -1] *= self._hop / min(self._hop, samples - (frames - 1) * self._hop)
        self._energies.append(energies)
        mels = np.zeros((frames, BANDS), dtype=np.float32)
        if energies[:2].any():
            self._add_spectra(mels)
        self._mels.append(mels)

    def _add_spectra(self, mels: NDArray[np.float32]) -> None:
        views = np.lib.stride_tricks.sliding_window_view(self._line, self._window.size, axis=1)[:, :: self._hop]
        spectra = scipy.fft.rfft(views[:, : mels.shape[0]] * self._window, axis=2, overwrite_x=True)
        _add_spectra(spectra, self._mel_weights, self._mel_bands, self._spectrum, mels)

    def _mel_frames(self) -> NDArray[np.float32]:
        return np.concatenate(self._mels) if self._mels else np.zeros((0, BANDS), dtype=np.float32)

    def _centroid(self) -> float:
        """Mean frequency of the power spectrum, weighted as the ear weighs it (BS.1770-4)."""
        shelf, low_cut = k_weighting(self.sample_rate)
        power = self._spectrum * shelf.power_response(self._freqs_hz, self.sample_rate)
        power *= low_cut.power_response(self._freqs_hz, self.sample_rate)
        total = float(power.sum())
        return float((power * self._freqs_hz).sum() / total) if total > 0.0 else 0.0


def analyse(
    path: Path,
    *,
    name: str,
    limits: Limits = STANDARD_LIMITS,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> AudioFeatures:
    """Measure a file, such as a reference mix, at its own rate, without keeping anything of it.

    Raises
    ------
    AudioRejected
        See :func:`mixing.engine.audio.decode.decode_blocks`.
    Cancelled
        If ``cancelled`` says so between two blocks.
    """
    found = probe(path, name=name, limits=limits)
    analyser = Analyser(found.sample_rate, found.channels)
    for block in decode_blocks(path, name=name, limits=limits):
        if cancelled is not None and cancelled():
            raise Cancelled
        analyser.push(block)
        if progress is not None and found.claimed_frames is not None:
            progress(min(0.99, analyser.frames / found.claimed_frames))
    features = analyser.finish()
    if progress is not None:
        progress(1.0)
    return features


def mel_bands(freqs_hz: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Triangles of height 1 that overlap by half, evenly spaced on the mel scale 2595 log10(1 + f / 700).

    Each bin belongs to a falling and a rising triangle. Returned are the weight in the rising one, shape ``(bins,)``,
    and its number, -1 for bins outside of all; the falling one is the one before, with the rest of the weight.
    """
    edges = np.linspace(_mel(np.array(LOWEST_HZ)), _mel(np.array(HIGHEST_HZ)), BANDS + 2)
    position = (_mel(freqs_hz) - edges[0]) / (edges[1] - edges[0])
    band = np.floor(position).astype(np.int64)
    band[(position < 0.0) | (position >= BANDS + 1)] = -1
    return (position - np.floor(position)).astype(np.float32), band


def _mel(freqs_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(2595.0 * np.log10(1.0 + freqs_hz / 700.0))


def _activity(power: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Which frames sound, and every frame's level in dBFS."""
    level_db = 10.0 * np.log10(np.maximum(power, 1e-20))
    loudest_db = float(level_db.max(initial=-200.0))
    return level_db > max(GATE_DBFS, loudest_db - GATE_RANGE_DB), level_db


def _crest(level_db: NDArray[np.float64]) -> float:
    return float(np.percentile(level_db, 95) - np.median(level_db)) if level_db.size else 0.0


def _stereo(left: float, right: float, cross: float) -> tuple[float, float]:
    """Width and imbalance from the channels' energies and their product."""
    both = left + right
    if both <= 0.0:
        return 0.0, 0.0
    return min(1.0, max(0.0, 0.5 - cross / both)), (right - left) / both


def _flux(mels: NDArray[np.float32], active: NDArray[np.bool_]) -> float:
    """Mean rise from frame to frame over all bands, where the later frame sounds."""
    rising = active[1:]
    loudest = float(mels.max(initial=0.0))
    if not rising.any() or loudest <= 0.0:
        return 0.0
    level_db = 10.0 * np.log10(np.maximum(mels, loudest * 10.0 ** (SPECTRUM_FLOOR_DB / 10.0)))
    return float(np.maximum(np.diff(level_db, axis=0)[rising], 0.0).mean())


def _relative_db(mels: NDArray[np.float32]) -> tuple[float, ...]:
    power = mels.mean(axis=0, dtype=np.float64)
    share = power / max(float(power.sum()), 1e-300)
    return tuple(float(value) for value in 10.0 * np.log10(np.maximum(share, 1e-12)))


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def _energies(samples: NDArray[np.float32], hop: int, out: NDArray[np.float64]) -> None:
    """Energy of the left and of the right channel and their product, for each frame."""
    last = samples.shape[0] - 1
    for frame in range(out.shape[1]):
        left, right, cross = 0.0, 0.0, 0.0
        for i in range(frame * hop, (frame + 1) * hop):
            x, y = np.float64(samples[0, i]), np.float64(samples[last, i])
            left += x * x
            right += y * y
            cross += x * y
        out[0, frame] = left
        if last:
            out[1, frame] = right
            out[2, frame] = cross


@numba.njit(cache=True, nogil=True)
def _add_spectra(
    spectra: NDArray[np.complex64],
    weights: NDArray[np.float32],
    bands: NDArray[np.int64],
    total: NDArray[np.float64],
    mels: NDArray[np.float32],
) -> None:
    """Add the powers of ``(channels, frames, bins)`` to the whole spectrum and to each frame's mel bands."""
    power = np.empty(spectra.shape[2], dtype=np.float32)
    for frame in range(spectra.shape[1]):
        power[:] = np.float32(0.0)
        for channel in range(spectra.shape[0]):
            for k in range(power.size):
                value = spectra[channel, frame, k]
                power[k] += value.real * value.real + value.imag * value.imag
        for k in range(power.size):
            total[k] += power[k]
            band = bands[k]
            if band < 0:
                continue
            if band < mels.shape[1]:
                mels[frame, band] += weights[k] * power[k]
            if band > 0:
                mels[frame, band - 1] += (np.float32(1.0) - weights[k]) * power[k]
