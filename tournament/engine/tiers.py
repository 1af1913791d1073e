"""Tiers of voters: by battles that count, and for the expert league by reliability as well.

Volume alone opens no league. How reliable somebody is, hidden trials tell: battles whose right answer is known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

CAREFUL: Final = 0.9
"""The share of trials that somebody is taken to get right before the first one."""
CAREFUL_TRIALS: Final = 4
"""How many trials that is worth."""
LEAGUE_TRIALS: Final = 6
LEAGUE_RELIABILITY: Final = 0.8
"""Drawn towards a careful listener's share: two mistakes in six trials keep somebody out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A step; ``battles`` is how many that count it takes, ``is_league`` whether it takes reliability too."""

    key: str
    title: str
    battles: int
    is_league: bool = False


TIERS: tuple[Tier, ...] = (
    Tier(key="rookie", title="Rookie", battles=0),
    Tier(key="amateur", title="Amateur", battles=11),
    Tier(key="professional", title="Professional", battles=51),
    Tier(key="expert", title="Expert", battles=201, is_league=True),
    Tier(key="legend", title="Legend", battles=501, is_league=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What lies between somebody and the next tier.

    ``what`` is votes or trials, counted in whole ones, or reliability, a share from 0 to 1.
    """

    what: Literal["votes", "trials", "reliability"]
    have: float
    want: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where somebody stands.

    Parameters
    ----------
    verified : int
        Rated votes that the integrity gates have not held back.
    right, trials : int
        Hidden trials that were answered rightly, and that there were.
    next : Tier | None
        The tier after this one; None at the top.
    """

    tier: Tier
    next: Tier | None
    verified: int
    right: int
    trials: int

    @property
    def reliability(self) -> float:
        return reliability(self.right, self.trials)

    @property
    def is_reliable(self) -> bool:
        """Whether the trials open the expert league."""
        return self.trials >= LEAGUE_TRIALS and self.reliability >= LEAGUE_RELIABILITY

    @property
    def missing(self) -> tuple[Missing, ...]:
        """What the next tier still takes; empty at the top."""
        if self.next is None:
            return ()
        found = []
        if self.verified < self.next.battles:
            more = self.next.battles - self.verified
            found.append(
                Missing(
                    what="votes",
                    have=self.verified,
                    want=self.next.battles,
                    text=f"{more} more {'vote' if more == 1 else 'votes'} that count{'s' if more == 1 else ''}",
                )
            )
        if self.next.is_league and not self.is_reliable:
            found.append(self._reliability_missing())
        return tuple(found)

    def _reliability_missing(self) -> Missing:
        if self.trials < LEAGUE_TRIALS:
            more = LEAGUE_TRIALS - self.trials
            text = f"{more} more hidden {'trial' if more == 1 else 'trials'}, which come unannounced among your battles"
            return Missing(what="trials", have=self.trials, want=LEAGUE_TRIALS, text=text)
        more = trials_to(LEAGUE_RELIABILITY, self.right, self.trials)
        text = (
            f"Reliability: yours is {self.reliability:.2f}, the league begins at {LEAGUE_RELIABILITY:.2f}. "
            f"The next {'trial' if more == 1 else f'{more} trials'} answered rightly would do it"
        )
        return Missing(what="reliability", have=self.reliability, want=LEAGUE_RELIABILITY, text=text)


def reliability(right: int, trials: int, *, careful: float = CAREFUL) -> float:
    """The share of hidden trials that a voter gets right, drawn towards ``careful`` as by four trials; 0 to 1."""
    return (right + CAREFUL_TRIALS * careful) / (trials + CAREFUL_TRIALS)


def trials_to(share: float, right: int, trials: int) -> int:
    """How many further trials, all of them right, bring the reliability to ``share``.

    From (r + 4c + k) / (n + 4 + k) ≥ s follows k ≥ (s (n + 4) - r - 4c) / (1 - s).
    """
    lacking = share * (trials + CAREFUL_TRIALS) - right - CAREFUL_TRIALS * CAREFUL
    return max(0, math.ceil(lacking / (1.0 - share) - 1e-9))


def standing(verified: int, right: int, trials: int) -> Standing:
    """The highest tier that somebody has reached, and the one after it."""
    bare = Standing(tier=TIERS[0], next=None, verified=verified, right=right, trials=trials)
    reached = [tier for tier in TIERS if verified >= tier.battles and (bare.is_reliable or not tier.is_league)]
    place = TIERS.index(reached[-1])
    after = TIERS[place + 1] if place + 1 < len(TIERS) else None
    return Standing(tier=reached[-1], next=after, verified=verified, right=right, trials=trials)
