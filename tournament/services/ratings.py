"""The board: a fold over the log of votes, each time anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from django.db.models import Count

from mixing.models import Mixer
from tournament.engine.ratings import Ballot, Choice, standings
from tournament.models import Vote


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow:
    """One mixer's line; the numbers are those of :class:`tournament.engine.ratings.Standing`."""

    mixer: Mixer
    rated: int
    wins: int
    losses: int
    ties: int
    both_bad: int
    share: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UnratedCount:
    """Votes that are kept and not counted, and why."""

    reason: str
    text: str
    votes: int


def board() -> list[BoardRow]:
    """Every mixer that is active or was voted on, the surest first."""
    ballots = [
        Ballot(a, b, cast(Choice, choice))
        for a, b, choice in Vote.objects.filter(is_rated=True).values_list(
            "battle__mixer_a__key", "battle__mixer_b__key", "choice"
        )
    ]
    judged = {key for ballot in ballots for key in (ballot.a, ballot.b)}
    mixers = {mixer.key: mixer for mixer in Mixer.objects.all() if mixer.is_active or mixer.key in judged}
    return [
        BoardRow(
            mixer=mixers[row.contender],
            rated=row.rated,
            wins=row.wins,
            losses=row.losses,
            ties=row.ties,
            both_bad=row.both_bad,
            share=row.share,
            low=row.low,
            high=row.high,
        )
        for row in standings(ballots, list(mixers))
    ]


def unrated_counts() -> list[UnratedCount]:
    """How many votes the board leaves out, by reason; reasons that nobody had are left out too."""
    counts = Vote.objects.filter(is_rated=False).values_list("unrated_reason").annotate(Count("id")).order_by()
    by_reason = dict(counts)
    return [
        UnratedCount(reason=reason.value, text=str(reason.label), votes=by_reason[reason.value])
        for reason in Vote.Unrated
        if by_reason.get(reason.value)
    ]
