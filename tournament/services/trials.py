"""Hidden trials: what each voter said of battles whose right answer is known."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

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


def of_all_voters() -> dict[int, Trials]:
    """By the voter's primary key; people without a trial are left out.

    Right is: no winner of one contender against itself; the same winner when a battle comes back with its sides
    exchanged (only where both answers name one); and the side that is not broken.
    """
    first_answers = _first_answers()
    found: dict[int, Trials] = defaultdict(Trials)
    votes = Vote.objects.filter(battle__purpose__in=GATES, voter__isnull=False).order_by("id")
    for voter, choice, purpose, broken, repeats in votes.values_list(
        "voter_id", "choice", "battle__purpose", "battle__broken_side", "battle__repeats_id"
    ):
        first = first_answers.get((voter, repeats)) if repeats is not None else None
        right = _is_right(choice, purpose, broken, first)
        if right is not None:
            found[voter].count[purpose] += 1
            found[voter].right[purpose] += right
    return dict(found)


def _first_answers() -> dict[tuple[int, int], str]:
    """What was said of battles that came back: by voter and battle."""
    repeated = Battle.objects.filter(purpose=Battle.Purpose.REPEAT, repeats__isnull=False).values("repeats")
    rows = Vote.objects.filter(battle__in=repeated, voter__isnull=False).values_list("voter_id", "battle_id", "choice")
    return {(voter, battle): choice for voter, battle, choice in rows if voter is not None}


def _is_right(choice: str, purpose: str, broken_side: str, first: str | None) -> bool | None:
    """None where the answer says nothing."""
    if purpose == Battle.Purpose.SAME:
        return choice not in _NAMES_A_WINNER
    if purpose == Battle.Purpose.ANCHOR:
        return choice in _NAMES_A_WINNER and choice != broken_side
    if first not in _NAMES_A_WINNER or choice not in _NAMES_A_WINNER:
        return None
    return choice != first
