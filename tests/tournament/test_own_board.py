"""A board of one's own: everyone's, moved by one's own votes, and by few of them only a little."""

import numpy as np
import pytest
from django.urls import reverse

from tests.tournament import boards, factories
from tests.tournament import tournaments as made
from tournament.own_board import own_board
from tournament.services import ratings, tournaments

pytestmark = pytest.mark.django_db


@pytest.fixture
def mixers(media):
    return factories.mixers()


def keep(voter, *, times, a=0, b=1, choice="a"):
    for number in range(times):
        sides, said = ((a, b), choice) if number % 2 else ((b, a), {"a": "b", "b": "a"}.get(choice, choice))
        boards.vote(boards.battle(factories.song(), *sides), voter, said)


def named(board):
    return {row.title: row for row in board.rows}


def test_without_a_vote_there_is_none(mixers):
    assert own_board(factories.person()) is None


def test_it_begins_at_everyones_and_few_votes_move_it_a_little(mixers):
    first, second = mixers[0].title, mixers[2].title
    boards.duel(boards.people(20), wins_of_ten=8, b=2)
    ratings.recompute()
    me = factories.person("me")
    keep(me, times=1, b=2, choice="b")
    row = named(own_board(me))[first]
    assert row.everyone == pytest.approx(1000 + 400 * np.log10(4), abs=60)
    assert 10 < row.everyone - row.rating < 60
    assert row.at < row.everyone_at
    keep(me, times=40, b=2, choice="b")
    many = named(own_board(me))
    assert many[second].rating > many[first].rating, "forty votes say more than everyone"
    assert many[first].high - many[first].low < row.high - row.low
    assert own_board(me).rows[0].title == second


def test_both_bad_is_counted_and_moves_nothing(mixers):
    me = factories.person("me")
    keep(me, times=3, choice="both_bad")
    board = own_board(me)
    assert board.votes == 3
    assert {row.rating for row in board.rows} == {1000.0}
    assert {row.tally.both_bad for row in board.rows} == {3}


def test_rounds_count_where_mixers_met_as_they_are(mixers):
    me = factories.person("me")
    song = made.song_of(me)
    made.rough_mix(song)
    tournament = tournaments.create(song=song, owner=me, count=3, with_rough_mix=True, seed=3)
    made.vote(tournament, "a")
    assert own_board(me) is None, "against a recording"
    other = tournaments.create(song=made.song_of(me), owner=me, count=3, seed=3)
    made.vote(other, "a")
    assert own_board(me).votes == 1
    made.vote(other, "a")
    assert own_board(me).votes == 1, "against a hybrid"


def test_the_page_says_what_it_is(client, mixers):
    me = factories.person("me")
    keep(me, times=2)
    client.force_login(me)
    page = client.get(reverse("tournament:own_board")).content.decode()
    assert "begins where everyone’s board has it" in page
    assert page.count('class="rating__point"') == 2
