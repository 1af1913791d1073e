import uuid

import pytest
from django.http import Http404

from tests.tournament import factories
from tournament import access

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(media):
    factories.mixers()
    alice, bob = factories.person("alice"), factories.person("bob")
    house, hers = factories.song(title="House"), factories.song(alice, "Hers")
    battles = {
        "hers": factories.battle(hers, alice),
        "hers, preparing": factories.battle(hers, alice, ready=False),
        "house, by alice": factories.battle(house, alice),
        "house, by alice, preparing": factories.battle(house, alice, ready=False),
    }
    return {"alice": alice, "bob": bob}, battles


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("alice", {"hers", "hers, preparing", "house, by alice", "house, by alice, preparing"}),
        ("bob", {"house, by alice"}),
    ],
)
def test_who_sees_which_battle(cast, who, sees):
    people, battles = cast
    for name, battle in battles.items():
        if name in sees:
            assert access.battle_for(people[who], battle.uuid) == battle
        else:
            with pytest.raises(Http404):
                access.battle_for(people[who], battle.uuid)
    assert set(access.battles_for(people[who])) == {battles[name] for name in sees}


def test_a_battle_that_does_not_exist_is_missing_in_the_same_way(cast):
    people, _ = cast
    with pytest.raises(Http404):
        access.battle_for(people["bob"], uuid.uuid4())


def test_open_battles_are_ready_and_not_voted_on_by_oneself(cast):
    people, battles = cast
    assert set(access.open_battles(people["bob"])) == {battles["house, by alice"]}
    assert set(access.open_battles(people["alice"])) == {battles["hers"], battles["house, by alice"]}
    factories.rated_vote(battles["house, by alice"], "a", people["bob"])
    assert set(access.open_battles(people["bob"])) == set()
    assert battles["house, by alice"] in access.open_battles(people["alice"])


def test_nobody_sees_anothers_vote(cast):
    people, battles = cast
    battle = battles["house, by alice"]
    vote = factories.rated_vote(battle, "a", people["bob"])
    assert access.vote_of(people["bob"], battle) == vote
    assert access.vote_of(people["alice"], battle) is None
    assert access.votes_of(people["bob"], [battle]) == {battle.pk: vote}
    assert access.votes_of(people["alice"], [battle]) == {}
