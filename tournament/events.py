"""What pages are told of boards and battles while they are open.

A battle is told as its card is: before one's own vote nothing in it depends on who stands where, or on what others
said of it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, TypedDict
from uuid import UUID

from django.http import Http404
from django.urls import reverse

from accounts.models import User
from aimixer_site.ops import progress
from mixing import events as jobs
from mixing.models import Mixer
from tournament import access
from tournament.models import Battle, RatingSnapshot, Vote

ROWS_TOLD: Final = 10


class BoardRow(TypedDict):
    """One contender; ``rank`` is None while it is unranked."""

    rank: int | None
    contender: str
    title: str
    status: str
    rating: float
    low: float
    high: float
    votes: int


class BoardPayload(TypedDict):
    """A board as it was published last; ``rows`` are its first ones."""

    board: str
    sequence: int
    votes: int
    votes_sha256: str
    computed_at: str
    rows: list[BoardRow]


class BattlePayload(TypedDict):
    """A battle for one person. ``votes`` is what everybody said of it, by choice, and None before one's own vote."""

    uuid: str
    url: str
    sequence: int
    state: str
    percent: float
    stage_text: str
    is_ready: bool
    has_voted: bool
    votes: dict[str, int] | None


def board_group(board: str) -> str:
    """The channel group of a board's watchers; a board's name may hold what a group's may not."""
    return f"board-{hashlib.sha256(board.encode()).hexdigest()[:32]}"


def battle_group(uuid: UUID | str) -> str:
    """The channel group of those who have a battle open."""
    return f"battle-{uuid}"


def board(name: str) -> BoardPayload | None:
    """A board as it stands now; None before its first vote."""
    snapshot = RatingSnapshot.objects.filter(board=name).order_by("-id").first()
    return None if snapshot is None else _board_payload(snapshot)


def announce_board(snapshot: RatingSnapshot) -> None:
    """Tell a board's watchers that it was published anew."""
    progress.publish(board_group(snapshot.board), {"type": "board.published", "board": _board_payload(snapshot)})


def battle(user: User, uuid: UUID) -> BattlePayload | None:
    """A battle as this person may see it now; None where there is none for them."""
    try:
        row = access.battle_for(user, uuid)
    except Http404:
        return None
    has_voted = access.vote_of(user, row) is not None
    said = _said(row) if has_voted else None
    job = jobs.payload(row.preparation)
    return {
        "uuid": str(row.uuid),
        "url": reverse("tournament:battle", args=[row.uuid]),
        "sequence": job["sequence"] + (1 + sum(said.values()) if said is not None else 0),
        "state": job["state"],
        "percent": job["percent"],
        "stage_text": job["stage_text"],
        "is_ready": row.is_ready,
        "has_voted": has_voted,
        "votes": said,
    }


def announce_vote(battle_uuid: UUID) -> None:
    """Tell those who have a battle open that somebody has voted; what that is to them, each one's own door says."""
    progress.publish(battle_group(battle_uuid), {"type": "battle.changed", "battle": str(battle_uuid)})


def _board_payload(snapshot: RatingSnapshot) -> BoardPayload:
    titles = dict(Mixer.objects.values_list("key", "title"))
    voted = [row for row in snapshot.result["rows"] if row["votes"]]
    return {
        "board": snapshot.board,
        "sequence": snapshot.pk,
        "votes": snapshot.votes_count,
        "votes_sha256": snapshot.votes_sha256,
        "computed_at": snapshot.created_at.isoformat().replace("+00:00", "Z"),
        "rows": [_board_row(place, row, titles) for place, row in enumerate(voted[:ROWS_TOLD], start=1)],
    }


def _board_row(place: int, row: Mapping[str, Any], titles: Mapping[str, str]) -> BoardRow:
    key = row["contender"].partition("@")[0]
    return {
        "rank": place if row["status"] != "unranked" else None,
        "contender": row["contender"],
        "title": titles.get(key, key),
        "status": row["status"],
        "rating": row["rating"],
        "low": row["low"],
        "high": row["high"],
        "votes": row["votes"],
    }


def _said(row: Battle) -> dict[str, int]:
    counts = Counter(Vote.objects.filter(battle=row).values_list("choice", flat=True))
    return {choice: counts[choice] for choice in Vote.Choice.values}
