"""Intervals over songs, against hand-computed values and known distributions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mixing.engine.training.bootstrap import (
    Interval,
    bootstrap_mean,
    detectable_difference,
    paired_difference,
    songs_needed,
    spread,
)


def test_the_interval_of_many_songs_is_the_normal_one() -> None:
    values = np.random.default_rng(1).normal(2.0, 0.5, 400)
    found = bootstrap_mean(list(values))
    half = 1.96 * values.std() / math.sqrt(400)
    assert found.mean == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - half, abs=0.004)
    assert found.high == pytest.approx(values.mean() + half, abs=0.004)


def test_it_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(2)
    hits = 0
    for _ in range(200):
        found = bootstrap_mean(list(rng.normal(0.0, 1.0, 30)), draws=500)
        hits += found.low <= 0.0 <= found.high
    assert 0.88 <= hits / 200 <= 0.98


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    values = [1.0, 2.0, 4.0, 8.0]
    assert bootstrap_mean(values, seed=3) == bootstrap_mean(values, seed=3)
    assert bootstrap_mean(values, seed=3, draws=100) != bootstrap_mean(values, seed=4, draws=100)


def test_one_song_has_no_interval_but_itself() -> None:
    assert bootstrap_mean([2.5]) == Interval(2.5, 2.5, 2.5)


def test_songs_of_one_maker_count_as_one_piece_of_evidence() -> None:
    values = [1.0, 1.0, 1.0, 1.0, 3.0, 3.0, 3.0, 3.0]
    by_song = bootstrap_mean(values)
    by_maker = bootstrap_mean(values, clusters=["a"] * 4 + ["b"] * 4)
    assert by_maker.mean == by_song.mean == 2.0
    assert (by_maker.low, by_maker.high) == (1.0, 3.0)
    assert by_song.high - by_song.low < 2.0


def test_a_difference_that_every_song_shows_is_clear_of_zero_however_much_songs_differ() -> None:
    others = [1.0, 5.0, 2.0, 9.0]
    found = paired_difference([value - 0.3 for value in others], others)
    assert found.mean == pytest.approx(-0.3)
    assert found.clear_of_zero
    assert not paired_difference([0.0, 6.0, 1.0, 10.0], others).clear_of_zero


def test_the_spread_is_that_of_the_differences() -> None:
    assert spread([1.0, 4.0], [0.0, 1.0]) == pytest.approx(math.sqrt(2.0))
    assert spread([1.0], [0.0]) == 0.0


def test_what_can_be_found_shrinks_with_the_root_of_the_songs() -> None:
    assert detectable_difference(1.0, 31) == pytest.approx(2.801585 / math.sqrt(31))
    assert detectable_difference(1.0, 1) == math.inf
    # (2.8016 · 0.75 / 0.3)² = 49.05
    assert songs_needed(0.75, 0.3) == 50
    with pytest.raises(ValueError, match="above zero"):
        songs_needed(1.0, 0.0)


@pytest.mark.parametrize("values", [[], [1.0, math.nan]])
def test_it_refuses_a_mean_of_nothing(values: list[float]) -> None:
    with pytest.raises(ValueError, match="at least one value"):
        bootstrap_mean(values)
