"""Being handed the next battle, in the browser and by the API."""

import pytest
from django.contrib.messages import get_messages

from tests.tournament import factories
from tournament.models import Ballot

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_alice(client, media):
    factories.mixers()
    client.force_login(factories.person())
    return client


def test_the_arena_offers_the_next_battle_and_leads_there_with_a_ballot(as_alice):
    battle = factories.battle(factories.song())
    assert 'action="/arena/next"' in as_alice.get("/arena/").content.decode()
    answer = as_alice.post("/arena/next", REMOTE_ADDR="203.0.113.7")
    assert answer.url == f"/battles/{battle.uuid}/"
    ballot = Ballot.objects.get()
    assert (ballot.battle, ballot.network != "") == (battle, True)


def test_a_battle_of_the_arena_is_listed_once_it_was_handed_out(as_alice):
    battle = factories.battle(factories.song())
    assert as_alice.get("/arena/").context["open_battles"] == []
    assert as_alice.get("/api/v1/battles/").json()["results"] == []
    as_alice.post("/arena/next")
    assert [card.uuid for card in as_alice.get("/arena/").context["open_battles"]] == [battle.uuid]
    assert [row["uuid"] for row in as_alice.get("/api/v1/battles/").json()["results"]] == [str(battle.uuid)]


def test_where_nothing_is_ready_it_says_so_calmly(as_alice):
    answer = as_alice.post("/arena/next")
    assert answer.url == "/arena/"
    assert "still being mixed" in str(next(iter(get_messages(answer.wsgi_request))))
    assert as_alice.post("/api/v1/battles/next/").status_code == 204


def test_after_the_reveal_stands_the_next_battle(as_alice):
    battle = factories.battle(factories.song())
    page = f"/battles/{battle.uuid}/"
    assert 'action="/arena/next"' not in as_alice.get(page).content.decode()
    factories.rated_vote(battle, "a", Ballot.objects.get().voter)
    assert 'action="/arena/next"' in as_alice.get(page).content.decode()


def test_programs_are_handed_the_same_battle_until_they_vote(as_alice):
    for _ in range(4):
        factories.battle(factories.song())
    first, second = (as_alice.post("/api/v1/battles/next/").json() for _ in range(2))
    assert first["uuid"] == second["uuid"]
    assert first["reveal"] is None
    assert Ballot.objects.count() == 1


def test_who_is_not_signed_in_is_handed_nothing(client):
    assert "/login/" in client.post("/arena/next").url
    assert client.post("/api/v1/battles/next/").status_code in (401, 403)
