"""A battle as a visitor may see it: blind until their own vote, open after it.

Pages and the API are given these and never the rows, so that nothing they print can tell who stands where.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.urls import reverse

from accounts.models import User
from mixing.engine.console.parameters import ConsoleParameters
from mixing.engine.errors import MixFailed
from mixing.models import Job, Mixer, Song
from tournament import access
from tournament.engine.differences import differences
from tournament.models import Battle, Round, Vote

if TYPE_CHECKING:
    from collections.abc import Iterable


_UNRATED_TEXTS: Final[dict[str, str]] = {
    Vote.Unrated.TRIAL: "It was a trial: now and then a battle has one mix twice, or a broken one, to see who listens.",
    Vote.Unrated.OWN_SONG: "It is your own song, and you may know its mixes.",
    Vote.Unrated.OPENED_MIX: "You had opened a mix of this song by one of the two.",
    Vote.Unrated.CANT_TELL: "“Can’t tell” names no winner.",
}
"""What the voter is told; the labels of ``Vote.Unrated`` speak of any voter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clips:
    """Where the player finds the sound of a battle that is ready."""

    a: str
    b: str
    peaks: str
    start_s: float
    duration_s: float
    lufs: float

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {name: getattr(self, name) for name in ("a", "b", "peaks", "start_s", "duration_s", "lufs")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """Who stood on one side."""

    mixer: Mixer
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reveal:
    """What a person learns by their own vote.

    ``chosen`` is the mixer that they preferred, or None; ``facts`` are the largest differences between the two
    consoles in words, and empty in lists.
    """

    a: Contender
    b: Contender
    choice: str
    choice_text: str
    chosen: Mixer | None
    is_rated: bool
    unrated_code: str
    unrated_reason: str
    loudness_gap_lu: float
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BattleCard:
    """A battle without its contenders; ``reveal`` is None before the visitor's own vote."""

    uuid: UUID
    url: str
    song: Song
    job: Job
    created_at: datetime
    is_ready: bool
    is_cleared: bool
    clips: Clips | None
    vote: Vote | None
    reveal: Reveal | None
    tournament_url: str = ""
    """Where the battle belongs that is a round of a tournament."""

    @property
    def clip_duration_s(self) -> float | None:
        return self.clips.duration_s if self.clips else None

    @property
    def can_vote(self) -> bool:
        return self.is_ready and self.vote is None


def card(battle: Battle, vote: Vote | None, *, with_facts: bool = True) -> BattleCard:
    """The battle for the person whose own vote this is, or who has none."""
    row = _round_of(battle)
    return BattleCard(
        uuid=battle.uuid,
        url=reverse("tournament:battle", args=[battle.uuid]),
        song=battle.played_song,
        job=battle.preparation,
        created_at=battle.created_at,
        is_ready=battle.is_ready,
        is_cleared=battle.is_cleared,
        clips=_clips(battle) if battle.is_ready else None,
        vote=vote,
        reveal=_reveal(battle, row, vote, with_facts=with_facts) if vote is not None else None,
        tournament_url=reverse("tournament:tournament", args=[row.tournament.uuid]) if row is not None else "",
    )


def cards(user: User, battles: Iterable[Battle]) -> list[BattleCard]:
    """The same for a list, in two queries, without the facts of the reveals."""
    rows = list(battles)
    votes = access.votes_of(user, rows)
    return [card(battle, votes.get(battle.pk), with_facts=False) for battle in rows]


def _clips(battle: Battle) -> Clips:
    return Clips(
        a=reverse("tournament:clip", args=[battle.uuid, "a"]),
        b=reverse("tournament:clip", args=[battle.uuid, "b"]),
        peaks=reverse("tournament:clip_peaks", args=[battle.uuid]),
        start_s=battle.clip_start_s or 0.0,
        duration_s=battle.clip_duration_s or 0.0,
        # Rounded, since the digits behind are those of side A alone.
        lufs=round(battle.clip_lufs or 0.0, 1),
    )


def _round_of(battle: Battle) -> Round | None:
    """The round of a tournament that a battle is, if it is one."""
    if battle.purpose != Battle.Purpose.TOURNAMENT:
        return None
    return Round.objects.select_related("tournament", "on_a", "on_b").filter(battle=battle).first()


def _called(mixer: Mixer, name: str) -> Mixer:
    """The mixer under the name of who stood in its place: a child of it, or the musician's own rough mix."""
    named = copy.copy(mixer)
    named.title, named.summary = name, ""
    return named


def _reveal(battle: Battle, row: Round | None, vote: Vote, *, with_facts: bool) -> Reveal:
    mixer_a = battle.mixer_a if row is None else _called(battle.mixer_a, row.on_a.name)
    mixer_b = battle.mixer_b if row is None else _called(battle.mixer_b, row.on_b.name)
    chosen = {Vote.Choice.A: mixer_a, Vote.Choice.B: mixer_b}
    return Reveal(
        a=Contender(mixer=mixer_a, version=battle.version_a),
        b=Contender(mixer=mixer_b, version=battle.version_b),
        choice=vote.choice,
        choice_text=str(Vote.Choice(vote.choice).label),
        chosen=chosen.get(Vote.Choice(vote.choice)),
        is_rated=vote.is_rated,
        unrated_code=vote.unrated_reason,
        unrated_reason=_UNRATED_TEXTS.get(vote.unrated_reason, ""),
        loudness_gap_lu=battle.loudness_gap_lu or 0.0,
        facts=_facts(battle) if with_facts else (),
    )


def _facts(battle: Battle) -> tuple[str, ...]:
    if not battle.parameters_a or not battle.parameters_b:
        return ()  # A recording, of which no console is known.
    try:
        console_a = ConsoleParameters.from_dict(battle.parameters_a)
        console_b = ConsoleParameters.from_dict(battle.parameters_b)
    except MixFailed:
        # A console of another version can be kept without being understood; the reveal then goes without facts.
        return ()
    return differences(
        console_a, console_b, sample_rate=console_a.sample_rate or battle.played_song.sample_rate or 44_100
    )
