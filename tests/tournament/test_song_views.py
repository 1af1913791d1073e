"""The owner's page and the API for giving a song to the arena."""

import pytest

from tests.tournament import factories
from tournament.services import consents

pytestmark = pytest.mark.django_db

GIVEN = {"licence": "CC0 1.0", "genre": "jazz", "agreed": "on"}


@pytest.fixture
def alice(media):
    factories.mixers()
    return factories.person()


@pytest.fixture
def as_alice(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def hers(alice):
    return factories.song(alice, "Hers")


def page(song):
    return f"/songs/{song.uuid}/arena"


def api(song):
    return f"/api/v1/songs/{song.uuid}/arena/"


def test_the_song_leads_to_the_page_that_says_it_is_private(as_alice, hers):
    assert page(hers) in as_alice.get(f"/songs/{hers.uuid}/").content.decode()
    shown = as_alice.get(page(hers)).content.decode()
    assert "It is private" in shown
    assert consents.WORDING in shown


def test_giving_and_taking_back(as_alice, hers):
    assert as_alice.post(page(hers), GIVEN).url == page(hers)
    shown = as_alice.get(page(hers)).content.decode()
    assert "It is in the arena" in shown
    assert "CC0 1.0" in shown
    assert as_alice.post(page(hers) + "/withdraw").url == page(hers)
    assert "It is private" in as_alice.get(page(hers)).content.decode()


@pytest.mark.parametrize("missing", ["licence", "genre", "agreed"])
def test_an_incomplete_form_comes_back_with_a_sentence_and_gives_nothing(as_alice, hers, missing):
    answer = as_alice.post(page(hers), {name: value for name, value in GIVEN.items() if name != missing})
    assert answer.status_code == 422
    assert answer.context["form"].errors[missing]
    assert consents.current(hers) is None


def test_a_foreign_song_and_one_of_the_house_are_missing(as_alice):
    for song in (factories.song(factories.person("bob")), factories.song()):
        assert as_alice.get(page(song)).status_code == 404
        assert as_alice.post(page(song), GIVEN).status_code == 404
        assert as_alice.post(page(song) + "/withdraw").status_code == 404
        for method in ("get", "post", "delete"):
            assert getattr(as_alice, method)(api(song)).status_code == 404


def test_a_visitor_is_asked_to_sign_in(client, hers):
    assert "/login/" in client.get(page(hers)).url
    assert client.get(api(hers)).status_code in (401, 403)


def test_programs_give_and_take_back(as_alice, hers):
    assert as_alice.get(api(hers)).json()["in_arena"] is False
    given = as_alice.post(api(hers), {**GIVEN, "agreed": True}, content_type="application/json")
    assert given.status_code == 201
    told = as_alice.get(api(hers)).json()
    assert (told["in_arena"], told["licence"], told["genre"]) == (True, "CC0 1.0", "jazz")
    assert told["wording"] == consents.WORDING
    refused = as_alice.post(api(hers), {**GIVEN, "agreed": False}, content_type="application/json")
    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (400, "not_agreed", "agreed")
    assert as_alice.delete(api(hers)).json()["in_arena"] is False


def test_a_battle_shows_voters_the_licence(client, as_alice, hers):
    as_alice.post(page(hers), GIVEN)
    battle = factories.battle(hers)
    client.force_login(factories.person("bob"))
    assert "CC0 1.0" in client.get(f"/battles/{battle.uuid}/").content.decode()
    assert client.get(f"/api/v1/battles/{battle.uuid}/").json()["song"]["licence"] == "CC0 1.0"
