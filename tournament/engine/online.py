"""Strengths as they are believed vote by vote: a diagonal-Gaussian filter, for the choice of pairs and for no board.

Every contender's strength is believed to be normal with mean m and variance v, independent of all others. The model
of a vote is that of the board (:mod:`tournament.engine.davidson`) without its covariates: with eta = theta_a - theta_b
and a tie term fixed at ``nu``::

    P(A) ∝ exp(eta / 2)      P(B) ∝ exp(-eta / 2)      P(tie) ∝ nu

A vote with the outcome y (1/2 for A, -1/2 for B, 0 for a tie) moves both beliefs by one step of the extended Kalman
filter of its log likelihood, whose slope and curvature by eta, at the means, are ::

    g = y - (P(A) - P(B)) / 2          w = (P(A) + P(B)) / 4 - ((P(A) - P(B)) / 2)²

    k = 1 / (1 + w (v_a + v_b))
    m_a += v_a k g      m_b -= v_b k g      v_a -= v_a² k w      v_b -= v_b² k w

and what the two then know of each other, the covariance, is dropped, which makes a vote cost nothing. Strengths do not
drift, so variances only fall: no vote is forgotten. Compare R. Herbrich, T. Minka and T. Graepel, "TrueSkill: a
Bayesian skill rating system", NIPS 19 (2006), and, for the step, M. E. Glickman, "Parameter estimation in large dynamic
paired comparison experiments", Applied Statistics 48 (1999), 377-394.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

Outcome = Literal["a", "b", "tie"]

START_SD: Final = 1.0
"""Of somebody whom nobody has voted on, in logits: two in three lie within 2.7 to one of each other."""
TIES: Final = 0.3
"""The share of ties between equals unless a board says another."""
WON: Final[Mapping[str, float]] = {"a": 0.5, "b": -0.5, "tie": 0.0}
"""The outcome y of a vote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """Mean and variance of a strength in logits, and the votes that it rests on."""

    mean: float = 0.0
    variance: float = START_SD**2
    votes: int = 0


START: Final = Belief()
"""Of somebody whom nobody has voted on."""


class Result(NamedTuple):
    """One vote: who stood on side A, who on side B, and what was said."""

    a: str
    b: str
    outcome: Outcome


def learned(beliefs: Mapping[str, Belief], results: Iterable[Result], *, ties: float = TIES) -> dict[str, Belief]:
    """The beliefs after some more votes, in their order; whoever is new begins at the start.

    Parameters
    ----------
    ties : float
        The share of ties between equals, 0 to below 1.

    Raises
    ------
    ValueError
        If ``ties`` is no such share, or a vote is not between two, or said something else.
    """
    if not 0.0 <= ties < 1.0:
        raise ValueError("A share of ties is 0 to below 1.")
    known = dict(beliefs)
    for a, b, outcome in results:
        if a == b or outcome not in WON:
            raise ValueError(f"{outcome!r} between {a} and {b} is no vote of two contenders.")
        known[a], known[b] = _updated(known.get(a, START), known.get(b, START), WON[outcome], ties)
    return known


def information(eta: float, *, ties: float = TIES) -> float:
    """What one vote tells of a pair whose strengths differ by ``eta``: the curvature w above, most between equals."""
    lead, decisive = expected(eta, ties)
    return 0.25 * decisive - lead * lead


def _updated(a: Belief, b: Belief, won: float, ties: float) -> tuple[Belief, Belief]:
    lead, decisive = expected(a.mean - b.mean, ties)
    slope, curvature = won - lead, 0.25 * decisive - lead * lead
    gain = 1.0 / (1.0 + curvature * (a.variance + b.variance))
    return _moved(a, gain * slope, gain * curvature), _moved(b, -gain * slope, gain * curvature)


def _moved(belief: Belief, pull: float, learnt: float) -> Belief:
    v = belief.variance
    return Belief(mean=belief.mean + v * pull, variance=v - v * v * learnt, votes=belief.votes + 1)


def expected(eta: float, ties: float) -> tuple[float, float]:
    """(P(A) - P(B)) / 2, and P(A) + P(B), where A leads by ``eta``."""
    up, down, drawn = math.exp(0.5 * eta), math.exp(-0.5 * eta), 2.0 * ties / (1.0 - ties)
    total = up + down + drawn
    return 0.5 * (up - down) / total, (up + down) / total
