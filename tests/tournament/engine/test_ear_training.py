"""Sides, trials, crowd and leanings, beside numbers from tables."""

from __future__ import annotations

import pytest

from tournament.engine import ear_training
from tournament.engine.ear_training import crowd, leanings, side_bias, student_95, trend


@pytest.mark.parametrize(
    ("a", "b", "chance"), [(5, 5, 1.0), (10, 0, 2 / 1024), (8, 2, 2 * (1 + 10 + 45) / 1024), (60, 40, 0.0569)]
)
def test_the_chance_of_a_coin_is_the_binomials(a: int, b: int, chance: float) -> None:
    found = side_bias(a, b)
    assert found is not None
    assert found.chance == pytest.approx(chance, abs=1e-4)
    assert side_bias(b, a).chance == pytest.approx(found.chance)


def test_nine_answers_say_nothing_of_sides() -> None:
    assert side_bias(9, 0) is None


def test_a_side_that_is_named_again_and_again_is_told() -> None:
    assert side_bias(9, 1).text == (
        "You named A 9 times and B once. A coin is rarely so uneven: try to begin with B now and then."
    )
    assert "neither side" in side_bias(6, 4).text
    assert side_bias(4000, 3000).chance < 1e-20


def test_the_crowd_speaks_from_twenty_on() -> None:
    assert crowd(10, 9) is None
    found = crowd(15, 5)
    assert (found.share, found.agrees, found.votes) == (0.75, True, 20)
    assert crowd(10, 10).agrees is None
    assert crowd(8, 12).agrees is False


def test_the_trend_is_the_share_of_each_six_in_a_row() -> None:
    assert trend([True] * 5) is None
    assert trend([False] * 3 + [True] * 3).points == (0.5,)
    assert trend([False] * 3 + [True] * 5).points == pytest.approx((0.5, 4 / 6, 5 / 6))


def test_a_change_is_told_only_between_runs_that_share_no_trial() -> None:
    assert trend([False] * 6 + [True] * 5).change == 0.0
    assert trend([False] * 6 + [True] * 6).change == 1.0


@pytest.mark.parametrize(("freedom", "table"), [(7, 2.365), (10, 2.228), (30, 2.042), (1000, 1.962)])
def test_students_point_is_that_of_the_table(freedom: int, table: float) -> None:
    assert student_95(freedom) == pytest.approx(table, abs=2e-3)


def test_what_is_kept_again_and_again_is_a_leaning() -> None:
    rows = [{"low_end": 2.0 + 0.1 * (number % 3 - 1), "width": (-1.0) ** number * 3.0} for number in range(12)]
    bass, width = leanings(rows)
    assert (bass.key, bass.is_sure, bass.choices, bass.text) == ("low_end", True, 12, "more low end")
    assert bass.mean_db == pytest.approx(2.0)
    assert bass.low_db < 2.0 < bass.high_db
    assert not width.is_sure


def test_seven_choices_are_no_leaning() -> None:
    assert leanings([{"width": 1.0}] * 7) == ()
    assert leanings([{}] * ear_training.FEWEST_CHOICES) == ()
