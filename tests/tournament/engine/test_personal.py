"""One person's strengths: by hand, and beside the boards' own fit under the same prior."""

from __future__ import annotations

import numpy as np
import pytest

from tournament.engine.davidson import A_WINS, B_WINS, TIED, Votes, fit
from tournament.engine.online import Result
from tournament.engine.personal import STRAYS_SD, posterior

OUTCOMES = {"a": A_WINS, "b": B_WINS, "tie": TIED}


def test_without_a_vote_everyone_is_right() -> None:
    found = posterior([], {"x": 0.4, "y": -1.0})

    assert (found["x"].mean, found["y"].mean) == (0.4, -1.0)
    assert (found["x"].variance, found["x"].votes) == (pytest.approx(STRAYS_SD**2), 0)
    assert posterior([], {}) == {}


def test_one_victory_over_an_equal_by_hand() -> None:
    """Without ties theta solves (1 - 1 / (1 + e^-2t)) s² = t: for s = 1/2 t = 0.11116."""
    found = posterior([Result("x", "y", "a")], {"x": 0.0, "y": 0.0}, ties=0.0)

    t = found["x"].mean
    assert t == pytest.approx(0.25 * (1 - 1 / (1 + np.exp(-2 * t))))
    assert t == pytest.approx(0.11116, abs=1e-5)
    assert found["y"].mean == pytest.approx(-t)
    # The sum stays as unknown as it was, and of the difference w = e^2t / (1 + e^2t)² is learnt.
    w = np.exp(2 * t) / (1 + np.exp(2 * t)) ** 2
    assert found["x"].variance == pytest.approx((0.5 + 1 / (1 / 0.5 + w)) / 4)


def test_the_order_of_votes_says_nothing() -> None:
    results = [Result("x", "y", "a"), Result("y", "z", "tie"), Result("z", "x", "b"), Result("x", "y", "b")]
    everyone = {"x": 0.2, "y": 0.0, "z": -0.3}

    forward, backward = posterior(results, everyone), posterior(results[::-1], everyone)
    assert [each.mean for each in forward.values()] == pytest.approx([each.mean for each in backward.values()])


def test_it_is_the_boards_fit_under_the_same_prior() -> None:
    """300 votes of one person, on both sides as often, around somebody whom nobody met; the board fits ties besides."""
    rng = np.random.default_rng(3)
    strengths = np.array([0.6, 0.1, -0.4, 0.0])
    everyone = {"0": 0.3, "1": 0.0, "2": 0.1}
    results = []
    for _ in range(150):
        a, b = rng.permutation(3)[:2]
        chances = np.exp([(strengths[a] - strengths[b]) / 2, (strengths[b] - strengths[a]) / 2, np.log(0.857)])
        said = str(rng.choice(["a", "b", "tie"], p=chances / chances.sum()))
        turned = {"a": "b", "b": "a", "tie": "tie"}[said]
        results += [Result(str(a), str(b), said), Result(str(b), str(a), turned)]
    one = np.zeros(len(results), dtype=np.int64)
    votes = Votes(
        a=np.array([int(each.a) for each in results]), b=np.array([int(each.b) for each in results]),
        outcome=np.array([OUTCOMES[each.outcome] for each in results]), voter=one, song=one,
        gap_lu=np.zeros(len(results)), weight=np.ones(len(results)), contenders=4,
    )  # fmt: skip
    board = fit(votes, reference=3, prior=np.array([0.3, 0.0, 0.1, 0.0]), prior_sd=STRAYS_SD)
    drawn = np.exp(board.tie + board.song_tie[0])

    found = posterior(results, everyone, ties=drawn / (2 + drawn))

    assert [each.mean for each in found.values()] == pytest.approx(board.theta[:3], abs=1e-4)
    assert [each.variance for each in found.values()] == pytest.approx(np.diag(board.plain_covariance)[:3], rel=0.02)


def test_a_stranger_in_the_votes_is_an_error() -> None:
    with pytest.raises(KeyError):
        posterior([Result("x", "z", "a")], {"x": 0.0, "y": 0.0})
