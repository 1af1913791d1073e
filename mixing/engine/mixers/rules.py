"""The rule family: three mixers whose every decision can be read here, the anchors of the arena."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from mixing.engine.console.parameters import ConsoleParameters, Eq, HighPass
from mixing.engine.mixers.assemble import assemble, heard_stems
from mixing.engine.mixers.decisions import Decisions, StemDecision
from mixing.engine.mixers.interface import AudioFeatures, Intent, SessionFeatures, StemFeatures
from mixing.engine.mixers.low_end import high_pass_loss_lu
from mixing.engine.roles import Role

FAMILY: Final = "rules"

OFFSET_LU: Final[Mapping[Role, float]] = {
    "kick": 1.4, "snare": -1.3, "hihat": 1.7, "toms": -1.3, "cymbals": -0.3, "percussion": -1.8, "drums": 2.2,
    "bass": -0.8, "electric_guitar": 1.4, "acoustic_guitar": 1.4, "piano": 1.5, "keys": 1.5, "synth": 0.2, "pad": 0.2,
    "strings": -1.7, "brass": 0.9, "woodwind": 0.9, "lead_vocal": 2.6, "backing_vocal": -2.3, "fx": -2.4, "other": 0.9,
}  # fmt: skip
CENTROID_LU_PER_OCTAVE: Final = -1.42
CREST_LU_PER_DB: Final = -0.07
FLUX_LU_PER_DB: Final = -0.51
LARGEST_FLUX_DB: Final = 10.0
"""A lone hit out of digital silence measures up to 35 dB, which tells how silent that is and nothing of balance."""
LARGEST_OFFSET_LU: Final = 12.0
"""However odd its sound, no rule buries a stem further than this, nor lifts it higher, around the song's mean."""

HIGH_PASS_HZ: Final[Mapping[Role, float]] = {
    "kick": 30.0, "snare": 80.0, "hihat": 250.0, "toms": 50.0, "cymbals": 180.0, "percussion": 80.0,
    "bass": 30.0, "lead_vocal": 80.0, "backing_vocal": 110.0, "electric_guitar": 80.0, "acoustic_guitar": 80.0,
    "piano": 40.0, "keys": 40.0, "synth": 30.0, "pad": 80.0, "strings": 60.0, "brass": 60.0, "woodwind": 70.0,
    "fx": 30.0,
}  # fmt: skip
"""Below the lowest note or the body of each; a drum submix and an unknown stem keep all they have."""
LARGEST_HIGH_PASS_LOSS_LU: Final = 0.5
LOWEST_HIGH_PASS_HZ: Final = 25.0

SPREAD: Final[Mapping[Role, float]] = {
    "electric_guitar": 0.7, "acoustic_guitar": 0.6, "cymbals": 0.6, "backing_vocal": 0.5, "strings": 0.5,
    "percussion": 0.5, "brass": 0.4, "woodwind": 0.4, "piano": 0.4, "keys": 0.4, "synth": 0.4, "pad": 0.5,
    "toms": 0.4, "hihat": 0.3, "fx": 0.5,
}  # fmt: skip
"""How far out the outermost of several mono stems of one role sit; kick, snare, bass, lead and unknown stay centred."""


class FadersUp:
    """Every fader at 0 dB: the stems as they came, at the target loudness."""

    key: str = "faders-up"
    family: str = FAMILY
    version: str = "1"
    title: str = "Faders up"
    summary: str = "All faders at 0 dB: the balance that the stems came with, brought to the target loudness."

    def predict(self, session: SessionFeatures, intent: Intent) -> ConsoleParameters:
        """A neutral console with the intent's presence and pan; see :class:`~.interface.Mixer`."""
        return assemble(session, intent, Decisions(stems={}), as_recorded=True)


class EqualLoudness:
    """Every stem at one loudness."""

    key: str = "equal-loudness"
    family: str = FAMILY
    version: str = "1"
    title: str = "Equal loudness"
    summary: str = "Every stem equally loud to the ear: a fair start that knows no instrument."

    def predict(self, session: SessionFeatures, intent: Intent) -> ConsoleParameters:
        """All heard stems at one loudness, presence on top; see :class:`~.interface.Mixer`."""
        return assemble(session, intent, Decisions(stems={}))


class RoughMix:
    """Loudness by role and sound, gentle high-passes, doubles spread: what an engineer does in the first ten minutes.

    A stem's loudness around the song's mean is its role's offset plus three slopes over how its sound differs from
    the song's mean: -1.42 LU per octave of K-weighted centroid, -0.07 LU per dB of crest, -0.51 LU per dB of flux.
    The figures are a ridge regression (song-centred) over the balances of 60 public multitracks of many makers:
    ``OFFSET_LU`` holds its offsets with those slopes. Roles that it does not tell apart share one: both guitars, piano
    and keys, pad and synth; brass and woodwind, which it does not name, take that of *other*. Without role labels every
    offset is the same and the slopes alone decide.
    """

    key: str = "rough-mix"
    family: str = FAMILY
    version: str = "1"
    title: str = "Rough mix"
    summary: str = "Levels by instrument and sound, rumble filtered, doubles to the sides, the lead in front."

    def predict(self, session: SessionFeatures, intent: Intent) -> ConsoleParameters:
        """The rough mix of a session; see :class:`~.interface.Mixer`."""
        return assemble(session, intent, rough_decisions(session))


def rough_decisions(session: SessionFeatures) -> Decisions:
    """What the rough mix decides about a session, before any wish: the base that learned mixers correct."""
    levels, pans = rough_levels_lu(session), _spread_doubles(heard_stems(session))
    return Decisions(
        stems={
            stem.name: StemDecision(
                level_lu=levels[stem.name], eq=Eq(high_pass=_high_pass(stem)), pan=pans.get(stem.name, 0.0)
            )
            for stem in heard_stems(session)
        }
    )


def rough_levels_lu(session: SessionFeatures) -> dict[str, float]:
    """The rough mix's loudness of each heard stem around the song's mean, in LU (:class:`RoughMix` has the formula)."""
    heard = heard_stems(session)
    if not heard:
        return {}
    sounds = {stem.name: _sound(stem.audio) for stem in heard}
    slopes = (CENTROID_LU_PER_OCTAVE, CREST_LU_PER_DB, FLUX_LU_PER_DB)
    # Sums are exact (fsum), since the order of the stems may not change the last bit of the answer.
    means = [math.fsum(sound[axis] for sound in sounds.values()) / len(heard) for axis in range(len(slopes))]
    raw = {
        stem.name: OFFSET_LU[stem.role]
        + sum(slope * (value - mean) for slope, value, mean in zip(slopes, sounds[stem.name], means, strict=True))
        for stem in heard
    }
    centre = math.fsum(raw.values()) / len(raw)
    return {name: _bounded(level - centre, LARGEST_OFFSET_LU) for name, level in raw.items()}


def _sound(audio: AudioFeatures) -> tuple[float, float, float]:
    return math.log2(max(audio.centroid_hz, 20.0)), audio.crest_db, min(audio.flux_db, LARGEST_FLUX_DB)


def _bounded(value: float, limit: float) -> float:
    return min(limit, max(-limit, value))


# ---- high-pass and pan -----------------------------------------------------------------------------------------------


def _high_pass(stem: StemFeatures) -> HighPass:
    """The role's high-pass, lowered until it takes rumble and not sound; off where that goes too low to matter."""
    freq_hz = HIGH_PASS_HZ.get(stem.role)
    while freq_hz is not None and stem.audio.spectrum_db and freq_hz >= LOWEST_HIGH_PASS_HZ:
        high_pass = HighPass(on=True, freq_hz=round(freq_hz, 1))
        if high_pass_loss_lu(stem.audio.spectrum_db, high_pass) <= LARGEST_HIGH_PASS_LOSS_LU:
            return high_pass
        freq_hz /= math.sqrt(2)
    return HighPass()


def _spread_doubles(stems: Sequence[StemFeatures]) -> dict[str, float]:
    """Pans of mono stems that share a role, symmetrical and evenly spaced, in the order of their names.

    ``Gtr L`` and ``Gtr R``, ``BGV 1`` and ``BGV 2`` come out as written. A single stem stays in the middle.
    """
    doubles: dict[Role, list[str]] = defaultdict(list)
    for stem in stems:
        if stem.role in SPREAD and _is_mono(stem.audio):
            doubles[stem.role].append(stem.name)
    pans: dict[str, float] = {}
    for role, names in doubles.items():
        if len(names) > 1:
            step = 2 * SPREAD[role] / (len(names) - 1)
            for place, name in enumerate(sorted(names, key=lambda name: (name.casefold(), name))):
                pans[name] = round(-SPREAD[role] + place * step, 3)
    return pans


def _is_mono(audio: AudioFeatures) -> bool:
    """One channel, or two that hold the same."""
    return audio.channels == 1 or (audio.width < 0.01 and abs(audio.imbalance) < 0.1)
