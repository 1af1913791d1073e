"""The rule family: three mixers whose every decision can be read here, the anchors of the arena.

Levels are loudness (BS.1770-4). ``trim_db`` brings a stem to WORKING_LUFS, so that ``fader_db`` alone is the balance
that a person reads: the loudest stem stands at 0 dB, the others below it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from mixing.engine.console.parameters import ConsoleParameters, Eq, HighPass, Master, Strip
from mixing.engine.errors import MixFailed
from mixing.engine.mixers.interface import AudioFeatures, Intent, Presence, SessionFeatures, StemFeatures
from mixing.engine.mixers.low_end import high_pass_loss_lu
from mixing.engine.roles import Role, group_of

FAMILY: Final = "rules"
WORKING_LUFS: Final = -23.0
"""The loudness that trims bring each stem to (EBU R 128's): enough headroom for any balance on the faders."""
DEFAULT_TARGET_LUFS: Final = -14.0
LARGEST_TRIM_DB: Final = 30.0
"""A stem that needs more than this is a noise floor rather than music, and stays as far behind as it is."""
PRESENCE_LU: Final[Mapping[Presence, float]] = {"background": -4.0, "normal": 0.0, "lead": 3.0}
"""A lead stands out without masking the rest; a background is heard as *behind*, and not as gone."""

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
        _refuse_what_rules_cannot_do(session, intent)
        strips = [
            _strip(stem, fader_db=_presence_lu(stem, intent), pan=intent.of(stem.name).pan or 0.0)
            for stem in session.stems
        ]
        return _console(session, intent, strips)


class EqualLoudness:
    """Every stem at one loudness."""

    key: str = "equal-loudness"
    family: str = FAMILY
    version: str = "1"
    title: str = "Equal loudness"
    summary: str = "Every stem equally loud to the ear: a fair start that knows no instrument."

    def predict(self, session: SessionFeatures, intent: Intent) -> ConsoleParameters:
        """All heard stems at one loudness, presence on top; see :class:`~.interface.Mixer`."""
        _refuse_what_rules_cannot_do(session, intent)
        pans = {stem.name: intent.of(stem.name).pan or 0.0 for stem in session.stems}
        levels = {stem.name: _presence_lu(stem, intent) for stem in _heard(session)}
        return _console(session, intent, _balanced(session, levels, pans, {}))


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
        _refuse_what_rules_cannot_do(session, intent)
        high_passes = {stem.name: _high_pass(stem) for stem in session.stems}
        pans = _spread_doubles(_heard(session))
        for stem in session.stems:
            wanted = intent.of(stem.name).pan
            pans[stem.name] = pans.get(stem.name, 0.0) if wanted is None else wanted
        levels = {
            name: level + PRESENCE_LU[intent.of(name).presence] for name, level in rough_levels_lu(session).items()
        }
        return _console(session, intent, _balanced(session, levels, pans, high_passes))


def rough_levels_lu(session: SessionFeatures) -> dict[str, float]:
    """The rough mix's loudness of each heard stem around the song's mean, in LU (:class:`RoughMix` has the formula)."""
    heard = _heard(session)
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


def _heard(session: SessionFeatures) -> list[StemFeatures]:
    return [stem for stem in session.stems if stem.audio.loudness_lufs is not None]


def _bounded(value: float, limit: float) -> float:
    return min(limit, max(-limit, value))


# ---- from levels to strips -------------------------------------------------------------------------------------------


def _balanced(
    session: SessionFeatures,
    levels_lu: Mapping[str, float],
    pans: Mapping[str, float],
    high_passes: Mapping[str, HighPass],
) -> list[Strip]:
    """Strips that give the heard stems these loudnesses relative to each other; silent ones stay at 0 dB.

    What the high-pass and a balanced pan take away is given back by the fader, so that they move no level.
    """
    faders = {
        stem.name: levels_lu[stem.name]
        + high_pass_loss_lu(stem.audio.spectrum_db, high_passes.get(stem.name, HighPass()))
        + _pan_loss_lu(stem.audio, pans[stem.name])
        for stem in _heard(session)
    }
    loudest = max(faders.values(), default=0.0)
    return [
        _strip(
            stem,
            trim_db=_trim_db(stem.audio),
            fader_db=faders[stem.name] - loudest if stem.name in faders else 0.0,
            pan=pans[stem.name],
            high_pass=high_passes.get(stem.name, HighPass()),
        )
        for stem in session.stems
    ]


def _strip(
    stem: StemFeatures, *, fader_db: float, pan: float, trim_db: float = 0.0, high_pass: HighPass | None = None
) -> Strip:
    """One channel; levels to a hundredth of a decibel, which is finer than ears and readable on a console."""
    return Strip(
        stem=stem.name,
        group=group_of(stem.role),
        trim_db=round(trim_db, 2) + 0.0,
        eq=Eq(high_pass=high_pass or HighPass()),
        fader_db=round(fader_db, 2) + 0.0,  # and no -0.0
        pan=pan,
    )


def _trim_db(audio: AudioFeatures) -> float:
    if audio.loudness_lufs is None:
        return 0.0
    return _bounded(WORKING_LUFS - audio.loudness_lufs, LARGEST_TRIM_DB)


def _pan_loss_lu(audio: AudioFeatures, pan: float) -> float:
    """Loudness that the balance takes from a stereo stem; mono pans at constant power and loses none.

    At least one hundredth of the energy is taken to remain: a balance away from a stem's only side is its end.
    """
    if audio.channels == 1 or pan == 0.0:
        return 0.0
    faded_share = (1 + audio.imbalance) / 2 if pan < 0 else (1 - audio.imbalance) / 2
    kept = 1 - faded_share * (1 - (1 - abs(pan)) ** 2)
    return -10 * math.log10(max(kept, 0.01))


def _console(session: SessionFeatures, intent: Intent, strips: Sequence[Strip]) -> ConsoleParameters:
    """The console with its target, its lengths at the session's rate, and the user's locks on top of it all."""
    console = ConsoleParameters(strips=tuple(strips), master=Master(target_lufs=_target_lufs(intent)))
    console = console.with_values(intent.locks).at_rate(session.sample_rate)
    # Once more: a lock on a length in samples stands above the one computed from its milliseconds.
    return console.with_values(intent.locks)


def _target_lufs(intent: Intent) -> float:
    if intent.target_lufs is not None:
        return intent.target_lufs
    measured = intent.reference.loudness_lufs if intent.reference is not None else None
    return DEFAULT_TARGET_LUFS if measured is None else min(-5.0, max(-40.0, measured))


# ---- what the musician asked for -------------------------------------------------------------------------------------


def _presence_lu(stem: StemFeatures, intent: Intent) -> float:
    return 0.0 if stem.audio.loudness_lufs is None else PRESENCE_LU[intent.of(stem.name).presence]


def _refuse_what_rules_cannot_do(session: SessionFeatures, intent: Intent) -> None:
    """Styles, and space other than dry, are beyond rules; a wish for a stem that is not there is a slip to be told."""
    if intent.style is not None:
        raise MixFailed(
            "intent_not_supported", f"This mixer has no style {intent.style!r}; leave the style out.", field="style"
        )
    names = {stem.name for stem in session.stems}
    for name, wish in intent.stems.items():
        if name not in names:
            raise MixFailed(
                "unknown_stem", f"The intent speaks of {name!r}, but no stem has that name.", field=f"stems.{name}"
            )
        if wish.space:
            raise MixFailed(
                "intent_not_supported",
                f"This mixer sets no reverb, so it cannot give {name!r} space; leave space out or set it to 0.",
                field=f"stems.{name}.space",
            )


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
