"""Draws of pairs and songs, and that their propensities are true."""

from __future__ import annotations

import random
from collections import Counter

import pytest
import scipy.stats

from tournament.engine.matchmaking import SHARES, TOP, Known, draw_pair, pair_probabilities, toss
from tournament.engine.online import Belief, information

CONTENDERS = [
    Known(key="faders-up", belief=Belief(mean=-0.5, variance=0.04, votes=90), is_anchor=True),
    Known(key="rough-mix", belief=Belief(mean=0.0, variance=0.04, votes=90), is_anchor=True),
    Known(key="console-net", belief=Belief(mean=0.3, variance=0.05, votes=80)),
    Known(key="deep-sets", belief=Belief(mean=0.2, variance=0.05, votes=70)),
    Known(key="newcomer"),
]
SONGS = ["one", "two", "three"]


def test_the_probabilities_of_each_way_sum_to_one() -> None:
    for pairs in pair_probabilities(CONTENDERS).values():
        assert sum(pairs.values()) == pytest.approx(1.0)


def test_placement_always_has_the_newcomer_and_anchors_always_an_anchor() -> None:
    ways = pair_probabilities(CONTENDERS)

    assert all("newcomer" in pair for pair in ways["placement"])
    assert all({"faders-up", "rough-mix"} & set(pair) for pair in ways["anchor"])
    assert ways["anchor"]["faders-up", "rough-mix"] == pytest.approx(2 / 8)


def test_somebody_new_is_placed_where_a_vote_tells_most() -> None:
    placement = pair_probabilities(CONTENDERS)["placement"]

    assert max(placement, key=lambda pair: placement[pair]) == ("newcomer", "rough-mix")
    far, near = placement["faders-up", "newcomer"], placement["newcomer", "rough-mix"]
    assert far / near == pytest.approx(information(0.5) / information(0.0))


def test_two_who_are_equally_unknown_are_placed_as_often() -> None:
    placement = pair_probabilities([*CONTENDERS, Known(key="other")])["placement"]

    of = {name: sum(share for pair, share in placement.items() if name in pair) for name in ("newcomer", "other")}
    assert of["newcomer"] == pytest.approx(of["other"])
    assert all({"newcomer", "other"} & set(pair) for pair in placement)


def test_of_the_top_those_meet_whose_order_is_in_doubt() -> None:
    top = pair_probabilities(CONTENDERS)["top"]

    # A tenth of a logit at a deviation of .316 is .316 deviations, eight tenths at .3 are 2.67: .376 to .0038.
    assert top["console-net", "deep-sets"] / top["console-net", "faders-up"] == pytest.approx(
        0.37591 / 0.00383, rel=0.01
    )
    assert top["newcomer", "rough-mix"] == max(top.values())


def test_the_top_are_those_who_may_be_the_best() -> None:
    """Somebody new may be, who is believed to be average; and somebody who is known to be is in it too."""
    settled = [Known(key=f"known-{n}", belief=Belief(mean=n / 10, variance=0.01, votes=300)) for n in range(8)]

    seen = {key for pair in pair_probabilities([*settled, Known(key="new")])["top"] for key in pair}

    assert seen == {"new", "known-7", "known-6", "known-5", "known-4"}
    assert len(seen) == TOP


def test_the_propensity_is_how_often_a_pair_is_drawn_on_a_song() -> None:
    """Chi-square over all 30 cells, against the propensities that came with the draws."""
    rng = random.Random(7)
    draws = [draw_pair(CONTENDERS, SONGS, rng=rng) for _ in range(20_000)]
    seen = Counter((draw.pair, draw.song) for draw in draws)
    claimed = {(draw.pair, draw.song): draw.propensity for draw in draws}

    assert len(seen) == 30
    assert sum(claimed.values()) == pytest.approx(1.0)
    expected = [20_000 * claimed[cell] for cell in seen]
    assert scipy.stats.chisquare(list(seen.values()), expected).pvalue > 0.001


def test_the_strata_have_their_shares() -> None:
    rng = random.Random(3)
    drawn = Counter(draw_pair(CONTENDERS, SONGS, rng=rng).stratum for _ in range(10_000))

    assert {name: count / 10_000 for name, count in drawn.items()} == pytest.approx(dict(SHARES), abs=0.02)


def test_without_anchors_their_share_is_uniform() -> None:
    rng = random.Random(3)
    plain = [Known(key=key) for key in "abc"]

    drawn = Counter(draw_pair(plain, SONGS, rng=rng).stratum for _ in range(5_000))

    assert drawn["anchor"] == 0
    assert drawn["uniform"] / 5_000 == pytest.approx(0.8, abs=0.03)


def test_a_battle_needs_two_and_a_song() -> None:
    with pytest.raises(ValueError, match="two contenders"):
        draw_pair(CONTENDERS[:1], SONGS)
    with pytest.raises(ValueError, match="a song"):
        draw_pair(CONTENDERS, [])


def test_the_coin_is_fair() -> None:
    """Chi-square over 4,000 real tosses: a fair coin fails this once in a hundred thousand runs."""
    heads = sum(toss(("one", "two"))[0] == "one" for _ in range(4_000))

    assert scipy.stats.chisquare([heads, 4_000 - heads]).pvalue > 1e-5
