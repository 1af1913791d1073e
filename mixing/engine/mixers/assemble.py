"""From decisions in audible units to the console: every family of mixers ends here.

Styles, presence, pan, space, target and locks therefore mean the same for all. Levels are loudness (BS.1770-4):
``trim_db`` brings a stem to WORKING_LUFS, so that ``fader_db`` alone is the balance that a person reads: the loudest
stem stands at 0 dB, the others below it. What EQ, pan, width and compressor take of a stem's loudness is predicted from
its features and given back, so that none of them moves the balance.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mixing.engine.console.parameters import (
    Compressor,
    ConsoleParameters,
    Delay,
    Eq,
    GroupBus,
    Groups,
    Limiter,
    Master,
    Peak,
    Sends,
    Strip,
)
from mixing.engine.errors import MixFailed
from mixing.engine.mixers import dynamics, image, space
from mixing.engine.mixers.decisions import Decisions, GroupDecision, StemDecision
from mixing.engine.mixers.eq_response import band_response_db, k_weights, loudness_change_lu, power_change_db
from mixing.engine.mixers.interface import AudioFeatures, Intent, Presence, SessionFeatures, StemFeatures
from mixing.engine.mixers.styles import style_named, styled
from mixing.engine.roles import GROUPS, Group, group_of

WORKING_LUFS: Final = -23.0
"""The loudness that trims bring each stem to (EBU R 128's): enough headroom for any balance on the faders."""
DEFAULT_TARGET_LUFS: Final = -14.0
LARGEST_TRIM_DB: Final = 30.0
"""A stem that needs more than this is a noise floor rather than music, and stays as far behind as it is."""
LARGEST_GIVEN_BACK_LU: Final = 18.0
"""What a filter takes beyond this was the sound itself, which no fader brings back."""
LOWEST_FADER_DB: Final = -60.0
PRESENCE_LU: Final[Mapping[Presence, float]] = {"background": -4.0, "normal": 0.0, "lead": 3.0}
"""A lead stands out without masking the rest; a background is heard as *behind*, and not as gone."""
_FLAT_DB: Final = 0.05
"""A band of an EQ that moves less than this is left out: nobody hears it, and it costs time."""


def assemble(
    session: SessionFeatures,
    intent: Intent,
    decisions: Decisions,
    *,
    default_style: str | None = None,
    as_recorded: bool = False,
) -> ConsoleParameters:
    """The console that sounds as decided, styled and wished: one strip a stem, in the session's order, locks kept.

    Parameters
    ----------
    session, intent : SessionFeatures, Intent
        What was measured, and what the musician wants.
    decisions : Decisions
        What the mixer decided.
    default_style : str | None
        The mixer's own style; the intent's goes before it.
    as_recorded : bool
        Levels are beside those that the stems came with: trims stay at 0 dB, faders at the decided level.

    Raises
    ------
    MixFailed
        ``unknown_stem`` or ``unknown_style``, with the ``field``.
    ParameterError
        If a lock names no knob or stands beyond its range.
    """
    _refuse_unknown_stems(session, intent)
    decided = styled(session, decisions, style_named(intent.style or default_style))
    wishes = {stem.name: _wished(stem, decided, intent) for stem in session.stems}
    channels = _channels(session, wishes, decided, as_recorded=as_recorded)
    groups, group_peaks = _groups(channels, decided.groups)
    console = ConsoleParameters(
        strips=tuple(channel.strip for channel in channels),
        groups=groups,
        reverb=decided.reverb,
        delay=_delay(session, decided, channels),
        master=_master(decided, intent, dynamics.peaks_of_sum(group_peaks)),
    )
    console = console.with_values(intent.locks).at_rate(session.sample_rate)
    # Once more: a lock on a length in samples stands above the one computed from its milliseconds.
    return console.with_values(intent.locks)


def heard_stems(session: SessionFeatures) -> list[StemFeatures]:
    """The stems that sound, in the session's order."""
    return [stem for stem in session.stems if stem.audio.loudness_lufs is not None]


def _refuse_unknown_stems(session: SessionFeatures, intent: Intent) -> None:
    """A wish for a stem that is not there is a slip to be told."""
    names = {stem.name for stem in session.stems}
    for name in intent.stems:
        if name not in names:
            raise MixFailed(
                "unknown_stem", f"The intent speaks of {name!r}, but no stem has that name.", field=f"stems.{name}"
            )


def _wished(stem: StemFeatures, decisions: Decisions, intent: Intent) -> StemDecision:
    """The decision for a stem with the musician's own wishes on top."""
    wish = intent.of(stem.name)
    if stem.audio.loudness_lufs is None:
        return StemDecision(pan=wish.pan or 0.0)
    decision = decisions.stems.get(stem.name, StemDecision())
    decision = dataclasses.replace(
        decision,
        level_lu=decision.level_lu + PRESENCE_LU[wish.presence],
        pan=decision.pan if wish.pan is None else wish.pan,
    )
    if wish.space is None:
        return decision
    return dataclasses.replace(decision, reverb_lu=space.reverb_lu_of_space(wish.space), sends=None)


# ---- strips ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Channel:
    """A strip, and what leaves it: the percentiles of its peaks, and its K-weighted power in each band."""

    strip: Strip
    peaks_dbfs: tuple[float, ...]
    power: NDArray[np.float64] | None


def _channels(
    session: SessionFeatures, wishes: Mapping[str, StemDecision], decisions: Decisions, *, as_recorded: bool
) -> list[_Channel]:
    trims = {stem.name: 0.0 if as_recorded else _trim_db(stem.audio) for stem in session.stems}
    eqs = {name: readable(wish.eq) for name, wish in wishes.items()}
    compressors = {
        stem.name: _compressor(stem, wishes[stem.name], _peaks_behind_eq(stem, trims[stem.name], eqs[stem.name]))
        for stem in session.stems
    }
    faders = {}
    for stem in heard_stems(session):
        wish = wishes[stem.name]
        given_back = 0.0 if as_recorded else _taken_lu(stem, wish, eqs[stem.name], trims, compressors[stem.name])
        faders[stem.name] = wish.level_lu + given_back
    loudest = 0.0 if as_recorded else max(faders.values(), default=0.0)
    return [
        _channel(
            stem,
            wishes[stem.name],
            decisions,
            trim_db=trims[stem.name],
            eq=eqs[stem.name],
            compressor=compressors[stem.name],
            fader_db=max(LOWEST_FADER_DB, faders.get(stem.name, loudest) - loudest),
        )
        for stem in session.stems
    ]


def _channel(
    stem: StemFeatures,
    wish: StemDecision,
    decisions: Decisions,
    *,
    trim_db: float,
    eq: Eq,
    compressor: Compressor,
    fader_db: float,
) -> _Channel:
    """One channel; levels to a hundredth of a decibel, which is finer than ears and readable on a console."""
    pan, width = _rounded(wish.pan, -1.0, 1.0), _rounded(wish.width, 0.0, 2.0)
    strip = Strip(
        stem=stem.name,
        group=group_of(stem.role),
        trim_db=round(trim_db, 2) + 0.0,
        eq=eq,
        compressor=compressor,
        fader_db=round(min(12.0, fader_db), 2) + 0.0,  # and no -0.0
        pan=pan,
        width=width,
        sends=wish.sends or _sends(stem, wish, decisions, eq=eq, pan=pan, width=width),
    )
    if stem.audio.loudness_lufs is None:
        return _Channel(strip, (), None)
    onto_a_side_db = _loud_side_db(stem.audio, pan, width)
    behind = dynamics.peaks_behind(
        compressor, _peaks_behind_eq(stem, trim_db, eq), dynamics.BY_ROLE[stem.role].below_peaks_db
    )
    return _Channel(
        strip,
        tuple(level + strip.fader_db + onto_a_side_db for level in behind),
        _power(stem.audio, eq) * 10.0 ** ((trim_db + strip.fader_db) / 10.0),
    )


def _trim_db(audio: AudioFeatures) -> float:
    if audio.loudness_lufs is None:
        return 0.0
    return min(LARGEST_TRIM_DB, max(-LARGEST_TRIM_DB, WORKING_LUFS - audio.loudness_lufs))


def _taken_lu(
    stem: StemFeatures, wish: StemDecision, eq: Eq, trims: Mapping[str, float], compressor: Compressor
) -> float:
    """What EQ, compressor, pan and width take of the loudness; negative where they add to it."""
    taken = -loudness_change_lu(stem.audio.spectrum_db, eq)
    taken -= image.loudness_change_lu(stem.audio, pan=wish.pan, width=wish.width)
    if compressor.on:
        peaks_dbfs = _peaks_behind_eq(stem, trims[stem.name], eq)
        below_db = dynamics.BY_ROLE[stem.role].below_peaks_db
        taken += dynamics.loss_lu(compressor, peaks_dbfs, below_db) - compressor.makeup_db
    return min(LARGEST_GIVEN_BACK_LU, max(-LARGEST_GIVEN_BACK_LU, taken))


def _peaks_behind_eq(stem: StemFeatures, trim_db: float, eq: Eq) -> tuple[float, ...]:
    change_db = trim_db + power_change_db(stem.audio.spectrum_db, eq)
    return tuple(level + change_db for level in stem.audio.peak_percentiles_dbfs)


def _compressor(stem: StemFeatures, wish: StemDecision, peaks_dbfs: Sequence[float]) -> Compressor:
    if wish.compressor is not None:
        return wish.compressor
    return dynamics.set_for(wish.gain_reduction_db, dynamics.BY_ROLE[stem.role], peaks_dbfs)


def _sends(stem: StemFeatures, wish: StemDecision, decisions: Decisions, *, eq: Eq, pan: float, width: float) -> Sends:
    if stem.audio.loudness_lufs is None or (wish.reverb_lu is None and wish.delay_lu is None):
        return Sends()
    behind_eq_db = (np.asarray(stem.audio.spectrum_db) + band_response_db(eq)).tolist()
    reverb_lu = space.reverb_change_lu(behind_eq_db, decisions.reverb)
    folded = space.folded_share(stem.audio, pan=pan, width=width)
    delay_lu = space.delay_change_lu(behind_eq_db, decisions.delay, folded)
    return Sends(
        reverb_db=space.send_db(wish.reverb_lu, reverb_lu, decisions.reverb.return_db),
        delay_db=space.send_db(wish.delay_lu, delay_lu, decisions.delay.return_db),
    )


def _loud_side_db(audio: AudioFeatures, pan: float, width: float) -> float:
    """By how much pan and width change the louder side, and so the peaks that a bus meets."""
    before = 1.0 if audio.channels == 1 else (1.0 + abs(audio.imbalance)) / 2.0
    return 10.0 * math.log10(max(max(image.sides(audio, pan=pan, width=width)) / before, 1e-6))


def _power(audio: AudioFeatures, eq: Eq) -> NDArray[np.float64]:
    """K-weighted power in each band behind an EQ; without the EQ its sum is the stem's loudness."""
    if audio.loudness_lufs is None or not audio.spectrum_db:
        return np.zeros(k_weights().size)
    weighted = 10.0 ** (np.asarray(audio.spectrum_db) / 10.0) * k_weights()
    scaled: NDArray[np.float64] = weighted * (10.0 ** (audio.loudness_lufs / 10.0) / math.fsum(weighted))
    return scaled * 10.0 ** (band_response_db(eq) / 10.0)


def readable(eq: Eq) -> Eq:
    """An EQ with gains to a hundredth, frequencies to a tenth, and no band that nobody would hear."""

    def gain(value_db: float) -> float:
        return 0.0 if abs(value_db) < _FLAT_DB else round(value_db, 2)

    def peak(band: Peak) -> Peak:
        return Peak(gain_db=gain(band.gain_db), freq_hz=round(band.freq_hz, 1), q=round(band.q, 3))

    return Eq(
        high_pass=dataclasses.replace(eq.high_pass, freq_hz=round(eq.high_pass.freq_hz, 1)),
        low_shelf=dataclasses.replace(
            eq.low_shelf, gain_db=gain(eq.low_shelf.gain_db), freq_hz=round(eq.low_shelf.freq_hz, 1)
        ),
        peak_1=peak(eq.peak_1),
        peak_2=peak(eq.peak_2),
        peak_3=peak(eq.peak_3),
        high_shelf=dataclasses.replace(
            eq.high_shelf, gain_db=gain(eq.high_shelf.gain_db), freq_hz=round(eq.high_shelf.freq_hz, 1)
        ),
    )


def _rounded(value: float, low: float, high: float) -> float:
    return round(min(high, max(low, value)), 3) + 0.0


# ---- groups, buses, master -------------------------------------------------------------------------------------------


def _groups(
    channels: Sequence[_Channel], decisions: Mapping[Group, GroupDecision]
) -> tuple[Groups, list[tuple[float, ...]]]:
    """The four groups, each as loud as its stems make it, and the peaks that leave them."""
    buses: dict[Group, GroupBus] = {}
    peaks: list[tuple[float, ...]] = []
    for group in GROUPS:
        fed = [channel for channel in channels if channel.strip.group == group and channel.power is not None]
        bus, leaving = _group(fed, decisions.get(group, GroupDecision()), group)
        buses[group] = bus
        peaks.append(leaving)
    return Groups(**buses), peaks


def _group(fed: Sequence[_Channel], decision: GroupDecision, group: Group) -> tuple[GroupBus, tuple[float, ...]]:
    if not fed:
        return GroupBus(), ()
    eq = readable(decision.eq)
    power = np.array([math.fsum(band) for band in zip(*(c.power for c in fed if c.power is not None), strict=True)])
    spectrum_db = (10.0 * np.log10(np.maximum(power / k_weights(), 1e-30))).tolist()
    incoming = dynamics.peaks_of_sum(channel.peaks_dbfs for channel in fed)
    change_db = power_change_db(spectrum_db, eq)
    peaks_dbfs = tuple(level + change_db for level in incoming)
    character = dynamics.BY_GROUP[group]
    compressor = decision.compressor or dynamics.set_for(decision.gain_reduction_db, character, peaks_dbfs)
    taken = dynamics.loss_lu(compressor, peaks_dbfs, character.below_peaks_db)
    given_back = taken - compressor.makeup_db if compressor.on else 0.0
    gain_db = min(12.0, max(-12.0, given_back - loudness_change_lu(spectrum_db, eq)))
    leaving = tuple(
        level + gain_db for level in dynamics.peaks_behind(compressor, peaks_dbfs, character.below_peaks_db)
    )
    return GroupBus(gain_db=round(gain_db, 2) + 0.0, eq=eq, compressor=compressor), leaving


def _delay(session: SessionFeatures, decisions: Decisions, channels: Sequence[_Channel]) -> Delay:
    """The delay in the song's time, where anything is sent to it and the tempo is known."""
    if session.tempo_bpm is None or not any(channel.strip.sends.delay_db > space.LEAST_SEND_DB for channel in channels):
        return decisions.delay
    return dataclasses.replace(decisions.delay, time_ms=space.dotted_eighth_ms(session.tempo_bpm), time_samples=None)


def _master(decisions: Decisions, intent: Intent, peaks_dbfs: Sequence[float]) -> Master:
    decision, eq = decisions.master, readable(decisions.master.eq)
    compressor = decision.compressor or dynamics.set_for(decision.gain_reduction_db, dynamics.ON_MASTER, peaks_dbfs)
    return Master(eq=eq, compressor=compressor, target_lufs=_target_lufs(intent), limiter=Limiter(on=True))


def _target_lufs(intent: Intent) -> float:
    if intent.target_lufs is not None:
        return intent.target_lufs
    measured = intent.reference.loudness_lufs if intent.reference is not None else None
    return DEFAULT_TARGET_LUFS if measured is None else min(-5.0, max(-40.0, measured))
