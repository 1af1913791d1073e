from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from mixing.models import Mix, Song, Stem
from tests.factories import checking_stem, finished_mix, make_mixer, make_song, make_user, mixable_song, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]
JSON = "application/json"


@pytest.fixture
def alice() -> Any:
    return make_user("Alice")


@pytest.fixture
def api(alice: Any) -> Client:
    return signed_in(alice)


def test_a_song_is_made_renamed_and_deleted(api: Client, alice: Any) -> None:
    made = api.post(reverse("api-songs"), {"title": "Dawn", "artist": "ignored"}, content_type=JSON)
    assert made.status_code == 201
    url = reverse("api-song", args=[made.json()["uuid"]])
    assert made.json()["artist"] == ""
    assert api.patch(url, {"title": "Dusk"}, content_type=JSON).json()["title"] == "Dusk"
    assert [row["title"] for row in api.get(reverse("api-songs")).json()["results"]] == ["Dusk"]
    assert api.delete(url).status_code == 204
    assert not Song.objects.exists()


def test_a_title_is_checked(api: Client) -> None:
    response = api.post(reverse("api-songs"), {"title": ""}, content_type=JSON)
    assert (response.status_code, response.json()["field"]) == (400, "title")


def test_stems_tell_their_state_their_fault_and_where_they_are_heard(api: Client, alice: Any) -> None:
    song = mixable_song(alice)
    checking_stem(song, "Kick.wav")
    Stem.objects.create(
        song=song,
        name="Bad.wav",
        state=Stem.State.REJECTED,
        position=9,
        error_code="empty",
        error_message="It is empty.",
    )
    bass, lead, kick, bad = api.get(reverse("api-stems", args=[song.uuid])).json()["results"]
    assert (bass["state"], bass["error"]) == ("ready", None)
    assert bass["loudness_lufs"] < 0
    assert b"".join(api.get(bass["audio_url"]).streaming_content)[:4] == b"RIFF"
    assert lead["channels"] == 2
    assert (kick["state"], kick["audio_url"]) == ("checking", None)
    assert bad["error"] == {"code": "empty", "message": "It is empty."}


def test_a_role_is_one_of_the_twenty_one(api: Client, alice: Any) -> None:
    stem = mixable_song(alice).stems.first()
    url = reverse("api-stem", args=[stem.uuid])
    assert api.patch(url, {"role": "kick"}, content_type=JSON).json()["role_is_guess"] is False
    response = api.patch(url, {"role": "kazoo"}, content_type=JSON)
    assert (response.status_code, response.json()["field"]) == (400, "role")


def test_a_mix_is_asked_for_with_an_intent_and_tells_its_job(api: Client, alice: Any) -> None:
    song = mixable_song(alice)
    make_mixer()
    wish = {"target_lufs": -18, "stems": {"Lead.wav": {"presence": "lead"}}}
    body = {"song": str(song.uuid), "mixer": "rough-mix", "intent": wish}
    made = api.post(reverse("api-mixes"), body, content_type=JSON)
    assert made.status_code == 201
    assert made.json()["job"]["state"] == "queued"
    assert made.json()["report"] is None
    assert Mix.objects.get().intent["target_lufs"] == -18


@pytest.mark.parametrize(
    ("intent", "field"),
    [
        ({"target_lufs": 3}, "target_lufs"),
        ({"loudness": -14}, "loudness"),
        ({"style": "\ud800"}, "intent"),
        ({"style": "a\x00b"}, "intent"),
        ({"style": "x" * 200_000}, "intent"),
        ({"locks": {"a": {"b": [1]}}}, "a"),
        ({"stems": {"Ghost.wav": {}}}, "stems.Ghost.wav"),
        ({"stems": {"Lead.wav": {"presence": "loudest"}}}, "presence"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_by_the_name_of_its_field(
    intent: dict[str, Any], field: str, api: Client, alice: Any
) -> None:
    song = mixable_song(alice)
    make_mixer()
    body = {"song": str(song.uuid), "mixer": "faders-up", "intent": intent}
    response = api.post(reverse("api-mixes"), body, content_type=JSON)
    assert response.status_code == 422
    assert response.json()["field"].endswith(field)
    assert not Mix.objects.exists()


def test_the_console_is_handed_out_once_it_is_set_and_reading_it_opens_the_mix(api: Client, alice: Any) -> None:
    song = mixable_song(alice)
    mix = finished_mix(song, alice)
    assert api.get(reverse("api-mix-parameters", args=[mix.uuid])).json() == mix.parameters
    mix.refresh_from_db()
    assert mix.opened_at is not None
    Mix.objects.update(parameters=None)
    assert api.get(reverse("api-mix-parameters", args=[mix.uuid])).status_code == 404


def test_the_list_of_mixes_asks_the_database_no_more_for_many_than_for_few(
    api: Client, alice: Any, django_assert_max_num_queries: Any
) -> None:
    song = make_song(alice)
    for _ in range(12):
        finished_mix(song, alice)
    with django_assert_max_num_queries(8):
        assert len(api.get(reverse("api-mixes")).json()["results"]) == 12


def test_the_mixers_are_listed_and_those_that_are_gone_are_not(api: Client) -> None:
    make_mixer()
    keys = [row["key"] for row in api.get(reverse("api-mixers")).json()["results"]]
    assert {"faders-up", "equal-loudness", "rough-mix"} <= set(keys)


def test_the_schema_names_every_address(api: Client) -> None:
    schema = api.get(reverse("api-schema"), headers={"accept": "application/vnd.oai.openapi+json"}).json()
    for path in ("/api/v1/songs/", "/api/v1/mixes/{uuid}/parameters/", "/api/v1/jobs/{uuid}/cancel/"):
        assert path in schema["paths"]
    assert "eta_s" in schema["components"]["schemas"]["Job"]["properties"]
