"""What is believed of the level that a stem came with, against values worked out by hand."""

from __future__ import annotations

import itertools

import pytest

from mixing.engine.mixers.came import believed_lu

ANY: int = 10**9
"""So many stems that their gains are nothing on average."""


def test_who_is_at_the_place_that_the_rule_gives_it_stays_there() -> None:
    assert believed_lu(0.0, 8, 4.0) == 0.0


@pytest.mark.parametrize(
    ("apart_lu", "expected"),
    [
        # Six deviations of 4 LU fit between one end and the other: half of a normal distribution, 4 · 0.39894 / 0.5.
        (12.0, 3.1915),
        # Cut off at two deviations and at eight: 4 · 0.053991 / 0.022750.
        (20.0, 9.4929),
        # From -1.5 to 4.5 deviations: 4 · (0.129518 - 0.000016) / 0.933190.
        (6.0, 0.5551),
    ],
)
def test_it_is_the_mean_of_what_gains_of_twelve_decibels_leave_possible(apart_lu: float, expected: float) -> None:
    assert believed_lu(apart_lu, ANY, 4.0) == pytest.approx(expected, abs=2e-4)
    assert believed_lu(-apart_lu, ANY, 4.0) == pytest.approx(-expected, abs=2e-4)


def test_the_mean_gain_of_few_stems_is_no_evidence_of_one() -> None:
    # 12² / (3 · 4) = 12 beside 2² = 4: a deviation of 4 LU in all, a quarter of whose square is the stem's own.
    assert believed_lu(12.0, 4, 2.0) == pytest.approx(3.1915 / 4, abs=2e-4)
    shares = [believed_lu(14.0, stems, 3.6) for stems in (1, 2, 4, 8, 16, 64)]
    assert shares == sorted(shares)


def test_the_further_it_came_the_more_of_it_is_believed_up_to_twenty() -> None:
    believed = [believed_lu(apart, 10, 3.6) for apart in range(21)]
    steps = [after - before for before, after in itertools.pairwise(believed)]
    assert steps == sorted(steps)
    assert believed_lu(45.0, 10, 3.6) == believed_lu(20.0, 10, 3.6) < 12.0


def test_a_rule_that_leaves_nothing_open_is_believed_alone_and_one_that_leaves_next_to_nothing_still_answers() -> None:
    assert believed_lu(20.0, 8, 0.0) == 0.0
    assert believed_lu(20.0, ANY, 0.01) == pytest.approx(8.0, abs=0.01)
