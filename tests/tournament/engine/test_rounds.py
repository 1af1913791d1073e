import pytest

from tournament.engine import rounds
from tournament.engine.rounds import Record


@pytest.mark.parametrize(
    ("count", "kinds"),
    [
        (3, ["opening", "hybrid", "finale"]),
        (5, ["opening", "challenge", "challenge", "hybrid", "finale"]),
        (10, ["opening", *["challenge"] * 7, "hybrid", "finale"]),
    ],
)
def test_a_tournament_opens_is_challenged_crosses_and_ends_with_a_boss(count, kinds):
    assert [rounds.kind_of(number, count) for number in range(1, count + 1)] == kinds


@pytest.mark.parametrize(("number", "count"), [(0, 5), (6, 5), (1, 2), (1, 11)])
def test_there_are_no_other_rounds(number, count):
    with pytest.raises(ValueError, match="no round"):
        rounds.kind_of(number, count)


def test_a_draw_follows_from_seed_and_words_alone():
    one, again, other = (rounds.randomness(5, "side", word).random() for word in (1, 1, 2))
    assert one == again != other
    assert rounds.randomness(6, "side", 1).random() != one


def test_the_coin_of_the_rounds_is_fair():
    heads = sum(rounds.randomness(seed, "side", 1).random() < 0.5 for seed in range(2_000))
    assert 900 < heads < 1_100


def test_wins_and_losses_are_counted():
    done = rounds.records([("a", "b"), ("a", "c"), ("d", "a")])
    assert done == {
        "a": Record(wins=2, losses=1),
        "b": Record(losses=1),
        "c": Record(losses=1),
        "d": Record(wins=1),
    }


def test_the_best_two_relatives_are_crossed_the_better_one_first():
    done = rounds.records([("b", "a"), ("b", "x"), ("c", "b"), ("c", "a")])
    family = {"a", "b", "c"}
    related = lambda one, other: {one, other} <= family  # noqa: E731
    assert rounds.best_pair(["a", "b", "c", "x"], done, related) == ("c", "b")
    assert rounds.best_pair(["a", "x"], done, related) is None


def test_a_hybrid_gets_more_of_the_parent_that_won_more():
    assert rounds.share_of_father(Record(wins=2), Record(wins=1)) == 0.4
    assert rounds.share_of_father(Record(), Record()) == 0.5
