"""The filter vote by vote: by hand, against the board's fit, and in an arena that draws its pairs by it."""

from __future__ import annotations

import random

import numpy as np
import pytest
import scipy.stats

from tournament.engine.davidson import A_WINS, TIED, Votes, fit
from tournament.engine.matchmaking import Known, draw_pair
from tournament.engine.online import Belief, Result, information, learned
from tournament.engine.simulation import Arena, World, simulate


def told(votes: Votes) -> list[Result]:
    words = {A_WINS: "a", TIED: "tie"}
    rows = zip(votes.a, votes.b, votes.outcome, strict=True)
    return [Result(str(a), str(b), words.get(int(outcome), "b")) for a, b, outcome in rows]


def means(beliefs: dict[str, Belief], count: int) -> np.ndarray:
    return np.array([beliefs.get(str(n), Belief()).mean for n in range(count)])


def test_the_first_vote_without_ties_by_hand() -> None:
    """Equals: g = 1/2, w = 1/4, k = 1 / (1 + 2/4) = 2/3; so m = 1/3 and v = 1 - 1/6."""
    found = learned({}, [Result("x", "y", "a")], ties=0.0)

    assert found["x"] == Belief(mean=pytest.approx(1 / 3), variance=pytest.approx(5 / 6), votes=1)
    assert found["y"] == Belief(mean=pytest.approx(-1 / 3), variance=pytest.approx(5 / 6), votes=1)


def test_a_tie_draws_two_together_and_says_nothing_of_equals() -> None:
    equals = learned({}, [Result("x", "y", "tie")])
    assert (equals["x"].mean, equals["y"].mean) == (0.0, 0.0)
    assert equals["x"].variance < 1.0
    apart = learned({"x": Belief(mean=1.0)}, [Result("x", "y", "tie")])
    assert 0.0 < apart["y"].mean < apart["x"].mean < 1.0


def test_who_is_known_moves_less_than_who_is_not() -> None:
    known = {"x": Belief(variance=0.01, votes=500)}

    found = learned(known, [Result("x", "y", "b")])

    assert found["y"].mean == pytest.approx(-100 * found["x"].mean)


def test_a_vote_tells_most_between_equals_and_less_where_many_tie() -> None:
    assert information(0.0, ties=0.0) == pytest.approx(0.25)
    assert information(0.0, ties=0.3) == pytest.approx(0.25 * 0.7)
    assert information(2.0) == information(-2.0) < information(1.0) < information(0.0)


def test_votes_in_two_pieces_are_the_votes_at_once() -> None:
    results = told(simulate(World(votes=200), 1).votes)

    assert learned(learned({}, results[:70]), results[70:]) == learned({}, results)


@pytest.mark.parametrize("result", [Result("x", "x", "a"), Result("x", "y", "both_bad")])
def test_what_is_no_vote_of_two_is_refused(result: Result) -> None:
    with pytest.raises(ValueError, match="no vote"):
        learned({}, [result])


def test_a_share_of_ties_is_below_one() -> None:
    with pytest.raises(ValueError, match="share of ties"):
        learned({}, [], ties=1.0)


def rank_correlation(arena: Arena, found: np.ndarray) -> float:
    return float(scipy.stats.spearmanr(arena.drawn, found).statistic)


def test_it_orders_contenders_as_the_fit_of_all_votes_does() -> None:
    """Five arenas of the usual size, habits of voters and songs included: hardly behind the board, and on its scale."""
    filtered, fitted, slopes = [], [], []
    for seed in range(5):
        arena = simulate(World(), seed)
        board = fit(arena.votes, reference=0).theta
        online = means(learned({}, told(arena.votes)), World().contenders)
        filtered.append(rank_correlation(arena, online))
        fitted.append(rank_correlation(arena, board))
        slopes.append(np.polyfit(board, online, 1)[0])

    assert np.mean(filtered) > 0.95
    assert np.mean(filtered) > np.mean(fitted) - 0.01
    assert np.mean(slopes) == pytest.approx(1.0, abs=0.15)


def test_an_arena_that_draws_by_it_finds_the_place_of_somebody_new() -> None:
    """A closed loop: 300 votes on eight contenders whose pairs the filter has a part in, one of whom came late."""
    rng, strengths = random.Random(4), {f"c{n}": 0.5 * n - 1.75 for n in range(8)}
    beliefs: dict[str, Belief] = {key: Belief(mean=s, variance=0.05, votes=200) for key, s in strengths.items()}
    del beliefs["c6"]
    for _ in range(300):
        a, b = draw_pair(
            [Known(key=key, belief=beliefs.get(key, Belief())) for key in strengths], ["song"], rng=rng
        ).pair
        chance = 1.0 / (1.0 + np.exp(strengths[b] - strengths[a]))
        beliefs = learned(beliefs, [Result(a, b, "a" if rng.random() < chance else "b")], ties=0.0)

    assert beliefs["c6"].mean == pytest.approx(strengths["c6"], abs=0.5)
    assert beliefs["c6"].votes > 75, "no more votes than anybody gets by chance"
    assert sorted(beliefs, key=lambda key: beliefs[key].mean)[-3:] == ["c5", "c6", "c7"]
