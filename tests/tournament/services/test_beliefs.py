"""Beliefs follow the log of votes as it grows, and as people are held back and let in."""

import pytest

from tests.tournament import boards, factories
from tournament.models import Vote
from tournament.services import beliefs, quarantine
from tournament.services.contenders import contender

pytestmark = pytest.mark.django_db


@pytest.fixture
def names(media):
    return [contender(mixer.key, mixer.version) for mixer in factories.mixers()]


def test_without_votes_nothing_is_believed(names):
    assert beliefs.current() == {}


def test_new_votes_are_added_and_old_ones_not_read_again(names, django_assert_max_num_queries):
    voters = boards.people(4)
    boards.duel(voters)
    first = beliefs.current()
    assert first[names[0]].votes == 12
    with django_assert_max_num_queries(2):
        assert beliefs.current() == first
    boards.duel(voters[:1])
    assert beliefs.current()[names[0]].votes == 15
    beliefs.cache.clear()
    assert beliefs.current()[names[0]].mean == pytest.approx(first[names[0]].mean, abs=0.5)
    assert beliefs.current()[names[0]].votes == 15


def test_votes_that_no_board_counts_are_left_out(names):
    (voter,) = boards.people(1)
    song = factories.song()
    boards.vote(boards.battle(song), voter, "both_bad")
    for number, reason in enumerate(Vote.Unrated.values):
        boards.vote(boards.battle(song, genre=str(number)), voter, "a", unrated_reason=reason)
    assert beliefs.current() == {}


def test_who_is_held_back_is_left_out_also_afterwards(names):
    voters = boards.people(4)
    boards.duel(voters)
    before = beliefs.current()
    quarantine.hold(voter=voters[0], why="Always A.")
    assert beliefs.current()[names[0]].votes == 9
    quarantine.let_in(voter=voters[0], why="An honest ear.", by=factories.person("staff", is_staff=True))
    assert beliefs.current() == before


def test_somebody_who_left_still_counts(names):
    boards.vote(boards.battle(factories.song()), None, "b")
    assert beliefs.current()[names[1]].mean > 0.0
