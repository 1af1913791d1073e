"""Draws of pairs and songs, and that their propensities are true."""

from __future__ import annotations

import random
from collections import Counter

import pytest
import scipy.stats

from tournament.engine.matchmaking import SHARES, Known, draw_pair, pair_probabilities, toss

CONTENDERS = [
    Known(key="faders-up", votes=90, strength=-0.5, is_anchor=True),
    Known(key="rough-mix", votes=90, strength=0.0, is_anchor=True),
    Known(key="console-net", votes=80, strength=0.3),
    Known(key="deep-sets", votes=70, strength=0.2),
    Known(key="newcomer", votes=0, strength=0.0),
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


def test_close_ones_of_the_top_meet_most() -> None:
    top = pair_probabilities(CONTENDERS)["top"]

    assert top["newcomer", "rough-mix"] == max(top.values())
    # A tenth of a logit apart against eight tenths, at half a logit: e^1.4.
    assert top["console-net", "deep-sets"] / top["console-net", "faders-up"] == pytest.approx(4.055, abs=0.001)


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
    plain = [Known(key=key, votes=5, strength=0.0) for key in "abc"]

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
