"""Levels in decibels."""

import pytest

from mixing.engine.console.gain import linear


@pytest.mark.parametrize(
    ("level_db", "factor"),
    [(0.0, 1.0), (20.0, 10.0), (-20.0, 0.1), (6.020599913279624, 2.0), (-6.020599913279624, 0.5), (12.0, 3.9810717055)],
)
def test_a_level_is_the_factor_that_one_computes_by_hand(level_db: float, factor: float) -> None:
    assert linear(level_db) == pytest.approx(factor, rel=1e-10)


def test_minus_ninety_is_exactly_off_and_what_lies_above_is_not() -> None:
    assert linear(-90.0) == 0.0
    assert linear(-89.9) == pytest.approx(3.1989e-5, rel=1e-4)
