"""What one person kept, as their own board: everyone's board, moved by their own votes alone.

The model is the boards', held close to everyone's (:mod:`tournament.engine.personal`), so that few votes move little.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from django.db.models import QuerySet

from accounts.models import User
from mixing.models import Mixer
from tournament.board_pages import POINTS_PER_LOGIT, PUBLIC, REFERENCE_RATING, Axis, axis_of, place_on
from tournament.engine.online import Belief, Result
from tournament.engine.personal import posterior
from tournament.engine.ratings import Z_95, Ballot, Choice, Standing, standings
from tournament.models import Battle, Competitor, RatingSnapshot, Vote
from tournament.services import beliefs

_SAID: Final = ("a", "b", "tie")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRow:
    """A mixer as one person's votes have it; ``everyone`` is its rating on everyone's board, if it is there.

    ``start``, ``at``, ``end`` and ``everyone_at`` are places on the axis from 0 to 1.
    """

    title: str
    rating: float
    low: float
    high: float
    everyone: float | None
    start: float
    at: float
    end: float
    everyone_at: float | None
    tally: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnBoard:
    """One person's board, the highest first; ``votes`` are those that it is made of."""

    rows: tuple[OwnRow, ...]
    axis: Axis
    votes: int


def own_board(user: User) -> OwnBoard | None:
    """Of all votes of one person, those on own songs included; None before the first one.

    Hidden trials are left out, and rounds of a tournament in which a child or a recording took part.
    """
    ballots = _ballots(user)
    if not ballots:
        return None
    met = sorted({key for ballot in ballots for key in (ballot.a, ballot.b)})
    everyone = _everyone()
    theirs = {key: (everyone.get(key, REFERENCE_RATING) - REFERENCE_RATING) / POINTS_PER_LOGIT for key in met}
    results = [Result(each.a, each.b, each.choice) for each in ballots if each.choice in _SAID]
    known = posterior(results, theirs, ties=beliefs.ties())
    told: list[dict[str, Any]] = [
        {"key": row.contender, "tally": row, **_points(known[row.contender])} for row in standings(ballots, met)
    ]
    told.sort(key=lambda row: (-row["rating"], row["key"]))
    return _board(told, everyone, votes=len(ballots))


def _ballots(user: User) -> list[Ballot]:
    votes = _of_mixers(Vote.objects.filter(voter=user)).exclude(unrated_reason=Vote.Unrated.TRIAL)
    said = votes.exclude(choice=Vote.Choice.CANT_TELL).order_by("id")
    rows = said.values_list("battle__mixer_a__key", "battle__mixer_b__key", "choice")
    return [Ballot(a, b, cast(Choice, choice)) for a, b, choice in rows if a != b]


def _of_mixers(votes: QuerySet[Vote]) -> QuerySet[Vote]:
    """Without rounds in which a row's mixer stands for a child of it, or for a recording."""
    rounds = votes.filter(battle__purpose=Battle.Purpose.TOURNAMENT)
    as_they_are = rounds.filter(
        battle__round__on_a__kind=Competitor.Kind.MIXER, battle__round__on_b__kind=Competitor.Kind.MIXER
    )
    return votes.exclude(pk__in=rounds.exclude(pk__in=as_they_are.values("pk")).values("pk"))


def _everyone() -> dict[str, float]:
    """The rating of each mixer on everyone's board: of its version with the most votes."""
    snapshot = RatingSnapshot.objects.filter(board=PUBLIC).order_by("-id").first()
    rows = sorted(snapshot.result["rows"], key=lambda row: row["votes"]) if snapshot else []
    return {row["contender"].partition("@")[0]: row["rating"] for row in rows if row["votes"]}


def _points(belief: Belief) -> dict[str, float]:
    rating, half = (POINTS_PER_LOGIT * value for value in (belief.mean, Z_95 * math.sqrt(belief.variance)))
    rating += REFERENCE_RATING
    return {"rating": rating, "low": rating - half, "high": rating + half}


def _board(told: Sequence[Mapping[str, Any]], everyone: Mapping[str, float], *, votes: int) -> OwnBoard:
    axis = axis_of([{**row, "status": "ranked"} for row in told])
    titles = dict(Mixer.objects.values_list("key", "title"))
    rows = []
    for row in told:
        start, at, end = (place_on(axis, row[name]) for name in ("low", "rating", "high"))
        theirs = everyone.get(row["key"])
        rows.append(
            OwnRow(
                title=titles.get(row["key"], row["key"]),
                rating=row["rating"], low=row["low"], high=row["high"], everyone=theirs,
                start=start, at=at, end=end,
                everyone_at=None if theirs is None else place_on(axis, theirs),
                tally=row["tally"],
            )
        )  # fmt: skip
    return OwnBoard(rows=tuple(rows), axis=axis, votes=votes)
