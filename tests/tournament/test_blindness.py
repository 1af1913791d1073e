"""Before one's own vote, nothing that a visitor can get hold of may depend on who stands where."""

import re

import pytest
from django.db.models import F

from accounts.models import User
from mixing.models import Mixer
from tests.tournament import factories
from tournament import jobs
from tournament.models import Battle, Vote
from tournament.services import battles

pytestmark = pytest.mark.django_db

_VARYING = re.compile(rb'name="(?:csrfmiddlewaretoken" value|csrf-token" content)="[^"]*"')


@pytest.fixture
def blind(client, media):
    """A battle that was truly prepared, on a house song, and a signed-in listener who has not voted."""
    factories.rules()
    Mixer.objects.update(version=F("key"))
    battle = battles.create_battle(user=factories.person("bob"), song=factories.sounding_song())
    jobs.prepare(job_uuid=str(battle.job.uuid), attempt=1, request_id="r")
    client.force_login(factories.person("alice"))
    return Battle.objects.get(pk=battle.pk)


def doors(battle):
    media = f"/media/battles/{battle.uuid}"
    return [
        f"/battles/{battle.uuid}/",
        "/api/v1/battles/",
        f"/api/v1/battles/{battle.uuid}/",
        f"{media}/a.wav",
        f"{media}/b.wav",
        f"{media}/peaks",
    ]


def answer(client, url):
    """Headers and body without what is new in every answer."""
    got = client.get(url)
    assert got.status_code == 200, url
    body = b"".join(got.streaming_content) if got.streaming else got.content
    headers = {name: value for name, value in got.headers.items() if name not in ("X-Request-ID", "Date", "Expires")}
    return headers, _VARYING.sub(b"", body)


def test_no_answer_names_a_mixer(client, blind):
    for url in doors(blind):
        headers, body = answer(client, url)
        everything = (str(headers).encode() + body).lower()
        for mixer in Mixer.objects.all():
            assert mixer.key.encode() not in everything, (url, mixer.key)
            assert mixer.title.lower().encode() not in everything, (url, mixer.title)
        for word in (b"fader_db", b"mixer_a", b"version_a", b"loudness_gap"):
            assert word not in everything, (url, word)


def test_no_answer_changes_when_the_mixers_change_sides(client, blind):
    before = [answer(client, url) for url in doors(blind)]
    Battle.objects.filter(pk=blind.pk).update(
        mixer_a=blind.mixer_b,
        mixer_b=blind.mixer_a,
        version_a=blind.version_b,
        version_b=blind.version_a,
        parameters_a=blind.parameters_b,
        parameters_b=blind.parameters_a,
        loudness_gap_lu=-blind.loudness_gap_lu,
    )
    assert [answer(client, url) for url in doors(blind)] == before


def test_the_page_of_the_song_the_arena_and_the_job_do_not_change_either(client, media):
    factories.rules()
    alice = factories.person("alice")
    client.force_login(alice)
    battle = battles.create_battle(user=alice, song=factories.sounding_song(alice))
    urls = [f"/songs/{battle.song.uuid}/", "/arena/", f"/api/v1/jobs/{battle.job.uuid}/", "/api/v1/songs/"]
    for _ in ("while it waits", "when it is ready"):
        before = [answer(client, url) for url in urls]
        Battle.objects.filter(pk=battle.pk).update(mixer_a=F("mixer_b"), mixer_b=F("mixer_a"))
        assert [answer(client, url) for url in urls] == before
        jobs.prepare(job_uuid=str(battle.job.uuid), attempt=1, request_id="r")


def test_both_clips_have_the_same_headers(client, blind):
    a, b = (answer(client, f"/media/battles/{blind.uuid}/{side}.wav") for side in "ab")
    assert a[0] == b[0]
    assert int(a[0]["Content-Length"]) == len(a[1]) == len(b[1])
    assert a[1] != b[1]


def test_a_refused_vote_tells_nothing(client, blind):
    for url in (f"/battles/{blind.uuid}/vote", f"/api/v1/battles/{blind.uuid}/vote/"):
        got = client.post(
            url, {"choice": "nobody"}, content_type="application/json", headers={"Accept": "application/json"}
        )
        assert got.status_code == 400
        assert not any(mixer.key in got.content.decode() for mixer in Mixer.objects.all())


def test_what_the_player_is_told_of_its_listening_names_nobody(client, blind):
    url = f"/api/v1/battles/{blind.uuid}"
    ballot = client.post(f"{url}/ballot/")
    told = client.post(f"{url}/heard/", {"token": ballot.json()["token"], "a": [[0, 1]]}, "application/json")
    assert (ballot.status_code, told.status_code) == (200, 200)
    for mixer in Mixer.objects.all():
        assert mixer.key not in ballot.content.decode() + told.content.decode()


def test_anothers_vote_opens_nothing_to_me(client, blind):
    Vote.objects.create(battle=blind, voter=factories.person("carol"), choice="a", is_rated=True)
    test_no_answer_names_a_mixer(client, blind)


def test_ones_own_vote_opens_it(client, blind):
    token = factories.heard_ballot(blind, User.objects.get(pk=client.session["_auth_user_id"])).token
    body = {"choice": "a", "token": token}
    client.post(f"/api/v1/battles/{blind.uuid}/vote/", body, content_type="application/json")
    for url in (f"/battles/{blind.uuid}/", f"/api/v1/battles/{blind.uuid}/"):
        _, body = answer(client, url)
        assert blind.mixer_a.title.encode() in body
        assert blind.mixer_b.title.encode() in body
