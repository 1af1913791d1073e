"""What a wish for an audible outcome knows of the sound that it is about, and who may correct its formula.

A wish for 4 dB of reduction, or for a reverb 15 LU under the dry sound, becomes knobs by the formulas of
:mod:`mixing.engine.mixers.dynamics` and :mod:`mixing.engine.mixers.space`. What the formulas take as equal for all
sounds (how an envelope follows them, how a tail fills their pauses) differs from sound to sound, and so a network may
correct the knobs. It sees the numbers below; with none of them measured from a fit, all are of a size around 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from mixing.engine.console.parameters import Delay, Eq, Reverb
from mixing.engine.mixers.dynamics import LOUD, Asked, Correction
from mixing.engine.mixers.eq_response import band_response_db, k_weights
from mixing.engine.mixers.interface import BANDS, AudioFeatures, MelWindows, StemFeatures
from mixing.engine.roles import GROUPS, ROLES, Group, group_of

Numbers = NDArray[np.float32]

_COARSE: Final = 10
_LAGS: Final = (-4, -2, -1, 1, 2, 4, 8)
"""Frames of 50 ms before and behind a loud moment."""
_NEAR_DB: Final = (3.0, 6.0, 12.0, 24.0)
_MOVEMENT: Final = 1 + len(_LAGS) + len(_NEAR_DB)
SOUND_COLUMNS: Final = _COARSE + 5 + _COARSE // 2 + 11 + _MOVEMENT + len(ROLES) + len(GROUPS)
"""Numbers of :func:`sound_row`."""
ASKED_COLUMNS: Final = 12
"""Numbers of :func:`asked_row`."""
SPACE_COLUMNS: Final = 10
"""Numbers of :func:`space_row`."""
MEMBER_COLUMNS: Final = 5
"""Numbers of :func:`member_row`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedSound:
    """A stem behind its EQ, and the compression that is wished for; None where none is.

    Parameters
    ----------
    sound : NDArray[np.float32]
        :func:`sound_row`.
    group : int
        Place of its group.
    asked : Asked | None
    """

    sound: Numbers
    group: int
    asked: Asked | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedSpace:
    """A stem behind its strip, and the rooms that it may be sent to.

    Parameters
    ----------
    sound, space : NDArray[np.float32]
        :func:`sound_row` and :func:`space_row`.
    group : int
    """

    sound: Numbers
    space: Numbers
    group: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedBus:
    """A sum of stems, and the compression that is wished for.

    Parameters
    ----------
    members : tuple[str, ...]
        The stems that it sums.
    place : int
        Of the group among GROUPS.
    asked : Asked
    """

    members: tuple[str, ...]
    place: int
    asked: Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A stem as a bus gets it; ``member`` is :func:`member_row`."""

    sound: Numbers
    member: Numbers
    group: int


class Outcomes(Protocol):
    """Corrects what the formulas make of wishes; an answer without an entry leaves the formula alone."""

    def compressors(self, stems: Mapping[str, AskedSound]) -> Mapping[str, Correction]:
        """For each stem that asks for compression."""
        ...

    def sends(self, stems: Mapping[str, AskedSpace]) -> Mapping[str, tuple[float, float]]:
        """By how much reverb and echoes of a stem come back louder than the formulas say, in LU."""
        ...

    def groups(self, members: Mapping[str, Member], buses: Mapping[Group, AskedBus]) -> Mapping[Group, Correction]:
        """For each group that asks for compression."""
        ...

    def master(self, members: Mapping[str, Member], bus: AskedBus) -> Correction:
        """For the sum of all."""
        ...


class FormulasAlone:
    """Nobody corrects anything: what the rules do."""

    def compressors(self, stems: Mapping[str, AskedSound]) -> Mapping[str, Correction]:
        """See :class:`Outcomes`."""
        return {}

    def sends(self, stems: Mapping[str, AskedSpace]) -> Mapping[str, tuple[float, float]]:
        """See :class:`Outcomes`."""
        return {}

    def groups(self, members: Mapping[str, Member], buses: Mapping[Group, AskedBus]) -> Mapping[Group, Correction]:
        """See :class:`Outcomes`."""
        return {}

    def master(self, members: Mapping[str, Member], bus: AskedBus) -> Correction:
        """See :class:`Outcomes`."""
        return Correction()


# ---- numbers ---------------------------------------------------------------------------------------------------------


def sound_row(stem: StemFeatures, eq: Eq) -> Numbers:
    """A sounding stem behind its EQ, its own level aside: ``(SOUND_COLUMNS,)``, bounded."""
    audio = stem.audio
    spectrum = np.asarray(audio.spectrum_db) + band_response_db(eq)
    weighted_db = 10.0 * np.log10(np.sum(10.0 ** (spectrum / 10.0) * k_weights()))
    peaks = np.asarray(audio.peak_percentiles_dbfs)
    loudness = audio.loudness_lufs or 0.0
    variation = np.asarray(audio.variation_db).reshape(_COARSE // 2, -1).mean(axis=1)
    scalars = [
        (loudness - peaks[LOUD] + 12.0) / 6.0,
        (audio.crest_db - 12.0) / 10.0,
        audio.flux_db - 1.0,
        math.log2(max(audio.centroid_hz, 20.0) / 1_000.0) / 2.0,
        2.0 * audio.activity - 1.0,
        (4.0 if audio.loudness_range_lu is None else audio.loudness_range_lu) / 8.0 - 0.5,
        (2.0 if audio.short_term_max_lufs is None else audio.short_term_max_lufs - loudness) / 4.0 - 0.5,
        10.0 * math.log10(max(audio.activity, 1e-3)) / 6.0,
        audio.width,
        abs(audio.imbalance),
        float(audio.channels == 1),
    ]
    labels = np.zeros(len(ROLES) + len(GROUPS))
    labels[[ROLES.index(stem.role), len(ROLES) + GROUPS.index(group_of(stem.role))]] = 1.0
    row = np.concatenate(
        [
            (np.clip(spectrum - weighted_db, -60.0, 40.0).reshape(_COARSE, -1).mean(axis=1) + 25.0) / 15.0,
            _peak_shape(peaks),
            variation / 8.0 - 1.0,
            scalars,
            _movement(stem.mel, eq),
            labels,
        ]
    )
    return bounded(row)


class Sounds:
    """:func:`sound_row` of the stems of one mix, computed once however many towers ask for it."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, Eq], Numbers] = {}

    def row(self, stem: StemFeatures, eq: Eq) -> Numbers:
        """Of a sounding stem behind its EQ."""
        key = (stem.name, eq)
        if key not in self._rows:
            self._rows[key] = sound_row(stem, eq)
        return self._rows[key]


def _movement(mel: MelWindows | None, eq: Eq) -> NDArray[np.float64]:
    """How a sound comes and goes behind an EQ, by its spectrogram; zeros where none is kept.

    A one; how far the level lies below that of the loud moments 50 to 400 ms before and behind them, on average; and
    which share of the frames comes how near to them.
    """
    if mel is None or not len(mel):
        return np.zeros(_MOVEMENT)
    power = 10.0 ** (mel.mid_db.astype(np.float64) / 10.0) + 10.0 ** (mel.side_db.astype(np.float64) / 10.0)
    level_db = 10.0 * np.log10((power * 10.0 ** (band_response_db(eq) / 10.0)).sum(axis=-1))
    sounding = level_db[level_db > level_db.max() - 50.0]
    loud_db = float(np.percentile(sounding, 95))
    windows, frames = np.nonzero(level_db >= loud_db)
    below = []
    for lag in _LAGS:
        there = (frames + lag >= 0) & (frames + lag < level_db.shape[1])
        beside = level_db[windows[there], frames[there] + lag] - level_db[windows[there], frames[there]]
        below.append(float(np.clip(beside, -36.0, 0.0).mean()) / 12.0 + 0.5 if beside.size else 0.0)
    near = [2.0 * float((sounding >= loud_db - reach_db).mean()) - 1.0 for reach_db in _NEAR_DB]
    return np.array([1.0, *below, *near])


def asked_row(asked: Asked | None) -> Numbers:
    """A wish for compression: how much, of which character, on which peaks; zeros for none."""
    if asked is None or not asked.peaks_dbfs:
        return np.zeros(ASKED_COLUMNS, dtype=np.float32)
    curve, peaks = asked.character.compressor, np.asarray(asked.peaks_dbfs)
    row = [
        1.0,
        asked.wanted_db / 4.0 - 1.0,
        math.sqrt(max(asked.wanted_db, 0.0)) - 2.0,
        2.0 / curve.ratio - 1.0,
        math.log2(curve.attack_ms / 15.0),
        math.log2(curve.release_ms / 150.0),
        curve.knee_db / 4.0 - 2.0,
        *_peak_shape(peaks),
    ]
    return bounded(np.array(row))


def space_row(
    reverb: Reverb, delay: Delay, *, time_ms: float, folded: float, reduction_db: float, pan: float, width: float
) -> Numbers:
    """The rooms as a stem meets them: ``time_ms`` between two echoes, ``folded`` the energy of its fold to mono.

    ``reduction_db``, ``pan`` and ``width`` are what the stem's strip does to it.
    """
    row = [
        math.log2(max(reverb.decay_s, 0.05) / 1.5),
        math.log2(reverb.damping_hz / 5_000.0),
        reverb.predelay_ms / 40.0,
        math.log2(max(time_ms, 1.0) / 350.0),
        4.0 * delay.feedback - 1.0,
        math.log2(delay.damping_hz / 5_000.0),
        5.0 * math.log10(max(folded, 1e-3)) + 1.5,
        reduction_db / 4.0,
        abs(pan),
        width - 1.0,
    ]
    return bounded(np.array(row))


def member_row(
    peaks_dbfs: Sequence[float], power_db: float, *, beside_dbfs: float, reduction_db: float, pan: float
) -> Numbers:
    """A stem as a bus gets it: loud peaks and K-weighted power beside the bus's loud peaks, and what its strip did."""
    peaks = np.asarray(peaks_dbfs)
    row = [
        (peaks[LOUD] - beside_dbfs) / 8.0 + 1.0,
        (peaks[5] - peaks[LOUD]) / 6.0,
        (power_db - beside_dbfs) / 8.0 + 2.0,
        reduction_db / 4.0,
        abs(pan),
    ]
    return bounded(np.array(row))


def _peak_shape(peaks: NDArray[np.float64]) -> NDArray[np.float64]:
    """The other percentiles beside that of the loud moments: how far the rest lies below, and single hits above."""
    usually_db = np.array([-24.0, -12.0, -8.0, -4.0, 2.0])
    return np.asarray((np.delete(peaks - peaks[LOUD], LOUD) - usually_db) / 8.0)


def bounded(values: NDArray[np.float64]) -> Numbers:
    """Finite and within ±4: an odd sound cannot shout."""
    return np.clip(np.nan_to_num(values, posinf=4.0, neginf=-4.0), -4.0, 4.0).astype(np.float32)


def knows(audio: AudioFeatures) -> bool:
    """Whether enough was measured of a stem for anybody to correct a formula."""
    return (
        audio.loudness_lufs is not None
        and len(audio.spectrum_db) == BANDS
        and len(audio.variation_db) == BANDS
        and bool(audio.peak_percentiles_dbfs)
    )
