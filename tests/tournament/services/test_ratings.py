import pytest

from mixing.models import Mixer
from tests.tournament import factories
from tournament.models import Vote
from tournament.services.ratings import board, unrated_counts

pytestmark = pytest.mark.django_db


@pytest.fixture
def mixers(media):
    return factories.mixers()


def rows():
    return {row.mixer.key: row for row in board()}


def test_the_board_is_the_fold_of_the_rated_votes(mixers):
    song = factories.song()
    first, second, third = (mixer.key for mixer in mixers)
    forward, backward = factories.battle(song, a=0, b=1), factories.battle(song, a=1, b=0)
    for battle, choice in ((forward, "a"), (backward, "b"), (forward, "b"), (backward, "tie"), (forward, "both_bad")):
        factories.rated_vote(battle, choice)
    board = rows()
    assert (board[first].rated, board[first].wins, board[first].losses) == (5, 2, 1)
    assert (board[second].rated, board[second].wins, board[second].losses) == (5, 1, 2)
    assert (board[first].ties, board[first].both_bad) == (1, 1)
    assert board[first].share == pytest.approx(2 / 3)
    assert (board[third].rated, board[third].share, board[third].low, board[third].high) == (0, None, 0.0, 1.0)


def test_unrated_votes_are_counted_by_their_reason_and_move_nothing(mixers):
    battle = factories.battle(factories.song())
    before = rows()
    for number, reason in enumerate(("own_song", "cant_tell", "cant_tell")):
        voter = factories.person(f"voter{number}")
        Vote.objects.create(battle=battle, voter=voter, choice="a", is_rated=False, unrated_reason=reason)
    assert rows() == before
    assert [(count.reason, count.votes) for count in unrated_counts()] == [("own_song", 1), ("cant_tell", 2)]


def test_a_vote_stays_when_its_voter_leaves(mixers):
    voter = factories.person()
    factories.rated_vote(factories.battle(factories.song()), "a", voter)
    voter.delete()
    assert rows()[mixers[0].key].wins == 1


def test_a_mixer_that_has_retired_stays_while_votes_speak_of_it(mixers):
    factories.rated_vote(factories.battle(factories.song()), "a")
    Mixer.objects.update(is_active=False)
    assert set(rows()) == {mixers[0].key, mixers[1].key}
