import pytest

from tests.tournament import factories
from tournament.models import Battle, Vote

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(media):
    factories.mixers()
    return factories.person()


@pytest.fixture
def as_alice(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def battle(alice):
    return factories.battle(factories.song(title="House"), factories.person("bob"))


def post(client, url, body):
    return client.post(url, body, content_type="application/json")


def token_of(battle, voter):
    return factories.heard_ballot(battle, voter).token


def test_a_battle_is_started_on_a_song(as_alice, alice):
    song = factories.song(alice)
    factories.named_stems(song)
    answer = post(as_alice, "/api/v1/battles/", {"song": str(song.uuid)})
    created = Battle.objects.get()
    assert answer.status_code == 201
    assert answer.json() | {"created_at": None} == {
        "uuid": str(created.uuid),
        "url": f"/battles/{created.uuid}/",
        "song": {"uuid": str(song.uuid), "title": "Tide", "artist": "", "licence": ""},
        "job": str(created.job.uuid),
        "state": "queued",
        "created_at": None,
        "clips": None,
        "can_vote": False,
        "reveal": None,
    }


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [({}, 400, "required"), ({"song": "x"}, 400, "invalid"), ({"song": "0" * 32}, 404, "not_found")],
)
def test_a_battle_on_nothing_is_refused(as_alice, body, status, code):
    answer = post(as_alice, "/api/v1/battles/", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_the_list_holds_what_one_may_hear(as_alice, battle):
    factories.battle(factories.song(battle.created_by), battle.created_by)
    answer = as_alice.get("/api/v1/battles/").json()
    assert [row["uuid"] for row in answer["results"]] == [str(battle.uuid)]
    assert answer["count"] == 1


def test_a_vote_is_answered_by_the_reveal(as_alice, alice, battle):
    body = {"choice": "b", "token": token_of(battle, alice)}
    answer = post(as_alice, f"/api/v1/battles/{battle.uuid}/vote/", body)
    assert answer.status_code == 201
    told = answer.json()
    assert (told["a"]["mixer"]["key"], told["b"]["mixer"]["key"]) == (battle.mixer_a.key, battle.mixer_b.key)
    assert (told["choice"], told["is_rated"], told["unrated_code"]) == ("b", True, "")
    assert told["facts"] == ["Vocals: 3.0 dB louder in A", "Bass: 3.0 dB louder in B"]
    stored = Vote.objects.get()
    assert (stored.voter, stored.heard_a_s, stored.switches) == (alice, 6.0, 2)
    assert as_alice.get(f"/api/v1/battles/{battle.uuid}/").json()["reveal"] == told


def test_a_second_vote_is_a_409(as_alice, alice, battle):
    url = f"/api/v1/battles/{battle.uuid}/vote/"
    body = {"choice": "a", "token": token_of(battle, alice)}
    post(as_alice, url, body)
    answer = post(as_alice, url, body)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_voted")


@pytest.mark.parametrize("body", [{}, {"choice": "a"}, {"choice": "c", "token": "x"}, {"choice": "a", "token": "x"}])
def test_a_broken_vote_is_a_400_with_a_code(as_alice, battle, body):
    answer = post(as_alice, f"/api/v1/battles/{battle.uuid}/vote/", body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "message", "field"}
    assert not Vote.objects.exists()


def test_a_program_listens_with_its_ballot(as_alice, battle):
    url = f"/api/v1/battles/{battle.uuid}"
    ballot = post(as_alice, f"{url}/ballot/", {}).json()
    assert set(ballot) == {"token", "heard", "missing"}
    assert post(as_alice, f"{url}/ballot/", {}).json() == ballot
    body = {"token": ballot["token"], "a": [[2, 2.5]], "b": [[2.5, 3]], "switches": 1}
    told = post(as_alice, f"{url}/heard/", body)
    assert told.status_code == 200
    assert told.json() == {
        "heard": {"a": [[2.0, 2.5]], "b": [[2.5, 3.0]], "a_s": 0.5, "b_s": 0.5, "switches": 1},
        "missing": {"field": "a", "amount": 4.5, "message": "Listen to A for 5 more seconds."},
    }
    refused = post(as_alice, f"{url}/vote/", {"token": ballot["token"], "choice": "a"})
    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (400, "listen_more", "a")


@pytest.mark.parametrize(
    ("part", "claim"), [("a", "x"), ("b", [[1]]), ("a", [[0, 10**400]]), ("switches", -1), ("token", "invented")]
)
def test_a_broken_report_is_a_400_with_its_field(as_alice, battle, part, claim):
    url = f"/api/v1/battles/{battle.uuid}"
    token = post(as_alice, f"{url}/ballot/", {}).json()["token"]
    answer = post(as_alice, f"{url}/heard/", {"token": token, part: claim})
    assert (answer.status_code, answer.json()["field"]) == (400, part)


def test_who_has_voted_gets_no_second_ballot(as_alice, alice, battle):
    factories.rated_vote(battle, "a", alice)
    answer = post(as_alice, f"/api/v1/battles/{battle.uuid}/ballot/", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "already_voted")


def test_reasons_are_given_after_the_vote(as_alice, alice, battle):
    url = f"/api/v1/battles/{battle.uuid}/reasons/"
    assert post(as_alice, url, {"codes": ["punch"]}).status_code == 404
    factories.rated_vote(battle, "a", alice)
    assert post(as_alice, url, {"codes": ["mood"]}).status_code == 400
    answer = post(as_alice, url, {"codes": ["punch", "vocals"]})
    assert (answer.status_code, answer.json()) == (201, {"codes": ["punch", "vocals"]})
    assert post(as_alice, url, {"codes": ["width"]}).json()["code"] == "already_told"
