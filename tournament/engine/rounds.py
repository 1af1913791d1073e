"""How a musician's tournament goes: which round is what, who challenges, who is crossed with whom.

Everything is drawn from the tournament's seed and what was chosen so far: the same choices give the same rounds.
"""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

T = TypeVar("T")
Kind = Literal["opening", "challenge", "hybrid", "finale"]

LEAST_ROUNDS: Final = 3
MOST_ROUNDS: Final = 10
USUAL_ROUNDS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a competitor has done so far: rounds won and rounds lost."""

    wins: int = 0
    losses: int = 0

    @property
    def score(self) -> tuple[int, int]:
        """The better, the larger."""
        return self.wins - self.losses, self.wins


def kind_of(number: int, rounds: int) -> Kind:
    """The first round opens, the last is the finale, the one before it brings a hybrid, all others a challenger."""
    if not LEAST_ROUNDS <= rounds <= MOST_ROUNDS or not 1 <= number <= rounds:
        raise ValueError(f"There is no round {number} of {rounds}.")
    if number == 1:
        return "opening"
    if number == rounds:
        return "finale"
    return "hybrid" if number == rounds - 1 else "challenge"


def randomness(seed: int, *words: object) -> random.Random:
    """The generator of one draw of a tournament; draws of other words are independent of it."""
    text = ":".join(str(word) for word in (seed, *words))
    return random.Random(int.from_bytes(hashlib.sha256(text.encode()).digest()[:16]))  # noqa: S311 - reproducible on purpose


def records(decided: Sequence[tuple[T, T]]) -> dict[T, Record]:
    """Wins and losses from ``(winner, loser)`` of each round, in order."""
    found: dict[T, Record] = {}
    for winner, loser in decided:
        won, lost = found.get(winner, Record()), found.get(loser, Record())
        found[winner] = Record(wins=won.wins + 1, losses=won.losses)
        found[loser] = Record(wins=lost.wins, losses=lost.losses + 1)
    return found


def best_pair(candidates: Sequence[T], done: Mapping[T, Record], related: Callable[[T, T], bool]) -> tuple[T, T] | None:
    """The two relatives that did best together, the better one first; None where no two are related.

    ``candidates`` stand in the order in which they came; of equals, the earlier counts as better.
    """
    pairs = [(one, other) for one, other in itertools.combinations(candidates, 2) if related(one, other)]
    if not pairs:
        return None
    one, other = max(pairs, key=lambda pair: sum(done.get(each, Record()).score[0] for each in pair))
    return (other, one) if done.get(other, Record()).score > done.get(one, Record()).score else (one, other)


def share_of_father(mother: Record, father: Record) -> float:
    """How much of the father a hybrid gets: by wins, with one added to each, so that nobody gets nothing."""
    return (father.wins + 1) / (mother.wins + father.wins + 2)
