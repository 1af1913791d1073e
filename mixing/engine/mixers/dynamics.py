"""From a wished gain reduction to a compressor: threshold by the stem's own peaks, times by its role, level kept.

The loud moments are the 50 ms whose peaks reach the 95th percentile of ``AudioFeatures.peak_percentiles_dbfs``, and the
reduction is the largest that a meter shows in each of them. Between the percentiles levels are taken to be spread
evenly. The envelope follows neither every swing of the waveform nor every moment: a compressor settles as if the level
were lower than the peak, and comes to a share of its static curve. Both stand with each character, fitted to 25 songs
through random consoles; docs/mixers.md tells what is left wrong.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mixing.engine.console.compressor import reduction_db
from mixing.engine.console.parameters import Compressor
from mixing.engine.mixers.interface import PEAK_PERCENTILES
from mixing.engine.roles import Group, Role

LEAST_REDUCTION_DB: Final = 0.25
"""A wish for less is a wish for none: nobody hears it, and a compressor that is off costs nothing."""
LARGEST_REDUCTION_DB: Final = 15.0
LOUD: Final = PEAK_PERCENTILES.index(95)
"""The place of the loud moments among the percentiles of the peaks."""
_SHARES: Final = np.arange(2.5, 100.0, 5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """How a compressor behaves on the sounds that it is for.

    Parameters
    ----------
    compressor : Compressor
        Ratio, times and knee.
    below_peaks_db : float
        How far below the peaks the level lies that its reduction follows.
    reach : float
        The share of the static curve's reduction that the envelope comes to.
    """

    compressor: Compressor
    below_peaks_db: float
    reach: float


def _character(
    ratio: float, attack_ms: float, release_ms: float, knee_db: float, below_peaks_db: float, reach: float
) -> Character:
    compressor = Compressor(on=True, ratio=ratio, attack_ms=attack_ms, release_ms=release_ms, knee_db=knee_db)
    return Character(compressor=compressor, below_peaks_db=below_peaks_db, reach=reach)


_KICK: Final = _character(4.0, 12.0, 90.0, 6.0, 3.0, 0.65)
_SNARE: Final = _character(4.0, 12.0, 90.0, 6.0, 6.0, 0.6)
_KIT: Final = _character(3.0, 15.0, 120.0, 6.0, 6.5, 0.65)
_TICKS: Final = _character(3.0, 15.0, 120.0, 6.0, 9.0, 0.6)
_BASS: Final = _character(4.0, 15.0, 150.0, 6.0, 2.0, 0.65)
_VOICE: Final = _character(3.0, 6.0, 120.0, 8.0, 3.0, 0.8)
_PLUCKED: Final = _character(3.0, 15.0, 150.0, 6.0, 3.5, 0.7)
_STRUMMED: Final = _character(3.0, 15.0, 150.0, 6.0, 5.0, 0.75)
_SUSTAINED: Final = _character(2.0, 30.0, 300.0, 10.0, 4.5, 0.85)
BY_ROLE: Final[Mapping[Role, Character]] = {
    "kick": _KICK, "snare": _SNARE, "toms": _KICK, "drums": _KIT, "percussion": _TICKS, "hihat": _TICKS,
    "cymbals": _KIT, "bass": _BASS, "lead_vocal": _VOICE, "backing_vocal": _VOICE, "electric_guitar": _STRUMMED,
    "acoustic_guitar": _STRUMMED, "piano": _PLUCKED, "keys": _PLUCKED, "synth": _PLUCKED, "pad": _SUSTAINED,
    "strings": _SUSTAINED, "brass": _SUSTAINED, "woodwind": _SUSTAINED, "fx": _SUSTAINED, "other": _PLUCKED,
}  # fmt: skip
"""Hits keep their first milliseconds, voices are caught early, what is sustained is held gently."""
BY_GROUP: Final[Mapping[Group, Character]] = {
    "drums": _character(2.0, 30.0, 120.0, 8.0, 10.0, 0.65),
    "bass": _character(2.0, 25.0, 180.0, 8.0, 4.0, 0.65),
    "vocals": _character(2.0, 15.0, 150.0, 8.0, 5.0, 0.8),
    "music": _character(2.0, 30.0, 200.0, 8.0, 6.0, 0.75),
}
ON_MASTER: Final = _character(2.0, 30.0, 200.0, 10.0, 6.0, 0.75)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A wish for compression where it is to happen.

    Parameters
    ----------
    wanted_db : float
        Reduction of the loud moments, in dB.
    character : Character
        Ratio, times and knee.
    peaks_dbfs : tuple[float, ...]
        ``peak_percentiles_dbfs`` as they reach the compressor; empty for silence, which needs none.
    """

    wanted_db: float
    character: Character
    peaks_dbfs: tuple[float, ...]

    @property
    def any(self) -> bool:
        """Whether there is something to compress, and a wish that is heard."""
        return self.wanted_db >= LEAST_REDUCTION_DB and bool(self.peaks_dbfs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What is known better than the formula: by how much its threshold is too low, and its loss too small."""

    threshold_db: float = 0.0
    loss_lu: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A compressor as it stands in the console, and the one that the formulas reckon with.

    Parameters
    ----------
    compressor : Compressor
    nominal : Compressor
        With the formula's threshold, which takes what is wished of the loud moments.
    loss_lu : float
        The loudness that it takes, makeup not counted.
    """

    compressor: Compressor
    nominal: Compressor
    loss_lu: float


def set_for(wanted_db: float, character: Character, peaks_dbfs: Sequence[float]) -> Compressor:
    """The compressor of this character that turns the loud moments down by ``wanted_db`` and keeps the loudness."""
    return placed(Asked(wanted_db=wanted_db, character=character, peaks_dbfs=tuple(peaks_dbfs))).compressor


def placed(asked: Asked, correction: Correction | None = None) -> Placed:
    """The compressor that a wish asks for, off where nobody would hear it; corrected where somebody knows better."""
    if not asked.any:
        return Placed(compressor=Compressor(), nominal=Compressor(), loss_lu=0.0)
    correction = correction or Correction()
    nominal = dataclasses.replace(asked.character.compressor, threshold_db=_threshold_db(threshold_for(asked)))
    taken_lu = max(0.0, loss_lu(nominal, asked.peaks_dbfs, asked.character) + correction.loss_lu)
    nominal = dataclasses.replace(nominal, makeup_db=round(min(24.0, taken_lu), 2) + 0.0)
    threshold_db = _threshold_db(nominal.threshold_db + correction.threshold_db)
    return Placed(compressor=dataclasses.replace(nominal, threshold_db=threshold_db), nominal=nominal, loss_lu=taken_lu)


def threshold_for(asked: Asked) -> float:
    """The threshold of the formula in dBFS, wherever that may lie."""
    settles_at_db = asked.peaks_dbfs[LOUD] - asked.character.below_peaks_db
    return settles_at_db - _over_db(
        min(asked.wanted_db, LARGEST_REDUCTION_DB) / asked.character.reach, asked.character.compressor
    )


def given(compressor: Compressor, character: Character, peaks_dbfs: Sequence[float]) -> Placed:
    """A compressor that somebody set by hand, and what it takes by the formula."""
    taken_lu = loss_lu(compressor, peaks_dbfs, character)
    return Placed(compressor=compressor, nominal=compressor, loss_lu=taken_lu)


def loss_lu(compressor: Compressor, peaks_dbfs: Sequence[float], character: Character) -> float:
    """The loudness that a compressor takes from a sound with these peaks, makeup not counted; 0 or more."""
    if not compressor.on or not peaks_dbfs:
        return 0.0
    levels_db = np.interp(_SHARES, PEAK_PERCENTILES, peaks_dbfs)
    power = 10.0 ** ((levels_db - levels_db.max()) / 10.0)
    kept = power * 10.0 ** (-_reached_db(levels_db, compressor, character) / 10.0)
    return 10.0 * math.log10(math.fsum(power) / math.fsum(kept))


def peaks_behind(compressor: Compressor, peaks_dbfs: Sequence[float], character: Character) -> tuple[float, ...]:
    """The percentiles of the peaks behind a compressor, makeup included."""
    if not compressor.on or not peaks_dbfs:
        return tuple(peaks_dbfs)
    levels_db = np.asarray(peaks_dbfs, dtype=np.float64)
    reduced_db = _reached_db(levels_db, compressor, character)
    return tuple((levels_db - reduced_db + compressor.makeup_db).tolist())


def _reached_db(levels_db: NDArray[np.float64], compressor: Compressor, character: Character) -> NDArray[np.float64]:
    return character.reach * reduction_db(levels_db - character.below_peaks_db, compressor)


def peaks_of_sum(parts: Iterable[Sequence[float]]) -> tuple[float, ...]:
    """The percentiles of the peaks of a sum of unrelated sounds: the powers of the same percentiles, added."""
    sounding = [part for part in parts if part]
    if not sounding:
        return ()
    columns = zip(*sounding, strict=True)
    return tuple(10.0 * math.log10(math.fsum(10.0 ** (level / 10.0) for level in column)) for column in columns)


def _over_db(wanted_db: float, curve: Compressor) -> float:
    """How far above the threshold a level stands whose static reduction is ``wanted_db``: the curve, inverted."""
    slope, knee_db = 1.0 - 1.0 / curve.ratio, curve.knee_db
    if wanted_db >= slope * knee_db / 2.0:
        return wanted_db / slope
    return math.sqrt(2.0 * knee_db * wanted_db / slope) - knee_db / 2.0


def _threshold_db(level_db: float) -> float:
    return round(min(0.0, max(-60.0, level_db)), 2)
