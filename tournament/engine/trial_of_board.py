"""The board on trial: many drawn arenas, and how often what it says is true."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import scipy.stats

from tournament.engine.davidson import Fit, fit
from tournament.engine.design import Floats
from tournament.engine.integrity import judge_voters, weights
from tournament.engine.simulation import Arena, World, covered, scale, simulate

Peer = Callable[[Arena], Floats]
"""Strengths of an arena's contenders by somebody else's method, on any scale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Means over the arenas.

    Parameters
    ----------
    coverage_95 : float
        The share of 95 % intervals that held the truth.
    coverage_plain : float
        The same for intervals that take every vote for a witness of its own.
    scale, scale_drawn : float
        The slope of what was found over the truth, and over the strengths that were drawn for a single voter.
    rank_correlation, rank_correlation_peer : float, float | None
        Spearman's, with the truth.
    rigging_shift : float
        How far a pushed contender rose, in logits, with the integrity scores at work in both arenas.
    rigging_shift_unguarded : float
        The same without them.
    rigging_half_interval : float
        Half of that contender's interval.
    """

    seeds: int
    coverage_95: float
    coverage_plain: float
    scale: float
    scale_drawn: float
    rank_correlation: float
    rank_correlation_peer: float | None
    rigging_shift: float
    rigging_shift_unguarded: float
    rigging_half_interval: float


def board_of(arena: Arena) -> Fit:
    """What the site would publish: fit, judge the voters, fit again without those who fail."""
    first = fit(arena.votes, reference=0)
    trusted = weights(arena.votes, judge_voters(arena.votes, first))
    if (trusted == arena.votes.weight).all():
        return first
    return fit(dataclasses.replace(arena.votes, weight=trusted), reference=0)


def put_on_trial(
    world: World, seeds: Iterable[int], *, pushing_share: float = 0.05, peer: Peer | None = None
) -> Verdict:
    """Draw an arena for each seed, honest and rigged, and compare boards with the truth."""
    rows = [_row(world, seed, pushing_share, peer) for seed in seeds]
    if not rows:
        raise ValueError("A trial needs at least one seed.")
    means = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    return Verdict(seeds=len(rows), **{"rank_correlation_peer": None, **means})  # type: ignore[arg-type]


def _row(world: World, seed: int, pushing_share: float, peer: Peer | None) -> dict[str, float]:
    honest, rigged = simulate(world, seed), simulate(world, seed, pushing_share=pushing_share)
    board, pushed = board_of(honest), honest.pushed
    naive, naive_rigged = fit(honest.votes, reference=0), fit(rigged.votes, reference=0)
    plain = 1.96 * np.sqrt(np.diag(naive.plain_covariance))
    row = {
        "coverage_95": float(covered(board, honest.truth).mean()),
        "coverage_plain": float((np.abs(naive.theta - honest.truth) <= plain)[1:].mean()),
        "scale": scale(board, honest.truth),
        "scale_drawn": scale(board, honest.drawn),
        "rank_correlation": _rank_correlation(board.theta, honest.truth),
        "rigging_shift": float(board_of(rigged).theta[pushed] - board.theta[pushed]),
        "rigging_shift_unguarded": float(naive_rigged.theta[pushed] - naive.theta[pushed]),
        "rigging_half_interval": float(board.half_intervals()[pushed]),
    }
    if peer is not None:
        row["rank_correlation_peer"] = _rank_correlation(peer(honest), honest.truth)
    return row


def _rank_correlation(found: Floats, truth: Floats) -> float:
    return float(scipy.stats.spearmanr(found, truth).statistic)
