"""The board's model against hand-computed odds, a peer, and brute force."""

from __future__ import annotations

import dataclasses

import evalica
import numpy as np
import pytest
import scipy.optimize
from numpy.typing import NDArray

from tournament.engine.clustered import effective_number
from tournament.engine.davidson import A_WINS, B_WINS, TIED, Votes, fit
from tournament.engine.simulation import World, simulate

COLUMNS = ("a", "b", "outcome", "voter", "song", "gap_lu", "weight")


def votes_of(rows: list[tuple[int, int, int]], *, contenders: int, **columns: NDArray) -> Votes:
    """Votes (a, b, outcome), each by a voter of its own on one song unless said."""
    a, b, outcome = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    size = len(rows)
    given = {
        "voter": np.arange(size),
        "song": np.zeros(size, dtype=np.int64),
        "gap_lu": np.zeros(size),
        "weight": np.ones(size),
    } | columns
    return Votes(a=a, b=b, outcome=outcome, contenders=contenders, **given)


def both_ways(wins: int, losses: int, ties: int) -> list[tuple[int, int, int]]:
    """Contender 0 against 1, each as often on side A."""
    return [
        *[(0, 1, A_WINS), (1, 0, B_WINS)] * wins,
        *[(0, 1, B_WINS), (1, 0, A_WINS)] * losses,
        *[(0, 1, TIED), (1, 0, TIED)] * ties,
    ]


def test_the_strength_is_the_log_odds_of_the_decisive_votes() -> None:
    found = fit(votes_of(both_ways(60, 20, 40), contenders=2), reference=1, prior_sd=1e4)

    assert found.theta[0] == pytest.approx(np.log(3), abs=0.001)
    assert found.theta[1] == 0.0
    assert found.side == pytest.approx(0.0, abs=1e-9)


def test_ties_do_not_shrink_the_scale() -> None:
    """Half-wins would say ln(80 / 40) here."""
    few = fit(votes_of(both_ways(60, 20, 0), contenders=2), reference=1, prior_sd=1e4)
    many = fit(votes_of(both_ways(60, 20, 80), contenders=2), reference=1, prior_sd=1e4)

    assert few.theta[0] == pytest.approx(many.theta[0], abs=0.005)


def test_the_side_is_told_apart_from_the_strength() -> None:
    rows = [(0, 1, A_WINS)] * 60 + [(0, 1, B_WINS)] * 20 + [(1, 0, A_WINS)] * 60 + [(1, 0, B_WINS)] * 20

    found = fit(votes_of(rows, contenders=2), reference=0, prior_sd=1e4)

    assert found.theta[1] == pytest.approx(0.0, abs=1e-9)
    assert found.side == pytest.approx(np.log(3), abs=0.01)


def test_louder_is_told_apart_from_better() -> None:
    """Equal contenders, and the louder side wins three times in four."""
    rows = [(0, 1, A_WINS)] * 75 + [(0, 1, B_WINS)] * 25 + [(0, 1, B_WINS)] * 75 + [(0, 1, A_WINS)] * 25
    gap = np.repeat([0.1, -0.1], 100)

    found = fit(votes_of(rows, contenders=2, gap_lu=gap), reference=0, prior_sd=1e4)

    assert found.theta[1] == pytest.approx(0.0, abs=1e-6)
    assert found.loudness > 0.0


def test_a_song_that_ties_often_has_a_tie_term_of_its_own() -> None:
    rows = both_ways(20, 20, 5) + both_ways(5, 5, 40)
    song = np.repeat([0, 1], [90, 100])

    found = fit(votes_of(rows, contenders=2, song=song), reference=0)

    assert found.song_tie[1] - found.song_tie[0] > 1.0


def test_a_contender_that_always_wins_stays_finite() -> None:
    found = fit(votes_of(both_ways(30, 0, 0), contenders=2), reference=1)

    assert 3.0 < found.theta[0] < 15.0


def test_without_votes_everyone_stands_at_the_prior() -> None:
    nobody = votes_of([(0, 1, A_WINS)], contenders=3)
    empty = dataclasses.replace(
        nobody,
        **{name: getattr(nobody, name)[:0] for name in ("a", "b", "outcome", "voter", "song", "gap_lu", "weight")},
    )

    found = fit(empty, reference=0, prior=np.array([0.5, 1.0, -1.0]))

    assert found.theta == pytest.approx([0.0, 0.5, -1.5])


def test_a_prior_pools_a_small_board_with_a_large_one() -> None:
    votes = votes_of(both_ways(3, 0, 0), contenders=2)
    large = np.array([0.4, 0.0])

    near = fit(votes, reference=1, prior=large, prior_sd=0.1).theta[0]
    free = fit(votes, reference=1, prior=large, prior_sd=10.0).theta[0]

    assert near == pytest.approx(0.4, abs=0.05)
    assert free > 2.0


def test_a_vote_of_no_weight_changes_nothing() -> None:
    rows = both_ways(60, 20, 40)
    padded = votes_of([*rows, *[(0, 1, B_WINS)] * 50], contenders=2)
    weighted = dataclasses.replace(padded, weight=np.repeat([1.0, 0.0], [len(rows), 50]))

    assert fit(weighted, reference=1).theta == pytest.approx(fit(votes_of(rows, contenders=2), reference=1).theta)


def test_it_finds_the_maximum_that_a_general_optimiser_finds() -> None:
    """The likelihood written down again, and minimised without derivatives of ours."""
    votes = simulate(World(contenders=4, votes=400, voters=12, songs=3), 5).votes

    def loss(x: NDArray) -> float:
        theta, side, loudness, tie, songs = np.concatenate([[0.0], x[:3]]), x[3], x[4], x[5], x[6:]
        eta = theta[votes.a] - theta[votes.b] + side + loudness * votes.gap_lu
        logits = np.stack([eta / 2, -eta / 2, tie + songs[votes.song]], axis=1)
        said = logits[np.arange(len(votes)), votes.outcome] - np.log(np.exp(logits).sum(axis=1))
        return float(-said.sum() + (x[:6] @ x[:6]) / 50 + songs @ songs / (2 * 0.7**2))

    best = scipy.optimize.minimize(loss, np.zeros(9), method="BFGS", options={"gtol": 1e-6}).x

    found = fit(votes, reference=0)

    assert found.theta[1:] == pytest.approx(best[:3], abs=1e-4)
    assert (found.side, found.loudness, found.tie) == pytest.approx(tuple(best[3:6]), abs=1e-3)


def test_without_ties_or_sides_it_ranks_and_spaces_as_evalica_does() -> None:
    votes = simulate(World(contenders=8, votes=4_000, ties=0.0, side=0.0), 2).votes
    winners = [evalica.Winner.X if outcome == A_WINS else evalica.Winner.Y for outcome in votes.outcome]
    scores = evalica.newman(votes.a.tolist(), votes.b.tolist(), winners, tolerance=1e-10, limit=10_000).scores
    theirs = np.log([scores[contender] for contender in range(8)])

    ours = fit(votes, reference=0, prior_sd=1e4).theta

    assert ours == pytest.approx(theirs - theirs[0], abs=0.03)


def test_votes_of_a_few_busy_people_are_worth_less_than_their_number() -> None:
    """Each of ten people casts one vote ten times over: what is known is known from ten."""
    rows = both_ways(3, 2, 0)
    alone = fit(votes_of(rows, contenders=2, voter=np.arange(10), song=np.arange(10)), reference=1)
    again = fit(
        votes_of(rows * 10, contenders=2, voter=np.tile(np.arange(10), 10), song=np.tile(np.arange(10), 10)),
        reference=1,
    )

    assert again.plain_covariance[0, 0] == pytest.approx(alone.plain_covariance[0, 0] / 10, rel=0.2)
    assert again.covariance[0, 0] == pytest.approx(alone.covariance[0, 0], rel=0.3)


def test_the_clustered_covariance_is_the_formula_written_out() -> None:
    """Brute force: whole score vectors of each vote, summed in dictionaries."""
    votes = simulate(World(contenders=4, votes=300, voters=20, songs=5), 3).votes
    found = fit(votes, reference=0)
    covariance = _by_brute_force(votes, found.theta, found.side, found.loudness, found.tie, found.song_tie)

    assert found.covariance[1:, 1:] == pytest.approx(covariance, rel=1e-6, abs=1e-9)


def _by_brute_force(votes: Votes, theta, side, loudness, tie, song_tie) -> NDArray:
    size, songs = 3, song_tie.size
    rows = []
    information = np.diag([1 / 25] * 6 + [1 / 0.7**2] * songs)
    for a, b, outcome, song, gap in zip(votes.a, votes.b, votes.outcome, votes.song, votes.gap_lu, strict=True):
        by_eta, by_tie = np.zeros(6 + songs), np.zeros(6 + songs)
        for contender, sign in ((a, 1.0), (b, -1.0)):
            if contender:
                by_eta[contender - 1] = sign
        by_eta[size], by_eta[size + 1] = 1.0, gap
        by_tie[size + 2] = by_tie[6 + song] = 1.0
        eta = theta[a] - theta[b] + side + loudness * gap
        logits = np.stack([by_eta / 2, -by_eta / 2, by_tie])
        chance = np.exp([eta / 2, -eta / 2, tie + song_tie[song]])
        chance /= chance.sum()
        mean = chance @ logits
        rows.append(logits[outcome] - mean)
        information += (logits.T * chance) @ logits - np.outer(mean, mean)
    scores = np.array(rows)
    # The songs' terms are eliminated as the fit does it: what a song's tie score carries over.
    carried = np.linalg.solve(information[6:, 6:], information[6:, :6])
    bread = np.linalg.inv(information[:6, :6] - information[:6, 6:] @ carried)
    efficient = scores[:, :6] - scores[:, 6:] @ carried
    total = np.zeros((6, 6))
    for sign, cluster in (
        (1, votes.voter),
        (1, votes.song),
        (-1, votes.voter * 1000 + votes.song),
    ):
        labels = np.unique(cluster)
        sums = np.array([efficient[cluster == label].sum(axis=0) for label in labels])
        total += sign * len(labels) / (len(labels) - 1) * sums.T @ sums
    covariance = bread @ total @ bread
    values, vectors = np.linalg.eigh(covariance)
    covariance = (vectors * np.maximum(values, 0)) @ vectors.T
    lift = np.sqrt(np.maximum(np.diag(bread) / np.diag(covariance), 1.0))
    return (covariance * np.outer(lift, lift))[:3, :3]


def test_effective_clusters_count_the_busy_once() -> None:
    # Ten votes of one and one each of ten: (20)² / (100 + 10).
    assert effective_number(np.array([0] * 10 + list(range(1, 11)))) == pytest.approx(400 / 110)


@pytest.mark.parametrize(
    "change",
    [
        {"a": np.array([1])},
        {"outcome": np.array([3])},
        {"b": np.array([2])},
        {"gap_lu": np.array([np.nan])},
        {"weight": np.array([1.5])},
        {"voter": np.array([-1])},
        {"song": np.array([0, 0])},
    ],
)
def test_votes_that_cannot_be_are_refused(change: dict[str, NDArray]) -> None:
    with pytest.raises(ValueError, match=" "):
        dataclasses.replace(votes_of([(0, 1, A_WINS)], contenders=2), **change)


def test_the_reference_is_a_contender() -> None:
    with pytest.raises(ValueError, match="reference"):
        fit(votes_of([(0, 1, A_WINS)], contenders=2), reference=2)
