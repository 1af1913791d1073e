"""How far a mix is from a person's: each stem's level, tone and place, and the sum, measured on true audio.

A stem is compared as it comes out of its strip and group, so that what one stem adds to another hides nothing. The
definitions are those of docs/mixers.md; a number of any other definition cannot be compared with them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from mixing.engine.audio.loudness import LoudnessMeter
from mixing.engine.audio.mel import band_powers, mel_triangles

Sound = NDArray[np.float32]
Values = NDArray[np.float64]

STEM_MEASURES: Final = ("level_lu", "eq_db", "pan")
MIX_MEASURES: Final = ("mrstft", "loudness_lu", "crest_db", "width", "imbalance", "bands_db")

BAND_RANGE_DB: Final = 80.0
"""Bands further under the loudest band of the person's stem are left out: the analysis takes them for silence too."""
MOMENT_RANGE_LU: Final = 40.0
"""Moments further under the loudest are pauses, in which a mix has nothing to get wrong."""
LOST_LU: Final = 60.0
"""A stem that the mixer silenced counts as this far under its loudest."""
WINDOWS: Final = (512, 2_048, 8_192)
"""Samples of the spectra that are compared, of half overlap."""
STFT_FLOOR_DB: Final = -80.0
_FRAME_S: Final = 0.05
_FRAMES_RANGE_DB: Final = 50.0
_SPECTRUM_SAMPLES: Final = 4_096
_FRAMES_AT_ONCE: Final = 16
"""As many spectra as stay in the second cache."""


@dataclass(frozen=True, slots=True)
class StemSound:
    """What is compared of one stem.

    Parameters
    ----------
    loudness_lufs : float | None
        Integrated; None for silence.
    imbalance : float
        (R - L) / (R + L) of the energies.
    bands_db : NDArray[np.float64]
        Mean power of both channels in 40 mel bands, 30 Hz to 16 kHz, in dB.
    """

    loudness_lufs: float | None
    imbalance: float
    bands_db: Values


def stem_sound(samples: Sound, sample_rate: int) -> StemSound:
    """Measure a stereo stem, ``(2, samples)``."""
    return StemSound(
        loudness_lufs=_loudness_lufs(samples, sample_rate),
        imbalance=channel_imbalance(samples),
        bands_db=bands_db(samples, sample_rate),
    )


def stem_errors(human: Sequence[StemSound], mixed: Sequence[StemSound]) -> dict[str, float]:
    """STEM_MEASURES of one mix, over the stems that the person lets us hear.

    ``level_lu`` is the mean of |difference of loudness|, both around the song's mean; ``eq_db`` the mean over stems of
    the mean over bands of |difference of the band levels, its mean removed|; ``pan`` the mean of |difference of
    imbalance|. A single stem that is heard has no balance: then there is no ``level_lu``.

    Raises
    ------
    ValueError
        If the stems are not as many, or no stem is heard.
    """
    heard = [(one, other) for one, other in zip(human, mixed, strict=True) if one.loudness_lufs is not None]
    if not heard:
        raise ValueError("There is no stem to compare.")
    sounding = [(one, other) for one, other in heard if other.loudness_lufs is not None]
    level = {"level_lu": _level_lu([one for one, _ in heard], [other for _, other in heard])} if heard[1:] else {}
    return {
        **level,
        "eq_db": _mean([band_error_db(one.bands_db, other.bands_db) for one, other in sounding]),
        "pan": _mean([abs(other.imbalance - one.imbalance) for one, other in sounding]),
    }


def band_error_db(human_db: Values, mixed_db: Values) -> float:
    """Mean |difference| in dB over the bands within BAND_RANGE_DB of the person's loudest, its mean removed."""
    audible = human_db > human_db.max() - BAND_RANGE_DB
    difference = (mixed_db - human_db)[audible]
    return float(np.abs(difference - difference.mean()).mean())


def _level_lu(human: Sequence[StemSound], mixed: Sequence[StemSound]) -> float:
    loudness = [sound.loudness_lufs for sound in mixed]
    loudest = max((value for value in loudness if value is not None), default=0.0)
    found = np.array([loudest - LOST_LU if value is None else value for value in loudness])
    wanted = np.array([sound.loudness_lufs for sound in human], dtype=np.float64)
    difference = found - wanted
    return float(np.abs(difference - difference.mean()).mean())


# ---- the sum ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MixSound:
    """What is compared of a mix, all of it at -23 LUFS: measured once and kept.

    Parameters
    ----------
    contour_lufs : NDArray[np.float64]
        Loudness of every 3 s, or of every 400 ms of a shorter sound, ten times a second.
    crest_db, width, imbalance : float
        As ``AudioFeatures`` has them.
    bands_db : NDArray[np.float64]
        As :class:`StemSound` has them.
    spectra : tuple[NDArray[np.float32], ...]
        Magnitudes of mid and side, ``(2, frames, bins)``, for each of WINDOWS.
    """

    contour_lufs: Values
    crest_db: float
    width: float
    imbalance: float
    bands_db: Values
    spectra: tuple[NDArray[np.float32], ...]


def mix_sound(samples: Sound, sample_rate: int) -> MixSound | None:
    """Measure a stereo mix, ``(2, samples)``; None for silence."""
    loudness = _loudness_lufs(samples, sample_rate)
    if loudness is None:
        return None
    levelled = samples * np.float32(10.0 ** ((-23.0 - loudness) / 20.0))
    meter = LoudnessMeter(sample_rate, 2)
    meter.push(levelled)
    contour = meter.short_term_lufs()
    middle = np.stack(((levelled[0] + levelled[1]), (levelled[0] - levelled[1]))) * np.float32(math.sqrt(0.5))
    mid, side = (float(energy) for energy in _energies(middle))
    return MixSound(
        contour_lufs=contour if contour.size else meter.momentary_lufs(),
        crest_db=_crest_db(levelled, sample_rate),
        width=side / (mid + side),
        imbalance=channel_imbalance(levelled),
        bands_db=bands_db(levelled, sample_rate),
        spectra=tuple(_magnitudes(middle, window) for window in WINDOWS),
    )


def mix_errors(human: MixSound, mixed: MixSound) -> dict[str, float]:
    """MIX_MEASURES: how far one mix is from another when both are equally loud.

    ``mrstft`` is the multi-resolution STFT distance of mid and side (spectral convergence plus mean |difference| of
    the natural logarithms of the magnitudes, floored 80 dB under the largest; mean over the windows; after Yamamoto,
    Song and Kim, ICASSP 2020, on sum and difference after Steinmetz, Bryan and Reiss, 2022). ``loudness_lu`` is the
    mean |difference| of the loudness from moment to moment, the others |differences| of their value.
    """
    return {
        "mrstft": _mean([_spectral_distance(*pair) for pair in zip(human.spectra, mixed.spectra, strict=True)]),
        "loudness_lu": _contour_error_lu(human.contour_lufs, mixed.contour_lufs),
        "crest_db": abs(mixed.crest_db - human.crest_db),
        "width": abs(mixed.width - human.width),
        "imbalance": abs(mixed.imbalance - human.imbalance),
        "bands_db": band_error_db(human.bands_db, mixed.bands_db),
    }


def _spectral_distance(human: NDArray[np.float32], mixed: NDArray[np.float32]) -> float:
    floor = np.float32(float(human.max()) * 10.0 ** (STFT_FLOOR_DB / 20.0))
    convergence = float(np.linalg.norm(mixed - human)) / max(float(np.linalg.norm(human)), 1e-20)
    ratio = np.log(np.maximum(mixed, floor) / np.maximum(human, floor))
    return convergence + float(np.abs(ratio).mean(dtype=np.float64))


def _contour_error_lu(human: Values, mixed: Values) -> float:
    """Moments more than MOMENT_RANGE_LU under the person's loudest count as that far under it, in either mix."""
    if not human.size:
        return 0.0
    floor = float(human.max()) - MOMENT_RANGE_LU
    return float(np.abs(np.maximum(mixed, floor) - np.maximum(human, floor)).mean())


# ---- spectra and levels ----------------------------------------------------------------------------------------------


def channel_imbalance(samples: Sound) -> float:
    """(R - L) / (R + L) of the energies; 0 for silence."""
    left, right = (float(energy) for energy in _energies(samples))
    return (right - left) / (right + left) if left + right > 0.0 else 0.0


def bands_db(samples: Sound, sample_rate: int) -> Values:
    """Mean power of all channels in 40 mel bands in dB, from Hann windows of 4096 samples, every second one."""
    window = np.hanning(_SPECTRUM_SAMPLES + 1)[:-1].astype(np.float32)
    frames = _framed(samples, _SPECTRUM_SAMPLES, 2 * _SPECTRUM_SAMPLES)
    powers = np.zeros(_SPECTRUM_SAMPLES // 2 + 1)
    for first in range(0, frames.shape[1], _FRAMES_AT_ONCE):
        spectra = scipy.fft.rfft(frames[:, first : first + _FRAMES_AT_ONCE] * window, axis=2, overwrite_x=True)
        parts = spectra.view(np.float32).reshape(-1, powers.size, 2)
        powers += np.einsum("fbc,fbc->b", parts, parts)
    powers /= frames.shape[0] * frames.shape[1]
    freqs_hz = np.arange(powers.size, dtype=np.float64) * (sample_rate / _SPECTRUM_SAMPLES)
    weights, edges = mel_triangles(np.asarray(freqs_hz, dtype=np.float64))
    return np.asarray(10.0 * np.log10(np.maximum(band_powers(powers, weights, edges), 1e-20)))


def _magnitudes(samples: Sound, window: int) -> NDArray[np.float32]:
    shape = np.hanning(window + 1)[:-1].astype(np.float32)
    frames = _framed(samples, window, window // 2) * shape
    return np.asarray(np.abs(scipy.fft.rfft(frames, axis=2, overwrite_x=True)), dtype=np.float32)


def _framed(samples: Sound, window: int, hop: int) -> Sound:
    """``(channels, frames, window)``; what is left at the end of a sound that has a whole frame is left out."""
    if samples.shape[1] < window:
        samples = np.pad(samples, ((0, 0), (0, window - samples.shape[1])))
    return np.lib.stride_tricks.sliding_window_view(samples, window, axis=1)[:, ::hop]


def _energies(samples: Sound) -> Values:
    return np.array([float(np.dot(channel, channel)) for channel in samples])


def _crest_db(samples: Sound, sample_rate: int) -> float:
    """95th percentile minus median of the 50 ms levels that sound."""
    hop = round(_FRAME_S * sample_rate)
    whole = samples[:, : samples.shape[1] // hop * hop].reshape(samples.shape[0], -1, hop)
    power = np.einsum("cfs,cfs->f", whole, whole).astype(np.float64) / (hop * samples.shape[0])
    if not power.size:
        return 0.0
    level_db = 10.0 * np.log10(np.maximum(power, 1e-20))
    active = level_db[level_db > level_db.max() - _FRAMES_RANGE_DB]
    return float(np.percentile(active, 95) - np.median(active))


def _loudness_lufs(samples: Sound, sample_rate: int) -> float | None:
    meter = LoudnessMeter(sample_rate, 2)
    meter.push(samples)
    return meter.integrated_lufs()


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else 0.0
