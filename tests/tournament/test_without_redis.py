"""Redis carries hints and progress. While it is away people can hear battles and vote, from pages and programs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from tests.tournament import factories
from tournament.models import Ballot, Vote

pytestmark = pytest.mark.django_db(transaction=True)

NOWHERE = "unix:///nowhere/valkey.sock"


@pytest.fixture
def redis_is_away(settings: Settings) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": NOWHERE}}
    layer = settings.CHANNEL_LAYERS["default"]
    settings.CHANNEL_LAYERS = {"default": {**layer, "CONFIG": {**layer["CONFIG"], "hosts": [NOWHERE]}}}
    for queue in settings.RQ_QUEUES.values():
        queue["URL"] = NOWHERE


@pytest.fixture
def queues_come_back(settings: Settings):
    before = {name: queue["URL"] for name, queue in settings.RQ_QUEUES.items()}
    yield
    for name, url in before.items():
        settings.RQ_QUEUES[name]["URL"] = url


@pytest.mark.usefixtures("media", "queues_come_back", "redis_is_away")
@pytest.mark.parametrize("door", ["/battles/{}/{}", "/api/v1/battles/{}/{}/"])
def test_one_listens_and_votes_as_ever(client, door):
    factories.mixers()
    battle = factories.battle(factories.song())
    client.force_login(factories.person())
    assert client.get(f"/battles/{battle.uuid}/").status_code == 200
    Ballot.objects.update(issued_at=timezone.now() - timedelta(minutes=1))
    token = Ballot.objects.get().token
    heard = {"token": token, "a": [[0.0, 6.0]], "b": [[0.0, 6.0]], "switches": 1}
    is_page = not door.startswith("/api")
    if is_page:
        heard |= {"a": "[[0.0, 6.0]]", "b": "[[0.0, 6.0]]"}
    for deed, body, status in (
        ("heard", heard, 200),
        ("vote", {"token": token, "choice": "a"}, 200 if is_page else 201),
    ):
        answer = client.post(
            door.format(battle.uuid, deed),
            body,
            **({} if is_page else {"content_type": "application/json"}),
            headers={"Accept": "application/json"},
        )
        assert answer.status_code == status, answer.content
    assert Vote.objects.get().choice == "a"


@pytest.mark.usefixtures("media", "queues_come_back", "redis_is_away")
def test_a_battle_that_is_asked_for_waits_in_its_row(client):
    factories.mixers()
    song = factories.sounding_song()
    client.force_login(factories.person())
    answer = client.post("/api/v1/battles/", {"song": str(song.uuid)}, content_type="application/json")
    assert (answer.status_code, answer.json()["state"]) == (201, "queued")
