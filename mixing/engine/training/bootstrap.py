"""What a number of songs allows one to say: intervals by the bootstrap, paired differences, detectable differences.

Songs are the unit, since stems and seeds of one song are no further evidence of how a mixer does on another.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

DRAWS: Final = 10_000
LEVEL: Final = 0.95
_POWER_Z: Final = 1.959964 + 0.841621
"""Of a two-sided test at 5 % that finds a true difference in four of five experiments."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and its 95 % interval."""

    mean: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float]:
        """Plain JSON values, to four digits after the point."""
        return {"mean": round(self.mean, 4), "low": round(self.low, 4), "high": round(self.high, 4)}

    @property
    def clear_of_zero(self) -> bool:
        """Whether zero lies outside: a difference that these songs show."""
        return self.low > 0.0 or self.high < 0.0


def bootstrap_mean(
    values: Sequence[float], *, clusters: Sequence[str] | None = None, seed: int = 0, draws: int = DRAWS
) -> Interval:
    """The mean with its percentile interval (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 13).

    Parameters
    ----------
    values : Sequence[float]
        One for each song. A single one has no interval but itself.
    clusters : Sequence[str] | None
        To which maker each song belongs: then makers are drawn instead of songs, each with all of its songs.
    seed, draws : int
        The same values, seed and draws give the same interval.

    Raises
    ------
    ValueError
        If there is no value, or one is not finite.
    """
    found = np.asarray(values, dtype=np.float64)
    if not found.size or not np.isfinite(found).all():
        raise ValueError("A mean needs at least one value, all of them finite.")
    names = [str(index) for index in range(found.size)] if clusters is None else list(clusters)
    known = sorted(set(names))
    sums = np.array([sum(v for v, name in zip(found, names, strict=True) if name == each) for each in known])
    counts = np.array([names.count(each) for each in known], dtype=np.float64)
    drawn = np.random.default_rng(seed).integers(0, len(known), size=(draws, len(known)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    tail = 100.0 * (1.0 - LEVEL) / 2.0
    low, high = np.percentile(means, [tail, 100.0 - tail])
    mean = float(found.mean())
    # The percentiles of equal values differ from their mean in the last bit.
    return Interval(mean, min(mean, float(low)), max(mean, float(high)))


def paired_difference(
    values: Sequence[float], others: Sequence[float], *, clusters: Sequence[str] | None = None, seed: int = 0
) -> Interval:
    """The mean of value minus other, song by song, with its interval; below zero, ``values`` have the smaller error."""
    differences = [value - other for value, other in zip(values, others, strict=True)]
    return bootstrap_mean(differences, clusters=clusters, seed=seed)


def spread(values: Sequence[float], others: Sequence[float]) -> float:
    """Standard deviation, from song to song, of the difference of two mixers; 0 for fewer than two songs."""
    differences = np.asarray(values, dtype=np.float64) - np.asarray(others, dtype=np.float64)
    return float(differences.std(ddof=1)) if differences.size > 1 else 0.0


def detectable_difference(spread_of_songs: float, songs: int) -> float:
    """The true mean difference that as many songs find in four of five experiments, at 5 %, two-sided."""
    return math.inf if songs < 2 else _POWER_Z * spread_of_songs / math.sqrt(songs)


def songs_needed(spread_of_songs: float, difference: float) -> int:
    """How many songs would find a true mean ``difference`` in four of five experiments; at least two."""
    if difference <= 0.0:
        raise ValueError("A difference to be found is above zero.")
    return max(2, math.ceil((_POWER_Z * spread_of_songs / difference) ** 2))
