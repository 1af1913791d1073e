"""Tiers: by votes that count, and for the league by reliability as well."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tournament.engine import tiers
from tournament.engine.tiers import TIERS, standing


@pytest.mark.parametrize(
    ("votes", "tier"),
    [
        (0, "rookie"), (10, "rookie"), (11, "amateur"), (50, "amateur"), (51, "professional"), (200, "professional"),
        (201, "expert"), (500, "expert"), (501, "legend"), (10_000, "legend"),
    ],
)  # fmt: skip
def test_votes_alone_lift_a_reliable_voter(votes: int, tier: str) -> None:
    assert standing(votes, 6, 6).tier.key == tier


@pytest.mark.parametrize(("right", "trials"), [(0, 0), (5, 5), (4, 6), (10, 20)])
def test_without_reliability_volume_ends_at_professional(right: int, trials: int) -> None:
    assert standing(10_000, right, trials).tier.key == "professional"


@pytest.mark.parametrize(("right", "trials"), [(6, 6), (5, 6), (9, 12)])
def test_the_league_takes_six_trials_and_four_in_five_of_them(right: int, trials: int) -> None:
    assert standing(201, right, trials).is_reliable is (tiers.reliability(right, trials) >= 0.8)
    assert standing(201, right, trials).tier.is_league is (tiers.reliability(right, trials) >= 0.8)


def test_reliability_starts_at_the_careful_and_follows_the_trials() -> None:
    assert tiers.reliability(0, 0) == pytest.approx(0.9)
    assert tiers.reliability(0, 4) == pytest.approx(0.45)
    assert tiers.reliability(36, 36) == pytest.approx(0.99)


def what(votes: int, right: int, trials: int) -> list[tuple[str, float, float]]:
    return [(each.what, each.have, each.want) for each in standing(votes, right, trials).missing]


def test_it_says_which_of_the_two_is_missing() -> None:
    assert what(37, 0, 0) == [("votes", 37, 51)]
    assert what(150, 6, 6) == [("votes", 150, 201)]
    assert what(150, 2, 2) == [("votes", 150, 201), ("trials", 2, 6)]
    assert what(300, 4, 6) == [("reliability", pytest.approx(0.76), 0.8)]
    assert what(501, 6, 6) == []


def test_it_says_it_in_a_sentence() -> None:
    assert standing(10, 0, 0).missing[0].text == "1 more vote that counts"
    assert standing(9, 0, 0).missing[0].text == "2 more votes that count"
    assert standing(300, 4, 6).missing[0].text == (
        "Reliability: yours is 0.76, the league begins at 0.80. The next 2 trials answered rightly would do it"
    )
    assert standing(300, 5, 5).missing[0].text.startswith("1 more hidden trial, which")


@given(st.integers(0, 60), st.integers(0, 60))
def test_so_many_trials_more_do_it_and_one_less_does_not(right: int, wrong: int) -> None:
    trials = right + wrong
    more = tiers.trials_to(0.8, right, trials)
    assert tiers.reliability(right + more, trials + more) >= 0.8 - 1e-9
    if more:
        assert tiers.reliability(right + more - 1, trials + more - 1) < 0.8


@given(st.integers(0, 1000), st.integers(0, 30), st.integers(0, 30))
def test_another_vote_never_lowers_anybody(votes: int, right: int, wrong: int) -> None:
    before, after = (TIERS.index(standing(count, right, right + wrong).tier) for count in (votes, votes + 1))
    assert before <= after <= before + 1
