"""What mixers hear of a recording, measured in one pass: level, spectrum, dynamics, width, activity."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from mixing.engine.audio.analysis_kernels import CROSS, PEAK, RIGHT, add_spectra, measure_frames
from mixing.engine.audio.decode import decode_blocks
from mixing.engine.audio.loudness import LoudnessMeter, k_weighting
from mixing.engine.audio.mel import band_powers, excerpts, mel_triangles, relative_db
from mixing.engine.audio.probe import STANDARD_LIMITS, Limits, probe
from mixing.engine.audio.true_peak import TruePeakMeter
from mixing.engine.errors import Cancelled
from mixing.engine.mixers.interface import BANDS, FRAME_BANDS, PEAK_PERCENTILES, AudioFeatures, MelWindows

FRAMES_PER_SECOND: Final = 20
GATE_DBFS: Final = -60.0
GATE_RANGE_DB: Final = 50.0
BAND_FLOOR_DB: Final = -120.0
"""What a band that holds nothing has, beside the sum of all bands."""
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
        self._mel_weights, self._mel_edges = mel_triangles(self._freqs_hz)
        self._spectra = np.zeros((channels, self._freqs_hz.size))
        self._frames: list[NDArray[np.float64]] = []
        self._mels: list[NDArray[np.float32]] = []
        self._cells = np.zeros((channels, 0, BANDS), dtype=np.float32)
        self._sounding = np.zeros(0, dtype=np.bool_)
        self._frames_db = np.zeros((2 + len(FRAME_BANDS), 0), dtype=np.float32)

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
        frames = np.concatenate(self._frames, axis=1) if self._frames else np.zeros((4, 0))
        if self._mels:
            self._cells = np.concatenate(self._mels, axis=1)
            self._mels.clear()
        loudness = self._loudness.integrated_lufs()
        active, level_db = _activity(frames[: RIGHT + 1].sum(axis=0) / (self._hop * self.channels))
        self._frames_db = _frames_db(level_db, frames[PEAK], self._cells)
        self._sounding = _sounding(active, level_db) if loudness is not None else np.zeros_like(active)
        flux_db, variation_db = _movement(self._cells, active, self._sounding)
        width, imbalance = _stereo(*(float(total) for total in frames[: CROSS + 1].sum(axis=1)))
        spectrum_db, side_db, band_imbalance = self._bands() if loudness is not None else ((), (), ())
        return AudioFeatures(
            channels=self.channels,
            duration_s=self.frames / self.sample_rate,
            loudness_lufs=loudness,
            true_peak_dbtp=self._true_peak.dbtp(),
            crest_db=_crest(level_db[active]),
            centroid_hz=self._centroid() if loudness is not None else 0.0,
            flux_db=flux_db,
            width=width if self.channels == 2 else 0.0,
            imbalance=imbalance if self.channels == 2 else 0.0,
            activity=float(active.mean()) if active.size else 0.0,
            spectrum_db=spectrum_db,
            side_db=side_db,
            band_imbalance=band_imbalance,
            variation_db=variation_db,
            peak_percentiles_dbfs=_percentiles(frames[PEAK, self._sounding]),
            loudness_range_lu=self._loudness.loudness_range_lu() if loudness is not None else None,
            short_term_max_lufs=self._loudness.short_term_max_lufs() if loudness is not None else None,
        )

    def mel_windows(self) -> MelWindows:
        """Excerpts of the spectrogram and the frames' levels, to be asked for after :meth:`finish`."""
        return dataclasses.replace(excerpts(self._cells, self._sounding), frames_db=self._frames_db)

    def _measure(self, samples: int, frames: int) -> None:
        """Everything that is known of the next ``samples`` in the line, ``frames`` frames of which are whole enough."""
        fresh = self._line[:, self._lead : self._lead + samples]
        self._loudness.push(fresh)
        self._true_peak.push(fresh)
        if not frames:
            return
        measured = np.zeros((4, frames))
        measure_frames(self._line[:, self._lead :], self._hop, measured)
        # The last frame of a sound may hold fewer samples than the others; its level is that of the samples it has.
        measured[: CROSS + 1, -1] *= self._hop / min(self._hop, samples - (frames - 1) * self._hop)
        self._frames.append(measured)
        mels = np.zeros((self.channels, frames, BANDS), dtype=np.float32)
        if measured[PEAK].any():
            self._add_spectra(mels)
        self._mels.append(mels)

    def _add_spectra(self, mels: NDArray[np.float32]) -> None:
        views = np.lib.stride_tricks.sliding_window_view(self._line, self._window.size, axis=1)[:, :: self._hop]
        spectra = scipy.fft.rfft(views[:, : mels.shape[1]] * self._window, axis=2, overwrite_x=True)
        add_spectra(spectra.view(np.float32), self._mel_weights, self._mel_edges, self._spectra, mels)

    def _bands(self) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
        """``spectrum_db``, ``side_db`` and ``band_imbalance``."""
        means = self._cells.mean(axis=1, dtype=np.float64)
        total = float(means.sum())
        side = means[1] if self.channels == 2 else np.zeros(BANDS)
        channels = [band_powers(power, self._mel_weights, self._mel_edges) for power in self._spectra]
        both = np.maximum(channels[0] + channels[-1], 1e-300)
        return (
            _share_db(means.sum(axis=0), total),
            _share_db(side, total),
            tuple(float(value) for value in (channels[-1] - channels[0]) / both),
        )

    def _centroid(self) -> float:
        """Mean frequency of the power spectrum, weighted as the ear weighs it (BS.1770-4)."""
        shelf, low_cut = k_weighting(self.sample_rate)
        power = self._spectra.sum(axis=0) * shelf.power_response(self._freqs_hz, self.sample_rate)
        power *= low_cut.power_response(self._freqs_hz, self.sample_rate)
        total = float(power.sum())
        return float((power * self._freqs_hz).sum() / total) if total > 0.0 else 0.0


def analyse_array(samples: NDArray[np.float32], sample_rate: int) -> tuple[AudioFeatures, MelWindows]:
    """Measure sound in memory, float32 of shape ``(channels, samples)``, one or two channels."""
    analyser = Analyser(sample_rate, samples.shape[0])
    analyser.push(samples)
    return analyser.finish(), analyser.mel_windows()


def analyse(
    path: Path,
    *,
    name: str,
    limits: Limits = STANDARD_LIMITS,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> AudioFeatures:
    """Measure a file, such as a reference mix, at its own rate, without keeping anything of it.

    Raises what :func:`analyse_with_mel` raises.
    """
    return analyse_with_mel(path, name=name, limits=limits, progress=progress, cancelled=cancelled)[0]


def analyse_with_mel(
    path: Path,
    *,
    name: str,
    limits: Limits = STANDARD_LIMITS,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> tuple[AudioFeatures, MelWindows]:
    """Measure a file, and keep excerpts of its spectrogram.

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
    features = analyser.finish(), analyser.mel_windows()
    if progress is not None:
        progress(1.0)
    return features


def _activity(power: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Which frames sound, and every frame's level in dBFS."""
    level_db = 10.0 * np.log10(np.maximum(power, 1e-20))
    loudest_db = float(level_db.max(initial=-200.0))
    return level_db > max(GATE_DBFS, loudest_db - GATE_RANGE_DB), level_db


def _sounding(active: NDArray[np.bool_], level_db: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The active frames; of a sound that is quiet throughout, those that are not far below its loudest."""
    return active if active.any() else level_db > level_db.max(initial=-200.0) - GATE_RANGE_DB


def _frames_db(
    level_db: NDArray[np.float64], peaks: NDArray[np.float64], cells: NDArray[np.float32]
) -> NDArray[np.float32]:
    """``MelWindows.frames_db``: a frame's level is divided among the wide bands as the power of its mel cells is."""
    firsts = np.cumsum((0, *FRAME_BANDS[:-1]))
    wide = np.add.reduceat(cells.sum(axis=0), firsts, axis=1).T
    shares = wide / np.maximum(wide.sum(axis=0), np.float32(1e-30))
    bands = level_db + 10.0 * np.log10(np.maximum(shares, np.float32(1e-12)))
    rows = np.vstack((level_db, 20.0 * np.log10(np.maximum(peaks, 1e-10)), bands))
    return np.asarray(np.maximum(rows, BAND_FLOOR_DB).astype(np.float16), dtype=np.float32)


def _crest(level_db: NDArray[np.float64]) -> float:
    return float(np.percentile(level_db, 95) - np.median(level_db)) if level_db.size else 0.0


def _stereo(left: float, right: float, cross: float) -> tuple[float, float]:
    """Width and imbalance from the channels' energies and their product."""
    both = left + right
    if both <= 0.0:
        return 0.0, 0.0
    return min(1.0, max(0.0, 0.5 - cross / both)), (right - left) / both


def _movement(
    cells: NDArray[np.float32], active: NDArray[np.bool_], sounding: NDArray[np.bool_]
) -> tuple[float, tuple[float, ...]]:
    """``flux_db``, the mean rise from frame to frame where the later frame sounds, and ``variation_db``.

    It goes band by band, so that levels in dB are never held for the whole recording.
    """
    rising = np.flatnonzero(active[1:])
    loudest = max((float(cells[:, :, band].sum(axis=0).max(initial=0.0)) for band in range(BANDS)), default=0.0)
    rises, variation = 0.0, []
    for band in range(BANDS):
        level_db = relative_db(cells[:, :, band].sum(axis=0), loudest)
        rises += float(np.maximum(level_db[rising + 1] - level_db[rising], 0.0).sum(dtype=np.float64))
        if sounding.any():
            variation.append(float(level_db[sounding].std(dtype=np.float64)))
    return rises / (max(rising.size, 1) * BANDS), tuple(variation)


def _percentiles(peaks: NDArray[np.float64]) -> tuple[float, ...]:
    if not peaks.size:
        return ()
    levels_dbfs = 20.0 * np.log10(np.maximum(peaks, 1e-10))
    return tuple(float(value) for value in np.percentile(levels_dbfs, PEAK_PERCENTILES))


def _share_db(power: NDArray[np.float64], total: float) -> tuple[float, ...]:
    share = power / max(total, 1e-300)
    return tuple(float(value) for value in 10.0 * np.log10(np.maximum(share, 10.0 ** (BAND_FLOOR_DB / 10.0))))
