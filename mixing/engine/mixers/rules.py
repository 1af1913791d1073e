"""The rule family: three mixers whose every decision can be read here, the anchors of the arena."""

from __future__ import annotations

import dataclasses
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mixing.engine.console.parameters import ConsoleParameters, Eq, HighPass
from mixing.engine.mixers import image
from mixing.engine.mixers.assemble import assemble
from mixing.engine.mixers.came import believed_lu
from mixing.engine.mixers.channels import heard_stems
from mixing.engine.mixers.decisions import Decisions, StemDecision
from mixing.engine.mixers.eq_response import band_response_db
from mixing.engine.mixers.interface import AudioFeatures, Intent, SessionFeatures, StemFeatures, band_centres_hz
from mixing.engine.mixers.low_end import high_pass_loss_lu
from mixing.engine.mixers.rough_fit import RoughFit, Tone, correcting_eq, shipped
from mixing.engine.roles import Role

FAMILY: Final = "rules"

LARGEST_FLUX_DB: Final = 10.0
"""A lone hit out of digital silence measures up to 35 dB, which tells how silent that is and nothing of balance."""
LARGEST_OFFSET_LU: Final = 12.0
"""However odd its sound, no rule buries a stem further than this, nor lifts it higher, around the song's mean."""
LARGEST_CORRECTION_DB: Final = 6.0
ONE_SIDED: Final = 0.98
"""An imbalance of 20 dB."""
RUMBLE_RANGE_DB: Final = 45.0
"""Bands this far below a stem's loudest are taken as this far below: what lies there is no rumble."""

HIGH_PASS_HZ: Final[Mapping[Role, float]] = {
    "kick": 30.0, "snare": 80.0, "hihat": 250.0, "toms": 50.0, "cymbals": 180.0, "percussion": 80.0,
    "bass": 30.0, "lead_vocal": 80.0, "backing_vocal": 110.0, "electric_guitar": 80.0, "acoustic_guitar": 80.0,
    "piano": 40.0, "keys": 40.0, "synth": 30.0, "pad": 80.0, "strings": 60.0, "brass": 60.0, "woodwind": 70.0,
    "fx": 30.0,
}  # fmt: skip
"""Below the lowest note or the body of each; a drum submix and an unknown stem keep all they have."""
LARGEST_HIGH_PASS_LOSS_LU: Final = 0.5
LOWEST_HIGH_PASS_HZ: Final = 25.0
LOWEST_AUDIBLE_HZ: Final = 40.0
RUMBLE_DB: Final = 9.0

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
    """Level by role and sound, tone towards the role's, centred, rumble gone: an engineer's first ten minutes.

    - *Level*: a stem's loudness around the song's mean is its role's offset plus three slopes over how its sound
      differs from the song's mean (K-weighted centroid, crest, flux); where it came further from there than a
      recording's gain would bring it, it was meant to (:func:`~mixing.engine.mixers.came.believed_lu`).
    - *Tone*: five bands at fixed places move the spectrum towards the mean of its role, as far as what is off looks
      like an equaliser and not like one more sound of that role, within LARGEST_CORRECTION_DB. What the song's other
      stems lack as well is the sound of the song.
    - *Place*: an imbalance is undone up to ``left_alone_db``, what is beyond was meant; mono doubles go to the sides.
    - *Rumble*: high-passes by role, where they take rumble and not sound.

    No dynamics and no room unless a style or a wish asks: nothing in the songs says how much a stem needs, and a rough
    mix that squeezes or drowns is one that must be undone. All numbers are fitted (``models/rough-mix.json``). Without
    role labels the offsets are all the same, and tone moves little, towards what stems have in common.
    """

    key: str = "rough-mix"
    family: str = FAMILY
    title: str = "Rough mix"
    summary: str = "Levels by instrument and sound, tones evened, rumble filtered, doubles to the sides, lead in front."

    def __init__(self, fit: RoughFit | None = None) -> None:
        self._fit = fit or shipped()[0]
        self.version: str = f"2.{shipped()[1][:12]}" if fit is None else "2.own"

    def predict(self, session: SessionFeatures, intent: Intent) -> ConsoleParameters:
        """The rough mix of a session; see :class:`~.interface.Mixer`."""
        return assemble(session, intent, rough_decisions(session, self._fit))


def rough_decisions(session: SessionFeatures, fit: RoughFit | None = None) -> Decisions:
    """What the rough mix decides about a session, before any wish: the base that learned mixers correct.

    ``fit`` is the one that ships, unless it is given.
    """
    fit = fit or shipped()[0]
    levels, eqs = rough_levels_lu(session, fit), rough_eqs(session, fit)
    doubles = _spread_doubles(heard_stems(session))
    stems = {}
    for stem in heard_stems(session):
        eq = eqs[stem.name]
        eq = dataclasses.replace(eq, high_pass=_high_pass(stem, eq, fit.tone))
        pan = doubles[stem.name] if stem.name in doubles else rough_pan(stem.audio, fit)
        stems[stem.name] = StemDecision(level_lu=levels[stem.name], eq=eq, pan=pan)
    return Decisions(stems=stems)


def rough_levels_lu(session: SessionFeatures, fit: RoughFit | None = None) -> dict[str, float]:
    """The rough mix's loudness of each heard stem around the song's mean, in LU (:class:`RoughMix` has the formula)."""
    heard = heard_stems(session)
    if not heard:
        return {}
    levels = (fit or shipped()[0]).levels
    sounds = {stem.name: sound_of(stem.audio) for stem in heard}
    slopes = (levels.centroid_lu_per_octave, levels.crest_lu_per_db, levels.flux_lu_per_db)
    # Sums are exact (fsum), since the order of the stems may not change the last bit of the answer.
    means = [math.fsum(sound[axis] for sound in sounds.values()) / len(heard) for axis in range(len(slopes))]
    ruled = _centred(
        {
            stem.name: levels.offsets_lu[stem.role]
            + sum(slope * (value - mean) for slope, value, mean in zip(slopes, sounds[stem.name], means, strict=True))
            for stem in heard
        }
    )
    came = _centred({stem.name: stem.audio.loudness_lufs or 0.0 for stem in heard})
    ruled = {name: _bounded(level, LARGEST_OFFSET_LU) for name, level in ruled.items()}
    return {name: level + believed_lu(came[name] - level, len(heard), levels.left_lu) for name, level in ruled.items()}


def rough_eqs(session: SessionFeatures, fit: RoughFit | None = None) -> dict[str, Eq]:
    """The EQ of each heard stem, which moves its tone towards that of its role; neutral in the prior."""
    tone = (fit or shipped()[0]).tone
    heard = heard_stems(session)
    if tone is None:
        return {stem.name: Eq() for stem in heard}
    lacking = {stem.name: _lacking_db(stem, tone) for stem in heard if stem.audio.spectrum_db}
    if tone.song_stems is not None and len(lacking) > 1:
        lacking = _beside_the_song_db(lacking, tone.song_stems)
    return {stem.name: _eq_for(stem.role, lacking[stem.name], tone) if stem.name in lacking else Eq() for stem in heard}


def rough_eq(stem: StemFeatures, fit: RoughFit | None = None) -> Eq:
    """The EQ of a stem by itself."""
    return rough_eqs(SessionFeatures(sample_rate=48_000, stems=(stem,)), fit).get(stem.name, Eq())


def _lacking_db(stem: StemFeatures, tone: Tone) -> NDArray[np.float64]:
    return np.asarray(tone.spectra_db[stem.role]) - shape_db(stem.audio.spectrum_db, tone.range_db)


def _beside_the_song_db(
    lacking: Mapping[str, NDArray[np.float64]], song_stems: float
) -> dict[str, NDArray[np.float64]]:
    """What each stem lacks beside what the song is taken to lack, by the mean of the others and their number."""
    every = np.array([math.fsum(band) for band in zip(*lacking.values(), strict=True)])
    return {name: own - (every - own) / (len(lacking) - 1 + song_stems) for name, own in lacking.items()}


def _eq_for(role: Role, lacking_db: NDArray[np.float64], tone: Tone) -> Eq:
    rows = tone.unknown_gains_per_db if role == "other" else tone.gains_per_db
    gains_db = tuple(
        round(_bounded(tone.strength * math.fsum(np.asarray(row) * lacking_db), LARGEST_CORRECTION_DB), 2)
        for row in rows
    )
    return correcting_eq(gains_db)


def rough_pan(audio: AudioFeatures, fit: RoughFit | None = None) -> float:
    """The balance that undoes an imbalance of up to ``left_alone_db``, and of a larger one that much.

    A stem on one side alone stays there: no balance brings the other side back.
    """
    if audio.channels == 1 or abs(audio.imbalance) > ONE_SIDED:
        return 0.0
    left, right = image.sides(audio)
    apart_db = 10.0 * math.log10(right / left)
    undone_db = min(abs(apart_db), (fit or shipped()[0]).left_alone_db)
    return round(math.copysign(1.0 - 10.0 ** (-undone_db / 20.0), -apart_db), 3) + 0.0


def shape_db(spectrum_db: Sequence[float], range_db: float) -> NDArray[np.float64]:
    """A spectrum around its own mean, with nothing more than ``range_db`` below its loudest band."""
    levels_db = np.asarray(spectrum_db, dtype=np.float64)
    levels_db = np.maximum(levels_db, levels_db.max() - range_db)
    return np.asarray(levels_db - math.fsum(levels_db) / levels_db.size)


def sound_of(audio: AudioFeatures) -> tuple[float, float, float]:
    """What the slopes of the level go by: octaves of the centroid, crest in dB, flux in dB."""
    return math.log2(max(audio.centroid_hz, 20.0)), audio.crest_db, min(audio.flux_db, LARGEST_FLUX_DB)


def _centred(values: Mapping[str, float]) -> dict[str, float]:
    mean = math.fsum(values.values()) / len(values)
    return {name: value - mean for name, value in values.items()}


def _bounded(value: float, limit: float) -> float:
    return min(limit, max(-limit, value))


# ---- high-pass and pan -----------------------------------------------------------------------------------------------


def _high_pass(stem: StemFeatures, eq: Eq, tone: Tone | None) -> HighPass:
    """The role's high-pass where there is rumble, lowered until it takes that and not sound; off where that is too low.

    Rumble is what a stem has near and below the corner, behind its EQ, beyond the spectrum of its role. Corners under
    LOWEST_AUDIBLE_HZ take what is felt rather than heard and are always set.
    """
    freq_hz = HIGH_PASS_HZ.get(stem.role)
    if freq_hz is None or not stem.audio.spectrum_db:
        return HighPass()
    if freq_hz > LOWEST_AUDIBLE_HZ and tone is not None and _rumble_db(stem, freq_hz, eq, tone) < RUMBLE_DB:
        return HighPass()
    while freq_hz >= LOWEST_HIGH_PASS_HZ:
        high_pass = HighPass(on=True, freq_hz=round(freq_hz, 1))
        if high_pass_loss_lu(stem.audio.spectrum_db, high_pass) <= LARGEST_HIGH_PASS_LOSS_LU:
            return high_pass
        freq_hz /= math.sqrt(2)
    return HighPass()


def _rumble_db(stem: StemFeatures, freq_hz: float, eq: Eq, tone: Tone) -> float:
    """By how much the lowest bands stand above those of the role's spectrum."""
    low = np.asarray(band_centres_hz()) <= max(freq_hz, band_centres_hz()[0])
    shape = shape_db(stem.audio.spectrum_db, RUMBLE_RANGE_DB) + band_response_db(eq)
    return float(np.mean((shape - shape_db(tone.spectra_db[stem.role], RUMBLE_RANGE_DB))[low]))


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
