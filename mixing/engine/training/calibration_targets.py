"""What compressors and rooms really do to true sound: the targets of the towers that correct the formulas.

Stems go through random consoles that a person might have set (levels, EQ, places, compression, rooms). Where a wish for
an outcome would set a knob, the outcome is measured at many settings of that knob: how much of the loud moments a
threshold takes and what that costs in loudness, how loud a room answers. Between those settings nothing has to be
guessed: every wish finds the knob that would have granted it. None of it needs a person's balance.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mixing.engine.audio.analysis import analyse_array
from mixing.engine.audio.whole_file import whole_file
from mixing.engine.console.parameters import ConsoleParameters, Strip
from mixing.engine.mixers import dynamics, space
from mixing.engine.mixers.assemble import assemble
from mixing.engine.mixers.decisions import Decisions, GroupDecision, MasterDecision, StemDecision
from mixing.engine.mixers.dynamics import Correction
from mixing.engine.mixers.eq_response import band_response_db
from mixing.engine.mixers.interface import ANALYSIS_VERSION, Intent, SessionFeatures, StemFeatures
from mixing.engine.mixers.outcomes import (
    MEMBER_COLUMNS,
    SOUND_COLUMNS,
    SPACE_COLUMNS,
    AskedBus,
    AskedSound,
    AskedSpace,
    Member,
    knows,
)
from mixing.engine.mixers.rules import rough_levels_lu
from mixing.engine.roles import GROUPS, ROLES, Group
from mixing.engine.training.content import ContentHashes
from mixing.engine.training.corpus import SongEntry
from mixing.engine.training.outcome_measures import UNDER_DB, bus_curves, returns_lu, stem_curve
from mixing.engine.training.random_console import CENTRED, random_delay, random_eq, random_reverb
from mixing.engine.training.recordings import Variation, read_part, session_rate, start_of
from mixing.engine.training.strips import Sound

TARGETS_VERSION: Final = 3
"""Changes whenever the same song and seed give other targets."""
CROP_S: Final = 8.0
_LEVEL_LU: Final = 4.0

Values = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """One random console on one stretch of a song; rows are the stems, by name, places the groups and the master.

    Parameters
    ----------
    sound, space, of_group, of_mix : NDArray[np.float32]
        ``(stems, …)``: :func:`~mixing.engine.mixers.outcomes.sound_row`, ``space_row``, and ``member_row`` in the
        stem's group and in the mix.
    groups, roles : NDArray[np.float32]
        ``(stems,)``: places in GROUPS and ROLES.
    stem_peaks, bus_peaks : NDArray[np.float32]
        ``(stems, 6)`` and ``(5, 6)``: the percentiles that the formulas reckon with; the four groups, then the mix.
    stem_curves, bus_curves : NDArray[np.float32]
        ``(stems, 3, len(UNDER_DB))`` and ``(5, 3, …)``: threshold in dBFS, reduction of the loud moments in dB, loss of
        loudness in LU; not a number where nothing sounds.
    returns_lu : NDArray[np.float32]
        ``(stems, 4)``: loudness of reverb and echoes beside the dry sound as measured, then as the formulas have them.
    """

    sound: Values
    space: Values
    of_group: Values
    of_mix: Values
    groups: Values
    roles: Values
    stem_peaks: Values
    bus_peaks: Values
    stem_curves: Values
    bus_curves: Values
    returns_lu: Values


def targets_of(
    entry: SongEntry, seeds: Sequence[int], *, cache: Path, tell: Callable[[str], None] | None = None
) -> list[Targets]:
    """A song's targets, one for each seed; what was measured is kept in ``cache`` by the content of its files."""
    roles = [stem.role for stem in entry.stems]
    settings = [TARGETS_VERSION, ANALYSIS_VERSION, UNDER_DB, CROP_S]
    key = json.dumps([settings, ContentHashes(cache).of(entry), entry.stem_names(), roles])
    folder = cache / "calibration" / hashlib.sha256(key.encode()).hexdigest()[:32]
    found = []
    for seed in seeds:
        path = folder / f"{seed:03}.npz"
        made = _read(path)
        if made is None:
            if tell is not None:
                tell(f"{entry.title}: random console {seed}")
            made = measured(entry, seed)
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(path) as unfinished, unfinished.open("wb") as file:
                np.savez_compressed(file, **{item.name: getattr(made, item.name) for item in fields(made)})
        found.append(made)
    return found


def measured(entry: SongEntry, seed: int) -> Targets:
    """Draw a stretch and a console, and measure what its compressors and rooms do."""
    dice = np.random.default_rng([TARGETS_VERSION, seed, *entry.id.encode()])
    variation = Variation(crop_s=CROP_S, position=float(dice.uniform(0.1, 0.9)))
    start_s, rate = start_of(entry, variation), session_rate(entry)
    sounds, stems = [], []
    for place, (name, stem) in enumerate(zip(entry.stem_names(), entry.stems, strict=True)):
        samples = read_part(entry, (place,), variation, start_s)
        audio, mel = analyse_array(samples, rate)
        if knows(audio):
            sounds.append(samples)
            stems.append(StemFeatures(name=name, role=stem.role, audio=audio, mel=mel))
    return of_sounds(sounds, SessionFeatures(sample_rate=rate, stems=tuple(stems)), dice)


def of_sounds(sounds: Sequence[Sound], session: SessionFeatures, dice: np.random.Generator) -> Targets:
    """The targets of stems in memory, ``(1 or 2, samples)`` each, under decisions drawn by ``dice``."""
    heard, decisions, rate = _Heard(), random_decisions(session, dice), session.sample_rate
    console = assemble(session, Intent(), decisions, outcomes=heard)
    strips = {strip.stem: strip for strip in console.strips}
    by_name = {stem.name: sound for stem, sound in zip(session.stems, sounds, strict=True)}
    stems = sorted(session.stems, key=lambda stem: stem.name)
    names = [stem.name for stem in stems]
    curves = [stem_curve(by_name[stem.name], strips[stem.name], dynamics.BY_ROLE[stem.role], rate) for stem in stems]
    nothing = (np.nan,) * 6
    return Targets(
        sound=_rows([heard.stems[name].sound for name in names], SOUND_COLUMNS),
        space=_rows([heard.spaces[name].space for name in names], SPACE_COLUMNS),
        of_group=_rows([heard.of_group[name].member for name in names], MEMBER_COLUMNS),
        of_mix=_rows([heard.of_mix[name].member for name in names], MEMBER_COLUMNS),
        groups=np.array([heard.stems[name].group for name in names], dtype=np.float32),
        roles=np.array([ROLES.index(stem.role) for stem in stems], dtype=np.float32),
        stem_peaks=_rows([_peaks(heard.stems[name]) for name in names], 6),
        bus_peaks=_rows([heard.bus_peaks.get(place, nothing) for place in range(len(GROUPS) + 1)], 6),
        stem_curves=np.array(curves, dtype=np.float32).reshape(-1, 3, len(UNDER_DB)),
        bus_curves=bus_curves(by_name, console, rate).astype(np.float32),
        returns_lu=_rows([_returns(stem, by_name[stem.name], strips[stem.name], console, rate) for stem in stems], 4),
    )


def random_decisions(session: SessionFeatures, dice: np.random.Generator) -> Decisions:
    """Decisions that a person might have taken, with something wished of every compressor and room."""
    mood = float(dice.choice((0.5, 1.0, 1.4)))
    rough = rough_levels_lu(session)
    stems = {}
    for stem in sorted(session.stems, key=lambda each: each.name):
        centred = stem.role in CENTRED
        stems[stem.name] = StemDecision(
            level_lu=rough.get(stem.name, 0.0) + float(dice.normal(0.0, _LEVEL_LU * mood)),
            eq=random_eq(dice, 3.0 * mood, high_pass_hz=min(250.0, 0.1 * stem.audio.centroid_hz)),
            pan=float(dice.normal(0.0, 0.04)) if centred else float(dice.uniform(-0.9, 0.9)) * min(1.0, mood),
            width=float(dice.uniform(0.4, 1.7)),
            gain_reduction_db=float(dice.uniform(0.5, 8.0)) if dice.random() < 0.6 else 0.3,
            reverb_lu=float(dice.uniform(-26.0, -8.0)),
            delay_lu=float(dice.uniform(-28.0, -14.0)),
        )
    return Decisions(
        stems=stems,
        groups={
            group: GroupDecision(gain_reduction_db=float(dice.uniform(0.5, 5.0)), eq=random_eq(dice, 1.5 * mood))
            for group in GROUPS
        },
        reverb=random_reverb(dice),
        delay=random_delay(dice),
        master=MasterDecision(gain_reduction_db=float(dice.uniform(0.5, 4.0)), eq=random_eq(dice, 1.5 * mood)),
    )


@dataclass(slots=True)
class _Heard:
    """Corrects nothing, and writes down what it was asked: what a network would have seen."""

    stems: dict[str, AskedSound] = field(default_factory=dict)
    spaces: dict[str, AskedSpace] = field(default_factory=dict)
    of_group: dict[str, Member] = field(default_factory=dict)
    of_mix: dict[str, Member] = field(default_factory=dict)
    bus_peaks: dict[int, tuple[float, ...]] = field(default_factory=dict)

    def compressors(self, stems: Mapping[str, AskedSound]) -> Mapping[str, Correction]:
        self.stems.update(stems)
        return {}

    def sends(self, stems: Mapping[str, AskedSpace]) -> Mapping[str, tuple[float, float]]:
        self.spaces.update(stems)
        return {}

    def groups(self, members: Mapping[str, Member], buses: Mapping[Group, AskedBus]) -> Mapping[Group, Correction]:
        self.of_group.update(members)
        self.bus_peaks.update({bus.place: bus.asked.peaks_dbfs for bus in buses.values()})
        return {}

    def master(self, members: Mapping[str, Member], bus: AskedBus) -> Correction:
        self.of_mix.update(members)
        self.bus_peaks[bus.place] = bus.asked.peaks_dbfs
        return Correction()


def _peaks(asked: AskedSound) -> tuple[float, ...]:
    if asked.asked is None:
        raise ValueError("Every stem of a random console asks for something.")
    return asked.asked.peaks_dbfs


def _returns(
    stem: StemFeatures, sound: Sound, strip: Strip, console: ConsoleParameters, sample_rate: int
) -> tuple[float, ...]:
    """As measured, then by the formulas."""
    spectrum_db = (np.asarray(stem.audio.spectrum_db) + band_response_db(strip.eq)).tolist()
    folded = space.folded_share(stem.audio, pan=strip.pan, width=strip.width)
    return (
        *returns_lu(sound, strip, console.reverb, console.delay, sample_rate),
        space.reverb_change_lu(spectrum_db, console.reverb),
        space.delay_change_lu(spectrum_db, console.delay, folded),
    )


def _rows(rows: Sequence[Sequence[float] | NDArray[np.floating]], columns: int) -> Values:
    return np.array(rows, dtype=np.float32).reshape(len(rows), columns)


def _read(path: Path) -> Targets | None:
    try:
        with np.load(path, allow_pickle=False) as kept:
            return Targets(**{item.name: kept[item.name] for item in fields(Targets)})
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
