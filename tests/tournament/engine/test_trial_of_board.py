"""The board finds the truth of arenas that were made up."""

from __future__ import annotations

import numpy as np
import pytest

from tournament.engine.davidson import TIED, fit
from tournament.engine.simulation import World, covered, scale, simulate
from tournament.engine.trial_of_board import board_of, put_on_trial

SMALL = World(contenders=8, votes=2_000, voters=60, songs=20)


def test_the_same_seed_gives_the_same_arena() -> None:
    one, same, other = simulate(SMALL, 1), simulate(SMALL, 1), simulate(SMALL, 2)

    assert (one.votes.outcome == same.votes.outcome).all()
    assert (one.votes.outcome != other.votes.outcome).any()


def test_pushing_changes_the_pushers_votes_alone() -> None:
    honest, rigged = simulate(SMALL, 1), simulate(SMALL, 1, pushing_share=0.1)
    changed = honest.votes.outcome != rigged.votes.outcome

    assert rigged.pushers.size == 6
    assert changed.any()
    assert np.isin(rigged.votes.voter[changed], rigged.pushers).all()


def test_the_wanted_share_of_votes_are_ties() -> None:
    ties = [(simulate(SMALL, seed).votes.outcome == TIED).mean() for seed in range(10)]

    assert np.mean(ties) == pytest.approx(0.3, abs=0.03)


def test_without_habits_the_truth_is_what_was_drawn() -> None:
    arena = simulate(World(contenders=5, votes=10, voter_effect_sd=0.0, song_effect_sd=0.0), 3)

    assert arena.truth == pytest.approx(arena.drawn, abs=1e-3)


def test_habits_flatten_the_truth() -> None:
    arena = simulate(World(contenders=5, votes=10, voter_effect_sd=1.0, song_effect_sd=1.0), 3)

    assert 0.5 < scale_of(arena.truth, arena.drawn) < 0.9


def scale_of(found: np.ndarray, truth: np.ndarray) -> float:
    return float((found - found.mean()) @ (truth - truth.mean()) / ((truth - truth.mean()) @ (truth - truth.mean())))


def test_clustered_intervals_hold_where_plain_ones_do_not() -> None:
    """Twenty-four arenas are few, so the band is wide; ``manage.py simulate_arena`` draws two hundred."""
    verdict = put_on_trial(SMALL, range(24))

    assert 0.90 <= verdict.coverage_95 <= 0.99
    assert verdict.coverage_plain < verdict.coverage_95 - 0.03
    assert verdict.scale == pytest.approx(1.0, abs=0.08)
    assert verdict.scale_drawn < verdict.scale
    assert verdict.rank_correlation > 0.9
    assert verdict.rigging_shift < verdict.rigging_half_interval


def test_many_votes_find_the_truth() -> None:
    arena = simulate(World(contenders=6, votes=60_000, voters=3_000, songs=500), 4)

    found = fit(arena.votes, reference=0)

    assert found.theta == pytest.approx(arena.truth, abs=0.08)
    assert scale(found, arena.truth) == pytest.approx(1.0, abs=0.05)
    assert covered(found, arena.truth).mean() >= 0.6


def test_an_honest_board_is_left_alone() -> None:
    arena = simulate(SMALL, 11)

    assert board_of(arena).theta == pytest.approx(fit(arena.votes, reference=0).theta, abs=0.1)
