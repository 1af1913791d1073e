"""Hidden trials: what each voter said of battles whose right answer is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from accounts.models import User
from tournament.models import Battle, Vote

GATES: Final = (Battle.Purpose.SAME.value, Battle.Purpose.REPEAT.value, Battle.Purpose.ANCHOR.value)
_NAMES_A_WINNER: Final = frozenset({Vote.Choice.A.value, Vote.Choice.B.value})


@dataclass(slots=True)
class Trials:
    """Of one voter: for each kind of trial how many were right, and how many there were."""

    right: dict[str, int] = field(default_factory=lambda: dict.fromkeys(GATES, 0))
    count: dict[str, int] = field(default_factory=lambda: dict.fromkeys(GATES, 0))

    @property
    def all_right(self) -> int:
        return sum(self.right.values())

    @property
    def all_count(self) -> int:
        return sum(self.count.values())

    def add(self, answer: Answer) -> None:
        self.count[answer.kind] += 1
        self.right[answer.kind] += answer.is_right


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One trial that is over: who answered, when, and whether rightly."""

    voter: int
    kind: str
    is_right: bool
    at: datetime
    battle: UUID


def of_all_voters() -> dict[int, Trials]:
    """By the voter's primary key; people without a trial are left out."""
    found: dict[int, Trials] = defaultdict(Trials)
    for answer in answers():
        found[answer.voter].add(answer)
    return dict(found)


def of_voter(voter: User) -> Trials:
    """The same for one person; empty before their first trial."""
    found = Trials()
    for answer in answers(voter):
        found.add(answer)
    return found


def answers(voter: User | None = None) -> Iterator[Answer]:
    """Every trial that was answered, by everybody or by one person, in the order of the votes.

    Right is: no winner of one contender against itself; the same winner when a battle comes back with its sides
    exchanged (only where both answers name one, others are left out); and the side that is not broken.
    """
    first_answers = _first_answers(voter)
    votes = Vote.objects.filter(battle__purpose__in=GATES, voter__isnull=False).order_by("id")
    if voter is not None:
        votes = votes.filter(voter=voter)
    for who, choice, at, battle, purpose, broken, repeats in votes.values_list(
        "voter_id", "choice", "created_at", "battle__uuid", "battle__purpose", "battle__broken_side",
        "battle__repeats_id",
    ):  # fmt: skip
        first = first_answers.get((who, repeats)) if who is not None and repeats is not None else None
        right = _is_right(choice, purpose, broken, first)
        if right is not None and who is not None:
            yield Answer(voter=who, kind=purpose, is_right=right, at=at, battle=battle)


def _first_answers(voter: User | None) -> dict[tuple[int, int], str]:
    """What was said of battles that came back: by voter and battle."""
    repeats = Battle.objects.filter(purpose=Battle.Purpose.REPEAT, repeats__isnull=False)
    rows = Vote.objects.filter(voter__isnull=False)
    if voter is not None:
        repeats, rows = repeats.filter(votes__voter=voter), rows.filter(voter=voter)
    found = rows.filter(battle__in=repeats.values("repeats")).values_list("voter_id", "battle_id", "choice")
    return {(who, battle): choice for who, battle, choice in found if who is not None}


def _is_right(choice: str, purpose: str, broken_side: str, first: str | None) -> bool | None:
    """None where the answer says nothing."""
    if purpose == Battle.Purpose.SAME:
        return choice not in _NAMES_A_WINNER
    if purpose == Battle.Purpose.ANCHOR:
        return choice in _NAMES_A_WINNER and choice != broken_side
    if first not in _NAMES_A_WINNER or choice not in _NAMES_A_WINNER:
        return None
    return choice != first
