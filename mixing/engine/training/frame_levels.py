"""What falls together: the stems' 50 ms frames side by side in time, as the mel desk takes a sample of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mixing.engine.mixers.interface import FRAME_BANDS, SessionFeatures, StemFeatures

FLOOR_DB: Final = -120.0
HEARD_DB: Final = 50.0
"""Frames in which the stems together are further than this below their loudest frame are pauses; see AudioFeatures."""
_GOLDEN: Final = 0.6180339887498949
_Rows = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Together:
    """Frames of a session's stems at the same moments, each stem brought to a gated loudness of 0 LUFS.

    Parameters
    ----------
    peaks_db, levels_db : NDArray[np.float64]
        Shape ``(stems, moments)``: largest sample, and power of the channels added; FLOOR_DB where a stem is silent.
    bands : NDArray[np.float64]
        Shape ``(stems, moments, len(FRAME_BANDS))``: how that power is divided among the wide bands, not in dB.
    """

    peaks_db: NDArray[np.float64]
    levels_db: NDArray[np.float64]
    bands: NDArray[np.float64]


def together(session: SessionFeatures, count: int, *, hits: int = 0) -> Together | None:
    """``count`` moments spread over the part that sounds, then those ``hits`` whose peaks add up to most.

    None where the frames of a stem that sounds were not kept.
    """
    kept = [_kept(stem) for stem in session.stems]
    if any(own is None and _sounds(stem) for own, stem in zip(kept, session.stems, strict=True)):
        return None
    longest = max((own.shape[1] for own in kept if own is not None), default=0)
    if not longest:
        return None
    both = np.full((len(kept), 2, longest), FLOOR_DB)
    for own, stem, into in zip(kept, session.stems, both, strict=True):
        if own is not None:
            into[0, : own.shape[1]] = _levels_db(own[0], stem)
            into[1, : own.shape[1]] = _peaks_db(own[1], stem)
    power = _linear(both[:, 0]).sum(axis=0)
    heard = np.flatnonzero(power > power.max() * 10.0 ** (-HEARD_DB / 10.0))
    loudest = np.argsort(-_linear(both[:, 1][:, heard]).sum(axis=0), kind="stable")
    places = heard[np.concatenate((_places(len(heard), count), np.resize(loudest[:hits], hits)))]
    bands = np.full((len(kept), len(FRAME_BANDS), len(places)), FLOOR_DB)
    for own, stem, into in zip(kept, session.stems, bands, strict=True):
        if own is not None:
            there = places < own.shape[1]
            into[:, there] = _levels_db(_bands_dbfs(own[:, places[there]], stem), stem)
    return Together(both[:, 1][:, places], both[:, 0][:, places], _linear(bands).transpose(0, 2, 1))


def wide_bands(spectrum_db: Sequence[float]) -> NDArray[np.float64]:
    """The share of each of FRAME_BANDS in a whole spectrum."""
    powers = np.add.reduceat(_linear(np.asarray(spectrum_db, dtype=np.float64)), np.cumsum((0, *FRAME_BANDS[:-1])))
    return np.asarray(powers / powers.sum())


def _kept(stem: StemFeatures) -> NDArray[np.float32] | None:
    """What was kept of the frames of a stem that sounds; see ``MelWindows.frames_db``."""
    return stem.mel.frames_db if _sounds(stem) and stem.mel is not None else None


def _peaks_db(peaks_dbfs: _Rows, stem: StemFeatures) -> NDArray[np.float64]:
    """Relative to the stem's loudness."""
    return np.asarray(np.maximum(peaks_dbfs.astype(np.float64) - (stem.audio.loudness_lufs or 0.0), FLOOR_DB))


def _levels_db(levels_dbfs: _Rows, stem: StemFeatures) -> NDArray[np.float64]:
    """Relative to the stem's loudness, the channels added."""
    level_db = levels_dbfs.astype(np.float64) - (stem.audio.loudness_lufs or 0.0)
    return np.asarray(np.maximum(level_db + 10.0 * np.log10(stem.audio.channels), FLOOR_DB))


def _bands_dbfs(frames_db: NDArray[np.float32], stem: StemFeatures) -> _Rows:
    """The wide bands; where they were not kept, every frame is taken to sound as the whole stem does."""
    if len(frames_db) > 2:
        return frames_db[2:]
    return np.asarray(frames_db[0] + 10.0 * np.log10(np.maximum(wide_bands(stem.audio.spectrum_db), 1e-12))[:, None])


def _linear(level_db: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(10.0 ** (level_db / 10.0))


def _sounds(stem: StemFeatures) -> bool:
    return stem.audio.loudness_lufs is not None and bool(stem.audio.spectrum_db)


def _places(length: int, count: int) -> NDArray[np.int64]:
    """One place in each of ``count`` equal stretches, never at the same beat: the golden ratio has no rhythm."""
    stretches = np.arange(count)
    inside = (stretches * _GOLDEN) % 1.0
    return np.minimum(((stretches + inside) * length / count).astype(np.int64), length - 1)
