"""How far two consoles of one session lie apart, knob by knob, in decibels and in what ears can tell."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mixing.engine.console.parameters import Compressor, ConsoleParameters, Eq, Strip
from mixing.engine.mixers import dynamics
from mixing.engine.mixers.dynamics import LOUD, Character
from mixing.engine.mixers.eq_response import band_response_db, power_change_db
from mixing.engine.mixers.interface import BANDS, SessionFeatures, StemFeatures
from mixing.engine.mixers.space import LEAST_SEND_DB
from mixing.engine.roles import GROUPS, Group

JUST_NOTICED: Final[Mapping[str, float]] = {
    "level_db": 1.0, "eq_db": 1.0, "pan": 0.1, "width": 0.1, "reduction_db": 1.0, "send_db": 1.0,
}  # fmt: skip
"""The smallest difference that is heard, by the names of :class:`Moves`."""


_FLAT: Final = Eq()


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """The largest differences between two consoles of one session.

    Parameters
    ----------
    level_db : float
        Of any stem's fader with what its compressor and that of its group take and give back, around the mean.
    eq_db : float
        Of any band of any equaliser: strips, groups, master.
    pan, width : float
        Of any strip.
    reduction_db : float
        Of what any compressor takes of the loud moments that reach it, by the formulas of ``dynamics``.
    send_db : float
        Of any send; one below LEAST_SEND_DB is as good as off.
    """

    level_db: float = 0.0
    eq_db: float = 0.0
    pan: float = 0.0
    width: float = 0.0
    reduction_db: float = 0.0
    send_db: float = 0.0

    @property
    def just_noticed(self) -> float:
        """The largest of them as a share of JUST_NOTICED."""
        return float(max(getattr(self, name) / least for name, least in JUST_NOTICED.items()))


def moves(session: SessionFeatures, one: ConsoleParameters, other: ConsoleParameters) -> Moves:
    """How far ``other`` lies from ``one``, both consoles of ``session``."""
    strips = list(zip(one.strips, other.strips, strict=True))
    heard, other_heard = _heard(session, one), _heard(session, other)
    levels = np.array([other_heard.levels_db[name] - level for name, level in heard.levels_db.items()])
    return Moves(
        level_db=float(np.abs(levels - levels.mean()).max()) if levels.size else 0.0,
        eq_db=max(
            float(np.abs(band_response_db(b) - band_response_db(a)).max())
            for a, b in zip(_equalisers(one), _equalisers(other), strict=True)
        ),
        pan=max(abs(b.pan - a.pan) for a, b in strips),
        width=max(abs(b.width - a.width) for a, b in strips),
        reduction_db=max(abs(b - a) for a, b in zip(heard.taken_db, other_heard.taken_db, strict=True)),
        send_db=max(
            abs(theirs - ours) for a, b in strips for ours, theirs in zip(_sends_db(a), _sends_db(b), strict=True)
        ),
    )


def largest(found: Sequence[Moves]) -> Moves:
    """The worst of each."""
    names = [item.name for item in dataclasses.fields(Moves)]
    return Moves(**{name: max((getattr(each, name) for each in found), default=0.0) for name in names})


def _sends_db(strip: Strip) -> tuple[float, float]:
    return max(strip.sends.reverb_db, LEAST_SEND_DB), max(strip.sends.delay_db, LEAST_SEND_DB)


def _equalisers(console: ConsoleParameters) -> list[Eq]:
    """Of all strips, of the groups and of the master."""
    return [
        *(strip.eq for strip in console.strips),
        *(getattr(console.groups, group).eq for group in GROUPS),
        console.master.eq,
    ]


# ---- compressors, by the formulas of ``dynamics`` --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Sound:
    """What runs through the console: percentiles of its peaks, and its power in each band, as far as that matters."""

    peaks_dbfs: tuple[float, ...]
    power: NDArray[np.float64]

    def through(self, eq: Eq, gain_db: float = 0.0) -> _Sound:
        """Behind an EQ and a gain."""
        if not self.peaks_dbfs:
            return self
        spectrum_db = (10.0 * np.log10(np.maximum(self.power, 1e-30))).tolist()
        change_db = gain_db + power_change_db(spectrum_db, eq)
        shaped = self.power * 10.0 ** ((gain_db + band_response_db(eq)) / 10.0)
        return _Sound(tuple(level + change_db for level in self.peaks_dbfs), shaped)

    def pressed(self, compressor: Compressor, character: Character) -> tuple[_Sound, float, float]:
        """Behind a compressor; what that takes of the loud moments; what it and its makeup change of the level."""
        if not compressor.on or not self.peaks_dbfs:
            return self, 0.0, 0.0
        behind = dynamics.peaks_behind(compressor, self.peaks_dbfs, character)
        taken_db = self.peaks_dbfs[LOUD] - behind[LOUD] + compressor.makeup_db
        change_db = compressor.makeup_db - dynamics.loss_lu(compressor, self.peaks_dbfs, character)
        return _Sound(behind, self.power * 10.0 ** (change_db / 10.0)), taken_db, change_db


def _sum(sounds: Sequence[_Sound]) -> _Sound:
    peaks = dynamics.peaks_of_sum(sound.peaks_dbfs for sound in sounds)
    return _Sound(peaks, np.sum([sound.power for sound in sounds], axis=0) if sounds else np.zeros(BANDS))


@dataclass(frozen=True, slots=True)
class _Heard:
    """Each sounding stem's level by name, and what every compressor takes: strips, groups, master."""

    levels_db: dict[str, float]
    taken_db: list[float]


def _heard(session: SessionFeatures, console: ConsoleParameters) -> _Heard:
    levels: dict[str, float] = {}
    taken = []
    fed: dict[Group, list[_Sound]] = {group: [] for group in GROUPS}
    for stem, strip in zip(session.stems, console.strips, strict=True):
        arriving = _recorded(stem).through(strip.eq, strip.trim_db)
        behind, taken_db, change_db = arriving.pressed(strip.compressor, dynamics.BY_ROLE[stem.role])
        taken.append(taken_db)
        if stem.audio.loudness_lufs is not None:
            levels[stem.name] = strip.fader_db + change_db
            fed[strip.group].append(behind.through(_FLAT, strip.fader_db))
    leaving = []
    group_db = {}
    for group in GROUPS:
        bus = getattr(console.groups, group)
        behind, taken_db, change_db = _sum(fed[group]).through(bus.eq).pressed(bus.compressor, dynamics.BY_GROUP[group])
        taken.append(taken_db)
        leaving.append(behind.through(_FLAT, bus.gain_db))
        group_db[group] = bus.gain_db + change_db
    master = console.master
    _, taken_db, _ = _sum(leaving).through(master.eq).pressed(master.compressor, dynamics.ON_MASTER)
    groups = {strip.stem: group_db[strip.group] for strip in console.strips}
    return _Heard({name: level + groups[name] for name, level in levels.items()}, [*taken, taken_db])


def _recorded(stem: StemFeatures) -> _Sound:
    audio = stem.audio
    if audio.loudness_lufs is None or not audio.spectrum_db:
        return _Sound(audio.peak_percentiles_dbfs, np.zeros(BANDS))
    return _Sound(audio.peak_percentiles_dbfs, 10.0 ** ((np.asarray(audio.spectrum_db) + audio.loudness_lufs) / 10.0))
