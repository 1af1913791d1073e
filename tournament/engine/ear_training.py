"""What a voter's own answers say of their ears: sides, trials over time, the crowd, and what they lean to.

Each part says nothing before there is enough to say it.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tournament.engine.clip_sound import MEASURES

FEWEST_DECISIVE: Final = 10
FEWEST_OF_THE_CROWD: Final = 20
FEWEST_CHOICES: Final = 8
TRIALS_AT_ONCE: Final = 6
"""A point of the trend is the share of so many trials in a row."""
_NORMAL_95: Final = 1.959964


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBias:
    """How often each side was named. ``chance`` is that of a coin being at least as uneven."""

    a: int
    b: int
    chance: float

    @property
    def is_uneven(self) -> bool:
        return self.chance < 0.05

    @property
    def text(self) -> str:
        counts = f"You named A {_times(self.a)} and B {_times(self.b)}."
        if not self.is_uneven:
            return f"{counts} A coin is often as uneven: you lean to neither side."
        side = "A" if self.a > self.b else "B"
        return f"{counts} A coin is rarely so uneven: try to begin with {'B' if side == 'A' else 'A'} now and then."


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """What everybody's votes say of the two mixers of a battle, ``kept`` being the one that the voter kept."""

    kept: int
    refused: int

    @property
    def votes(self) -> int:
        return self.kept + self.refused

    @property
    def share(self) -> float:
        return self.kept / self.votes

    @property
    def agrees(self) -> bool | None:
        """Whether most keep the same; None where they are even."""
        return None if self.kept == self.refused else self.kept > self.refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaning:
    """How much more of something the mixes have that somebody keeps, on average, in dB, with its 95 % interval."""

    key: str
    title: str
    mean_db: float
    low_db: float
    high_db: float
    choices: int

    @property
    def is_sure(self) -> bool:
        """Whether the interval leaves out nothing at all."""
        return self.low_db > 0.0 or self.high_db < 0.0

    @property
    def text(self) -> str:
        return f"{'more' if self.mean_db > 0 else 'less'} {self.title}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """The share of right trials in runs of :data:`TRIALS_AT_ONCE`, oldest first; each run ends one trial later."""

    points: tuple[float, ...]

    @property
    def change(self) -> float:
        """The last run less the first one that shares no trial with it; 0 where there is none."""
        return self.points[-1] - self.points[0] if len(self.points) > TRIALS_AT_ONCE else 0.0


def side_bias(a: int, b: int) -> SideBias | None:
    """None under ten decisive answers; else the two-sided binomial probability of a fair coin.

    P = min(1, 2 · Σ_{k ≤ min(a, b)} C(n, k) / 2ⁿ), in logarithms, so that thousands of votes do no harm.
    """
    count = a + b
    if count < FEWEST_DECISIVE:
        return None
    logs = [
        math.lgamma(count + 1) - math.lgamma(k + 1) - math.lgamma(count - k + 1) - count * math.log(2.0)
        for k in range(min(a, b) + 1)
    ]
    return SideBias(a=a, b=b, chance=min(1.0, 2.0 * math.fsum(map(math.exp, logs))))


def crowd(kept: int, refused: int) -> Crowd | None:
    """None while fewer than twenty have named a winner."""
    return Crowd(kept=kept, refused=refused) if kept + refused >= FEWEST_OF_THE_CROWD else None


def trend(right: Sequence[bool]) -> Trend | None:
    """None before the first full run."""
    runs = range(len(right) - TRIALS_AT_ONCE + 1)
    points = tuple(sum(right[start : start + TRIALS_AT_ONCE]) / TRIALS_AT_ONCE for start in runs)
    return Trend(points=points) if points else None


def leanings(choices: Iterable[Mapping[str, float]]) -> tuple[Leaning, ...]:
    """What the kept mixes have more of, the surest first.

    Parameters
    ----------
    choices : Iterable[Mapping[str, float]]
        Of each choice the numbers of :func:`tournament.engine.clip_sound.measure_sound`, kept minus refused, in dB.

    Returns
    -------
    tuple[Leaning, ...]
        Of each number that at least eight choices have, with Student's interval.
    """
    rows = list(choices)
    found = []
    for key, title, _, _ in MEASURES:
        values = [row[key] for row in rows if key in row]
        if len(values) < FEWEST_CHOICES:
            continue
        mean = statistics.fmean(values)
        half = student_95(len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))
        found.append(
            Leaning(key=key, title=title, mean_db=mean, low_db=mean - half, high_db=mean + half, choices=len(values))
        )
    return tuple(sorted(found, key=lambda each: (not each.is_sure, -abs(each.mean_db))))


def student_95(freedom: int) -> float:
    """The two-sided 95 % point of Student's t: the expansion about the normal's (Abramowitz and Stegun 26.7.5)."""
    z, nu = _NORMAL_95, float(freedom)
    first = (z**3 + z) / 4.0
    second = (5.0 * z**5 + 16.0 * z**3 + 3.0 * z) / 96.0
    third = (3.0 * z**7 + 19.0 * z**5 + 17.0 * z**3 - 15.0 * z) / 384.0
    return z + first / nu + second / nu**2 + third / nu**3


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")
