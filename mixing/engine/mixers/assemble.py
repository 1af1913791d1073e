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

from mixing.engine.console.parameters import (
    ConsoleParameters,
    Delay,
    Eq,
    GroupBus,
    Groups,
    Limiter,
    Master,
)
from mixing.engine.errors import MixFailed
from mixing.engine.mixers import dynamics, space
from mixing.engine.mixers.channels import Channel, channels, readable
from mixing.engine.mixers.decisions import Decisions, GroupDecision, StemDecision
from mixing.engine.mixers.dynamics import LOUD, Asked, Correction
from mixing.engine.mixers.eq_response import k_weights, loudness_change_lu, power_change_db
from mixing.engine.mixers.interface import Intent, Presence, SessionFeatures, StemFeatures
from mixing.engine.mixers.outcomes import AskedBus, FormulasAlone, Member, Outcomes, Sounds, knows, member_row
from mixing.engine.mixers.styles import style_named, styled
from mixing.engine.roles import GROUPS, Group

DEFAULT_TARGET_LUFS: Final = -14.0
PRESENCE_LU: Final[Mapping[Presence, float]] = {"background": -4.0, "normal": 0.0, "lead": 3.0}
"""A lead stands out without masking the rest; a background is heard as *behind*, and not as gone."""


def assemble(
    session: SessionFeatures,
    intent: Intent,
    decisions: Decisions,
    *,
    default_style: str | None = None,
    as_recorded: bool = False,
    outcomes: Outcomes | None = None,
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
    outcomes : Outcomes | None
        Who corrects what the formulas make of wishes for compression and space; nobody unless told.

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
    outcomes, sounds = outcomes or FormulasAlone(), Sounds()
    made = channels(session, wishes, decided, outcomes, sounds, as_recorded=as_recorded)
    groups, group_peaks = _groups(made, decided.groups, outcomes, sounds)
    console = ConsoleParameters(
        strips=tuple(channel.strip for channel in made),
        groups=groups,
        reverb=decided.reverb,
        delay=_delay(session, decided, made),
        master=_master(decided, intent, made, dynamics.peaks_of_sum(group_peaks), outcomes, sounds),
    )
    console = console.with_values(intent.locks).at_rate(session.sample_rate)
    # Once more: a lock on a length in samples stands above the one computed from its milliseconds.
    return console.with_values(intent.locks)


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


# ---- groups, buses, master -------------------------------------------------------------------------------------------


def _groups(
    made: Sequence[Channel], decisions: Mapping[Group, GroupDecision], outcomes: Outcomes, sounds: Sounds
) -> tuple[Groups, list[tuple[float, ...]]]:
    """The four groups, each as loud as its stems make it, and the peaks that leave them."""
    fed = {group: _Fed.by(made, decisions.get(group, GroupDecision()), group) for group in GROUPS}
    corrections = _corrected_groups(made, fed, outcomes, sounds)
    buses: dict[Group, GroupBus] = {}
    peaks: list[tuple[float, ...]] = []
    for group in GROUPS:
        bus, leaving = _group(fed[group], decisions.get(group, GroupDecision()), corrections.get(group))
        buses[group] = bus
        peaks.append(leaving)
    return Groups(**buses), peaks


@dataclass(frozen=True, slots=True)
class _Fed:
    """What comes into a group's compressor: who, with which spectrum before the EQ, and what is asked of it."""

    members: tuple[str, ...]
    eq: Eq
    spectrum_db: list[float]
    asked: Asked

    @classmethod
    def by(cls, made: Sequence[Channel], decision: GroupDecision, group: Group) -> _Fed:
        fed = [channel for channel in made if channel.strip.group == group and channel.power is not None]
        eq = readable(decision.eq)
        sums = [math.fsum(band) for band in zip(*(each.power for each in fed if each.power is not None), strict=True)]
        spectrum_db = (10.0 * np.log10(np.maximum(np.array(sums) / k_weights(), 1e-30))).tolist() if fed else []
        change_db = power_change_db(spectrum_db, eq) if fed else 0.0
        asked = Asked(
            wanted_db=0.0 if decision.compressor is not None else decision.gain_reduction_db,
            character=dynamics.BY_GROUP[group],
            peaks_dbfs=tuple(
                level + change_db for level in dynamics.peaks_of_sum(channel.peaks_dbfs for channel in fed)
            ),
        )
        return cls(tuple(channel.strip.stem for channel in fed), eq, spectrum_db, asked)


def _corrected_groups(
    made: Sequence[Channel], fed: Mapping[Group, _Fed], outcomes: Outcomes, sounds: Sounds
) -> Mapping[Group, Correction]:
    asking = {
        group: AskedBus(members=each.members, place=GROUPS.index(group), asked=each.asked)
        for group, each in fed.items()
        if each.asked.any
    }
    if not asking:
        return {}
    members = {}
    for bus in asking.values():
        members.update(_members(made, bus, sounds))
    return outcomes.groups(members, asking)


def _members(made: Sequence[Channel], bus: AskedBus, sounds: Sounds) -> dict[str, Member]:
    """The stems of a bus of which enough is known, by name."""
    found = {}
    for channel in sorted(made, key=lambda each: each.strip.stem):
        strip = channel.strip
        if strip.stem in bus.members and knows(channel.stem.audio) and channel.power is not None:
            found[strip.stem] = Member(
                sound=sounds.row(channel.stem, strip.eq),
                member=member_row(
                    channel.peaks_dbfs,
                    10.0 * math.log10(max(math.fsum(channel.power), 1e-12)),
                    beside_dbfs=bus.asked.peaks_dbfs[LOUD],
                    reduction_db=channel.taken_db,
                    pan=strip.pan,
                ),
                group=GROUPS.index(strip.group),
            )
    return found


def _group(fed: _Fed, decision: GroupDecision, correction: Correction | None) -> tuple[GroupBus, tuple[float, ...]]:
    if not fed.members:
        return GroupBus(), ()
    asked = fed.asked
    placed = (
        dynamics.placed(asked, correction)
        if decision.compressor is None
        else dynamics.given(decision.compressor, asked.character, asked.peaks_dbfs)
    )
    given_back = placed.loss_lu - placed.compressor.makeup_db if placed.compressor.on else 0.0
    gain_db = min(12.0, max(-12.0, given_back - loudness_change_lu(fed.spectrum_db, fed.eq)))
    leaving = tuple(
        level + gain_db for level in dynamics.peaks_behind(placed.nominal, asked.peaks_dbfs, asked.character)
    )
    return GroupBus(gain_db=round(gain_db, 2) + 0.0, eq=fed.eq, compressor=placed.compressor), leaving


def _delay(session: SessionFeatures, decisions: Decisions, made: Sequence[Channel]) -> Delay:
    """The delay in the song's time, where anything is sent to it and the tempo is known."""
    if session.tempo_bpm is None or not any(channel.strip.sends.delay_db > space.LEAST_SEND_DB for channel in made):
        return decisions.delay
    return dataclasses.replace(decisions.delay, time_ms=space.dotted_eighth_ms(session.tempo_bpm), time_samples=None)


def _master(
    decisions: Decisions,
    intent: Intent,
    made: Sequence[Channel],
    peaks_dbfs: tuple[float, ...],
    outcomes: Outcomes,
    sounds: Sounds,
) -> Master:
    decision, eq = decisions.master, readable(decisions.master.eq)
    compressor = decision.compressor
    if compressor is None:
        asked = Asked(wanted_db=decision.gain_reduction_db, character=dynamics.ON_MASTER, peaks_dbfs=peaks_dbfs)
        compressor = dynamics.placed(asked, _corrected_master(made, asked, outcomes, sounds)).compressor
    return Master(eq=eq, compressor=compressor, target_lufs=_target_lufs(intent), limiter=Limiter(on=True))


def _corrected_master(made: Sequence[Channel], asked: Asked, outcomes: Outcomes, sounds: Sounds) -> Correction | None:
    if not asked.any:
        return None
    heard = tuple(channel.strip.stem for channel in made if channel.power is not None)
    bus = AskedBus(members=heard, place=len(GROUPS), asked=asked)
    return outcomes.master(_members(made, bus, sounds), bus)


def _target_lufs(intent: Intent) -> float:
    if intent.target_lufs is not None:
        return intent.target_lufs
    measured = intent.reference.loudness_lufs if intent.reference is not None else None
    return DEFAULT_TARGET_LUFS if measured is None else min(-5.0, max(-40.0, measured))
