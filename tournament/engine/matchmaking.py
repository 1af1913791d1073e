"""Who meets whom, on which song, and who stands on which side.

Most draws are uniform over pairs and songs, so that no estimate leans on how pairs were chosen; some go where they
teach most, by what the online filter believes at the moment (:mod:`tournament.engine.online`). Every draw comes with
its propensity, the probability that this pair would be drawn on this song by all ways together, so that whoever
analyses the votes can weigh them back.
"""

from __future__ import annotations

import itertools
import math
import random
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from tournament.engine.online import START, Belief, information

T = TypeVar("T")

Stratum = Literal["uniform", "placement", "top", "anchor"]
Pair = tuple[str, str]

SHARES: Final[Mapping[Stratum, float]] = {"uniform": 0.7, "placement": 0.1, "top": 0.1, "anchor": 0.1}
TOP: Final = 5
"""So many of those who may be the best are compared among each other, the most doubtful pairs most often."""
_LEAST_DOUBT: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A contender, and what the online filter believes of its strength."""

    key: str
    belief: Belief = START
    is_anchor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """A pair, sorted by key, and a song; ``propensity`` is the probability of just these two things."""

    pair: Pair
    song: str
    stratum: Stratum
    propensity: float


def pair_probabilities(contenders: Sequence[Known]) -> dict[Stratum, dict[Pair, float]]:
    """For each way of drawing, the probability of each pair; an impossible way has no pairs.

    *Placement* takes the contender that is known least, the one of the largest variance, and another one in proportion
    to what a vote between them would tell. *Top* takes two of those who may be the best, by mean plus deviation, in
    proportion to how much their order is in doubt. *Anchor* takes one of the contenders that are never removed and any
    other.
    """
    keys = sorted(known.key for known in contenders)
    pairs = list(itertools.combinations(keys, 2))
    anchors = [known.key for known in contenders if known.is_anchor]
    return {
        "uniform": _normal(dict.fromkeys(pairs, 1.0)),
        "placement": _placing(contenders),
        "top": _doubtful(sorted(contenders, key=lambda known: (-_at_best(known.belief), known.key))[:TOP]),
        "anchor": _with_any(anchors, keys),
    }


def draw_pair(contenders: Sequence[Known], songs: Sequence[str], *, rng: random.Random | None = None) -> Draw:
    """Draw a pair and a song.

    Ways that are impossible (no anchors) leave their share to the uniform one.

    Raises
    ------
    ValueError
        If there are fewer than two contenders, or no song.
    """
    if len({known.key for known in contenders}) < 2 or not songs:
        raise ValueError("A battle needs two contenders and a song.")
    source = rng or random.SystemRandom()
    ways = pair_probabilities(contenders)
    shares = {name: share for name, share in SHARES.items() if ways[name]}
    shares["uniform"] += 1.0 - math.fsum(shares.values())
    stratum = source.choices(list(shares), list(shares.values()))[0]
    pair = source.choices(list(ways[stratum]), list(ways[stratum].values()))[0]
    probability = math.fsum(share * ways[name].get(pair, 0.0) for name, share in shares.items())
    return Draw(pair=pair, song=source.choice(list(songs)), stratum=stratum, propensity=probability / len(songs))


def _with_any(chosen: Sequence[str], keys: Sequence[str]) -> dict[Pair, float]:
    """One of the chosen, and any other."""
    weights: dict[Pair, float] = {}
    for one in chosen:
        for other in keys:
            if other != one:
                pair = (min(one, other), max(one, other))
                weights[pair] = weights.get(pair, 0.0) + 1.0
    return _normal(weights)


def _placing(contenders: Sequence[Known]) -> dict[Pair, float]:
    """The least known, and another one by what a vote would tell; of equally unknown ones each as often."""
    unknown = max(known.belief.variance for known in contenders)
    weights: dict[Pair, float] = {}
    for one in (known for known in contenders if known.belief.variance == unknown):
        tells = {
            other.key: information(one.belief.mean - other.belief.mean) for other in contenders if other.key != one.key
        }
        whole = math.fsum(tells.values())
        for key, tell in tells.items():
            pair = (min(one.key, key), max(one.key, key))
            weights[pair] = weights.get(pair, 0.0) + tell / whole
    return _normal(weights)


def _at_best(belief: Belief) -> float:
    return belief.mean + math.sqrt(belief.variance)


def _doubtful(best: Sequence[Known]) -> dict[Pair, float]:
    """Each pair by the probability that its order is the other way round than it seems."""
    return _normal(
        {
            (min(one.key, other.key), max(one.key, other.key)): max(_doubt(one.belief, other.belief), _LEAST_DOUBT)
            for one, other in itertools.combinations(best, 2)
        }
    )


def _doubt(one: Belief, other: Belief) -> float:
    return 0.5 * math.erfc(abs(one.mean - other.mean) / math.sqrt(2.0 * (one.variance + other.variance)))


def _normal(weights: Mapping[Pair, float]) -> dict[Pair, float]:
    total = math.fsum(weights.values())
    return {pair: weight / total for pair, weight in weights.items()}


def toss(pair: tuple[T, T], *, below: Callable[[int], int] = secrets.randbelow) -> tuple[T, T]:
    """Side A and side B by a fair coin."""
    return (pair[1], pair[0]) if below(2) else pair


def draw_sides(contenders: Sequence[T], *, below: Callable[[int], int] = secrets.randbelow) -> tuple[T, T]:
    """Draw two different contenders, every pair as likely as any other, and toss a fair coin for the sides.

    The coin is a draw of its own and knows nothing of the pair, so that nothing about a contender, not even its
    place in the list, tells where it stands.

    Parameters
    ----------
    contenders : Sequence[T]
        At least two.
    below : Callable[[int], int]
        Draws a whole number from 0 to below its argument, all equally likely.

    Returns
    -------
    tuple[T, T]
        Side A and side B.

    Raises
    ------
    ValueError
        If there are fewer than two contenders.
    """
    count = len(contenders)
    if count < 2:
        raise ValueError(f"A battle needs two contenders; there are {count}.")
    first = below(count)
    second = below(count - 1)
    if second >= first:
        second += 1
    low, high = sorted((first, second))
    if below(2):
        low, high = high, low
    return contenders[low], contenders[high]
