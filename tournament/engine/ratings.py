"""The simple board: tallies of votes, and the share of decisive votes won with its 95 % interval."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, get_args

Choice = Literal["a", "b", "tie", "both_bad"]
CHOICES: Final[tuple[Choice, ...]] = get_args(Choice)

Z_95: Final = 1.959963984540054
"""The 97.5th percentile of the normal distribution."""


class Ballot(NamedTuple):
    """One rated vote: who stood on side A, who on side B, and what the voter said."""

    a: str
    b: str
    choice: Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One contender's row of the board.

    Parameters
    ----------
    contender : str
        Its key.
    rated : int
        Votes on battles that it took part in; ``wins + losses + ties + both_bad``.
    wins, losses : int
        Decisive votes for it and against it.
    ties, both_bad : int
        Votes that named no winner. "Both bad" is an axis of its own and never counted as a tie.
    share : float | None
        ``wins / (wins + losses)``, 0 to 1; None before the first decisive vote.
    low, high : float
        Wilson's 95 % interval of the share; 0 and 1 before the first decisive vote.
    """

    contender: str
    rated: int
    wins: int
    losses: int
    ties: int
    both_bad: int
    share: float | None
    low: float
    high: float


def wilson_interval(wins: int, decisive: int) -> tuple[float, float]:
    """Wilson's score interval of 95 % for a share of ``wins`` among ``decisive`` votes.

    With p = wins / n and z = 1.96::

        (p + z²/2n ± z sqrt(p(1 - p)/n + z²/4n²)) / (1 + z²/n)

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
    Statistical Association 22 (1927), 209-212. It stays within 0 and 1 and holds for few votes, where the plain
    normal interval does not.

    Raises
    ------
    ValueError
        If ``wins`` is not within 0 and ``decisive``.
    """
    if not 0 <= wins <= decisive:
        raise ValueError(f"{wins} wins of {decisive} votes cannot be.")
    if decisive == 0:
        return 0.0, 1.0
    share = wins / decisive
    z2 = Z_95 * Z_95 / decisive
    centre = (share + z2 / 2) / (1 + z2)
    half = Z_95 / (1 + z2) * math.sqrt(share * (1 - share) / decisive + z2 / (4 * decisive))
    return max(0.0, centre - half), min(1.0, centre + half)


def standings(ballots: Iterable[Ballot], contenders: Sequence[str]) -> tuple[Standing, ...]:
    """Fold the votes into one row for each contender, the surest first.

    Parameters
    ----------
    ballots : Iterable[Ballot]
        Rated votes, in any order.
    contenders : Sequence[str]
        Everyone who has a row; ballots may name no other.

    Returns
    -------
    tuple[Standing, ...]
        Sorted by the interval's lower end; those without a decisive vote come last, in the order given.

    Raises
    ------
    ValueError
        If a ballot names an unknown contender or choice, or one contender twice.
    """
    counts = {key: dict.fromkeys(("wins", "losses", "ties", "both_bad"), 0) for key in contenders}
    for ballot in ballots:
        _count(counts, ballot)
    rows = [_standing(key, **count) for key, count in counts.items()]
    return tuple(sorted(rows, key=lambda row: (row.share is None, -row.low, -(row.share or 0.0))))


def _count(counts: dict[str, dict[str, int]], ballot: Ballot) -> None:
    if ballot.a == ballot.b or ballot.a not in counts or ballot.b not in counts or ballot.choice not in CHOICES:
        raise ValueError(f"{ballot} is no vote between two of the contenders.")
    if ballot.choice in ("tie", "both_bad"):
        outcome = "ties" if ballot.choice == "tie" else "both_bad"
        counts[ballot.a][outcome] += 1
        counts[ballot.b][outcome] += 1
        return
    winner, loser = (ballot.a, ballot.b) if ballot.choice == "a" else (ballot.b, ballot.a)
    counts[winner]["wins"] += 1
    counts[loser]["losses"] += 1


def _standing(contender: str, *, wins: int, losses: int, ties: int, both_bad: int) -> Standing:
    decisive = wins + losses
    low, high = wilson_interval(wins, decisive)
    return Standing(
        contender=contender,
        rated=decisive + ties + both_bad,
        wins=wins,
        losses=losses,
        ties=ties,
        both_bad=both_bad,
        share=wins / decisive if decisive else None,
        low=low,
        high=high,
    )
