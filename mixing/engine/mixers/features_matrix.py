"""What was measured on a session's stems as one matrix of numbers for the networks.

Spectra are brought to -23 LUFS and peaks are told relative to the loudness, so that a network judges the sound and not
the fader that the file came with. That is one column of its own, ``came``, around the song's mean: stems often come
from a balance that somebody heard. How loud the whole song was recorded nothing knows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mixing.engine.mixers.eq_response import k_weights
from mixing.engine.mixers.interface import BANDS, AudioFeatures, SessionFeatures, StemFeatures
from mixing.engine.roles import GROUPS, ROLES, group_of

PEAKS: Final = 6
SCALARS: Final = (
    "centroid",
    "crest",
    "flux",
    "width",
    "imbalance",
    "activity",
    "loudness_range",
    "short_term_max",
    "came",
)
OWN: Final = 4 * BANDS + PEAKS + len(SCALARS)
"""Numbers that are a stem's own: mid, side share, band imbalance and variation of each band, peaks, scalars."""
IMBALANCE_COLUMN: Final = 4 * BANDS + PEAKS + SCALARS.index("imbalance")
COLUMNS: Final = 2 * OWN
"""A stem's own numbers, and the same around the song's mean."""

_SPECTRUM: Final = tuple(range(BANDS))
_VARIATION: Final = tuple(range(3 * BANDS, 4 * BANDS))
_CAME: Final = (OWN - 1,)
_REST: Final = tuple(range(4 * BANDS, OWN - 1))
LISTENS_TO: Final[Mapping[str, tuple[int, ...]]] = {
    "level": _SPECTRUM + _VARIATION + _REST + _CAME,
    "eq": _SPECTRUM + _REST,
    "pan_width": _REST,
}
"""Which of a stem's own columns matter to a decision; with few songs, what cannot matter is only learned by heart."""

_LOWEST_DB: Final = -60.0
_LARGEST_FLUX_DB: Final = 10.0
_LARGEST_CAME_LU: Final = 20.0
_NO_LOUDNESS_RANGE_LU: Final = 4.0
_NO_SHORT_TERM_LU: Final = 2.0
"""What music of a few seconds, too short for these measures, is taken to have."""


@dataclass(frozen=True, slots=True)
class FeatureMatrix:
    """The stems of a session that sound.

    Parameters
    ----------
    names : tuple[str, ...]
        The stems, in the order of the rows: that of their names, so that the session's own order changes no bit.
    values : NDArray[np.float32]
        Shape ``(stems, COLUMNS)``, finite.
    roles, groups : NDArray[np.int64]
        Shape ``(stems,)``: places in ``ROLES`` and ``GROUPS``.
    """

    names: tuple[str, ...]
    values: NDArray[np.float32]
    roles: NDArray[np.int64]
    groups: NDArray[np.int64]


def feature_matrix(session: SessionFeatures) -> FeatureMatrix:
    """The matrix of a session; a stem of silence has no row."""
    stems = heard(session)
    mean_lufs = math.fsum(stem.audio.loudness_lufs or 0.0 for stem in stems) / max(1, len(stems))
    own = np.array([_own(stem.audio, mean_lufs) for stem in stems], dtype=np.float64).reshape(-1, OWN)
    values = np.concatenate([own, own - own.mean(axis=0, keepdims=True)], axis=1) if stems else np.zeros((0, COLUMNS))
    return FeatureMatrix(
        names=tuple(stem.name for stem in stems),
        values=values.astype(np.float32),
        roles=np.array([ROLES.index(stem.role) for stem in stems], dtype=np.int64),
        groups=np.array([GROUPS.index(group_of(stem.role)) for stem in stems], dtype=np.int64),
    )


def heard(session: SessionFeatures) -> list[StemFeatures]:
    """The stems that sound, in the order of their names."""
    sounding = [stem for stem in session.stems if stem.audio.loudness_lufs is not None and stem.audio.spectrum_db]
    return sorted(sounding, key=lambda stem: stem.name)


def columns_for(decision: str) -> tuple[int, ...]:
    """The columns of ``LISTENS_TO``, each as the stem's own and around the song's mean."""
    own = LISTENS_TO[decision]
    return own + tuple(column + OWN for column in own)


def mirrored() -> NDArray[np.float32]:
    """What each column is multiplied by when left and right change places: -1 for imbalances, 1 elsewhere."""
    own = np.ones(OWN, dtype=np.float32)
    own[2 * BANDS : 3 * BANDS] = -1.0
    own[IMBALANCE_COLUMN] = -1.0
    return np.tile(own, 2)


def normalised_spectrum_db(audio: AudioFeatures) -> NDArray[np.float64]:
    """The mid and side power of each band in dB, relative to the K-weighted power of all: levels at equal loudness."""
    spectrum = np.asarray(audio.spectrum_db, dtype=np.float64)
    weighted = math.fsum(10.0 ** (spectrum / 10.0) * k_weights())
    return np.asarray(np.clip(spectrum - 10.0 * math.log10(max(weighted, 1e-12)), _LOWEST_DB, 40.0))


def _own(audio: AudioFeatures, mean_lufs: float) -> NDArray[np.float64]:
    loudness = audio.loudness_lufs or 0.0
    spectrum = np.asarray(audio.spectrum_db, dtype=np.float64)
    side_share = np.clip(np.asarray(audio.side_db) - spectrum, -40.0, 0.0)
    # A crest above the loudness and not a peak: the recording's own gain cancels.
    peaks = np.clip(np.asarray(audio.peak_percentiles_dbfs, dtype=np.float64) - loudness, -40.0, 40.0)
    short_term = audio.short_term_max_lufs
    scalars = (
        math.log2(max(audio.centroid_hz, 20.0)),
        min(audio.crest_db, 60.0),
        min(audio.flux_db, _LARGEST_FLUX_DB),
        audio.width,
        audio.imbalance,
        audio.activity,
        _NO_LOUDNESS_RANGE_LU if audio.loudness_range_lu is None else min(audio.loudness_range_lu, 40.0),
        _NO_SHORT_TERM_LU if short_term is None else min(40.0, max(-10.0, short_term - loudness)),
        min(_LARGEST_CAME_LU, max(-_LARGEST_CAME_LU, loudness - mean_lufs)),
    )
    return np.concatenate(
        [
            normalised_spectrum_db(audio),
            side_share,
            np.asarray(audio.band_imbalance, dtype=np.float64),
            np.clip(np.asarray(audio.variation_db, dtype=np.float64), 0.0, 30.0),
            peaks,
            scalars,
        ]
    )
