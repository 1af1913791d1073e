"""Published boards as pages and the API show them: snapshots with names, and where to draw what.

Reads what the scheduler has published and computes no rating, so that a web process needs no numeric engine.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, Max
from django.http import Http404

from mixing.models import Mixer
from tournament.models import RatingSnapshot, Vote

PUBLIC: Final = "public"
REFERENCE_RATING: Final = 1000.0
POINTS_PER_LOGIT: Final = 400.0 / math.log(10.0)
_TITLES: Final = {
    PUBLIC: ("Everyone", "Every rated vote of everybody whose votes count."),
    "artist": ("Artists", "People who judged a song of their own, their votes on it among them."),
    "expert": ("Experts", "The expert league: from 201 rated votes on, and hidden trials that show that they listen."),
}
_ORDER: Final = (PUBLIC, "expert", "artist")
_LEAST_SPAN: Final = 100.0
"""Points that the axis shows at least on each side of what is best known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One contender. ``start``, ``at`` and ``end`` are places on the axis from 0 to 1; what lies beyond is cut off."""

    rank: int | None
    title: str
    version: str
    status: str
    rating: float
    low: float
    high: float
    votes: int
    wins: int
    losses: int
    ties: int
    both_bad: int
    both_bad_share: float | None
    both_bad_low: float
    both_bad_high: float
    start: float
    at: float
    end: float
    is_reference: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """The points at both ends, where the reference stands, and marks as (place, points)."""

    low: float
    high: float
    reference: float
    marks: tuple[tuple[float, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """How often the row's contender won against the column's; ``tenth`` is 0 to 10, or None where they never met."""

    wins: int
    losses: int
    share: float | None
    tenth: int | None
    is_self: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a thing is worth, in points, with its interval."""

    points: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardPage:
    """A board with all that a reader needs in order to trust it."""

    board: str
    title: str
    about: str
    votes: int
    votes_sha256: str
    computed_at: datetime
    reference: str
    rows: tuple[Row, ...]
    axis: Axis
    matrix: tuple[tuple[Row, tuple[Cell, ...]], ...]
    side: Effect | None
    loudness: Effect | None
    tie: float | None
    effective_voters: float
    votes_to_flip: int | None
    unranked_under: int
    preliminary_under: int
    raw: Mapping[str, Any] = field(repr=False)

    @property
    def leader(self) -> Row | None:
        """Whoever stands first, if anybody has a rank."""
        return next((row for row in self.rows if row.rank == 1), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnratedCount:
    """Votes that are kept and not counted, and why."""

    reason: str
    text: str
    votes: int


def latest() -> list[BoardPage]:
    """Every published board as it stands now: everyone's, experts', artists', then genres by name."""
    newest = RatingSnapshot.objects.order_by().values("board").annotate(newest=Max("id")).values("newest")
    snapshots = RatingSnapshot.objects.filter(id__in=newest)
    places = {board: place for place, board in enumerate(_ORDER)}
    titles = _mixer_titles()
    ordered = sorted(snapshots, key=lambda each: (places.get(each.board, len(places)), each.board))
    return [page_of(snapshot, titles) for snapshot in ordered]


def board_page(board: str) -> BoardPage | None:
    """One board as it stands now; None before its first vote."""
    snapshot = RatingSnapshot.objects.filter(board=board).order_by("-id").first()
    return None if snapshot is None else page_of(snapshot, _mixer_titles())


def board_or_404(board: str) -> BoardPage:
    """The same where a page needs one."""
    page = board_page(board)
    if page is None:
        raise Http404
    return page


def unrated_counts() -> list[UnratedCount]:
    """How many votes boards leave out, by reason; reasons that nobody had are left out too."""
    counts = Vote.objects.filter(is_rated=False).values_list("unrated_reason").annotate(Count("id")).order_by()
    by_reason = dict(counts)
    return [
        UnratedCount(reason=reason.value, text=str(reason.label), votes=by_reason[reason.value])
        for reason in Vote.Unrated
        if by_reason.get(reason.value)
    ]


# ---- a snapshot as a page --------------------------------------------------------------------------------------------


def _mixer_titles() -> dict[str, str]:
    return dict(Mixer.objects.values_list("key", "title"))


def page_of(snapshot: RatingSnapshot, titles: Mapping[str, str]) -> BoardPage:
    """A snapshot as a page, with the titles of mixers by their keys."""
    result, rules = snapshot.result, snapshot.rules
    voted = [place for place, row in enumerate(result["rows"]) if row["votes"]]
    given = [result["rows"][place] for place in voted]
    axis = axis_of(given)
    rows = _rows(given, axis, titles, result["reference"])
    title, about = _named(snapshot.board)
    return BoardPage(
        board=snapshot.board,
        title=title,
        about=about,
        votes=result["votes"],
        votes_sha256=result["votes_sha256"],
        computed_at=snapshot.created_at,
        reference=_title_of(result["reference"] or "", titles),
        rows=rows,
        axis=axis,
        matrix=_matrix(rows, [[result["win_matrix"][one][other] for other in voted] for one in voted]),
        side=_effect(result["side"]),
        loudness=_effect(result["loudness"], of=0.1),
        tie=result["tie"],
        effective_voters=result["effective_voters"],
        votes_to_flip=result["votes_to_flip"],
        unranked_under=rules["unranked_under"],
        preliminary_under=rules["preliminary_under"],
        raw={**result, "rules": rules},
    )


def _named(board: str) -> tuple[str, str]:
    if board in _TITLES:
        return _TITLES[board]
    genre = board.removeprefix("genre:")
    return genre.capitalize(), f"Rated votes on songs of the genre “{genre}”; while they are few it leans on everyone."


def _title_of(contender: str, titles: Mapping[str, str]) -> str:
    key = contender.partition("@")[0]
    return titles.get(key, key)


def axis_of(rows: Sequence[Mapping[str, Any]]) -> Axis:
    """From the ranked rows' intervals, and from all where nobody is ranked; the reference is always on it."""
    known = [row for row in rows if row["status"] != "unranked"]
    spans = [(row["low"], row["high"]) for row in known] or [(row["rating"] - 200, row["rating"] + 200) for row in rows]
    low = min([REFERENCE_RATING - _LEAST_SPAN, *(start for start, _ in spans)])
    high = max([REFERENCE_RATING + _LEAST_SPAN, *(end for _, end in spans)])
    low, high = low - 0.04 * (high - low), high + 0.04 * (high - low)
    step = next(step for step in (50, 100, 200, 500, 1000, 10_000) if (high - low) / step <= 6 or step == 10_000)
    first = int(-(-low // step) * step)
    marks = tuple((_place(points, low, high), points) for points in range(first, int(high) + 1, step))
    return Axis(low=low, high=high, reference=_place(REFERENCE_RATING, low, high), marks=marks)


def place_on(axis: Axis, points: float) -> float:
    """A place on an axis from 0 to 1; what lies beyond is cut off."""
    return _place(points, axis.low, axis.high)


def _place(points: float, low: float, high: float) -> float:
    return min(1.0, max(0.0, (points - low) / (high - low)))


def _rows(
    given: Sequence[Mapping[str, Any]], axis: Axis, titles: Mapping[str, str], reference: str | None
) -> tuple[Row, ...]:
    rows: list[Row] = []
    for row in given:
        rank = len(rows) + 1 if row["status"] != "unranked" else None
        places: dict[str, Any] = {name: _place(row[key], axis.low, axis.high) for name, key in _DRAWN}
        told = {name: row[name] for name in _TOLD}
        rows.append(
            Row(
                rank=rank,
                title=_title_of(row["contender"], titles),
                version=row["contender"].partition("@")[2],
                is_reference=row["contender"] == reference,
                **told,
                **places,
            )
        )
    return tuple(rows)


_DRAWN: Final = (("start", "low"), ("at", "rating"), ("end", "high"))
_TOLD: Final = (
    "status", "rating", "low", "high", "votes", "wins", "losses", "ties", "both_bad", "both_bad_share",
    "both_bad_low", "both_bad_high",
)  # fmt: skip


def _matrix(rows: Sequence[Row], wins: Sequence[Sequence[int]]) -> tuple[tuple[Row, tuple[Cell, ...]], ...]:
    size = range(len(rows))
    return tuple(
        (rows[one], tuple(_cell(wins[one][other], wins[other][one], one == other) for other in size)) for one in size
    )


def _cell(won: int, lost: int, is_self: bool) -> Cell:
    met = won + lost
    share = won / met if met and not is_self else None
    tenth = None if share is None else round(share * 10)
    return Cell(wins=won, losses=lost, share=share, tenth=tenth, is_self=is_self)


def _effect(effect: Mapping[str, float] | None, *, of: float = 1.0) -> Effect | None:
    """What so much of it is worth; clips of a battle differ by a tenth of an LU at most."""
    if effect is None:
        return None
    points = {name: of * effect[name] * POINTS_PER_LOGIT for name in ("logits", "low", "high")}
    return Effect(points=points["logits"], low=points["low"], high=points["high"])
