import pytest

from tournament.engine.ratings import Ballot, standings, wilson_interval


@pytest.mark.parametrize(
    ("wins", "decisive", "low", "high"),
    [
        # p = 0.8, z² = 3.841459: centre 0.992073 / 1.384146 = 0.716740, half 1.416009 * sqrt(0.025604) = 0.226578
        (8, 10, 0.490162, 0.943318),
        # p = 0.5: centre 0.5, half sqrt(0.0025 + 0.000096) * 1.959964 / 1.038415 = 0.096170
        (50, 100, 0.403830, 0.596170),
        # No win of one: low 0, high z² / (1 + z²)
        (0, 1, 0.0, 0.793450),
        # All of four: low 1 / (1 + z²/4) = 0.510109
        (4, 4, 0.510109, 1.0),
    ],
)
def test_wilsons_interval_has_the_values_worked_out_by_hand(wins, decisive, low, high):
    assert wilson_interval(wins, decisive) == pytest.approx((low, high), abs=2e-6)


def test_without_a_decisive_vote_the_interval_says_nothing():
    assert wilson_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("wins", "decisive"), [(3, 2), (-1, 2)])
def test_an_impossible_count_is_refused(wins, decisive):
    with pytest.raises(ValueError, match="cannot be"):
        wilson_interval(wins, decisive)


def test_the_board_counts_wins_losses_ties_and_both_bad_apart():
    rows = standings(
        [
            Ballot("x", "y", "a"),
            Ballot("y", "x", "a"),
            Ballot("y", "x", "b"),
            Ballot("x", "z", "tie"),
            Ballot("z", "x", "both_bad"),
        ],
        ["x", "y", "z"],
    )
    counts = {row.contender: (row.rated, row.wins, row.losses, row.ties, row.both_bad, row.share) for row in rows}
    assert counts == {"x": (5, 2, 1, 1, 1, 2 / 3), "y": (3, 1, 2, 0, 0, 1 / 3), "z": (2, 0, 0, 1, 1, None)}


def test_ties_and_both_bad_move_neither_share_nor_interval():
    decisive = [Ballot("x", "y", "a")] * 3
    plain = standings(decisive, ["x", "y"])[0]
    mixed = standings([*decisive, Ballot("x", "y", "tie"), Ballot("x", "y", "both_bad")], ["x", "y"])[0]
    assert (plain.share, plain.low, plain.high) == (mixed.share, mixed.low, mixed.high)


def test_the_surest_stands_first_and_the_unheard_last():
    ballots = [Ballot("lucky", "z", "a")] + [Ballot("sure", "z", "a")] * 40 + [Ballot("sure", "z", "b")] * 4
    rows = standings(ballots, ["unheard", "lucky", "sure", "z"])
    assert [row.contender for row in rows] == ["sure", "lucky", "z", "unheard"]
    assert rows[-1].share is None


def test_the_order_of_the_votes_does_not_matter():
    ballots = [Ballot("x", "y", "a"), Ballot("y", "x", "tie"), Ballot("x", "y", "b")]
    assert standings(ballots, ["x", "y"]) == standings(reversed(ballots), ["x", "y"])


@pytest.mark.parametrize("ballot", [Ballot("x", "x", "a"), Ballot("x", "stranger", "a"), Ballot("x", "y", "cant_tell")])
def test_a_vote_that_cannot_be_counted_is_refused(ballot):
    with pytest.raises(ValueError, match="no vote"):
        standings([ballot], ["x", "y"])
