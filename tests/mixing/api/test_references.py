"""References, styles and the cards of mixers for programs."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from mixing.models import Mix, Mixer, Reference, Song
from tests.factories import (
    coming_reference,
    finished_mix,
    make_mixer,
    make_user,
    ready_reference,
    signed_in,
    song_on_the_desk,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


@pytest.fixture
def alice() -> Any:
    return make_user("Alice")


@pytest.fixture
def program(alice: Any) -> Client:
    return signed_in(alice)


@pytest.fixture
def song(alice: Any) -> Song:
    return song_on_the_desk(alice)


def ask(program: Client, song: Song, **wish: Any) -> Any:
    body = {"song": str(song.uuid), "mixer": "rough-mix", **wish}
    return program.post(reverse("api-mixes"), body, content_type="application/json")


def test_the_recordings_beside_a_song_are_listed_with_what_was_measured(program: Client, song: Song) -> None:
    hit = ready_reference(song, "Hit.wav")
    coming = coming_reference(song, "Mine.wav", kind="rough_mix")
    answer = program.get(reverse("api-references", args=[song.uuid])).json()
    found = {row["kind"]: row for row in answer["results"]}
    assert found["reference"]["loudness_lufs"] == pytest.approx(hit.analysis["loudness_lufs"])
    assert found["reference"]["audio_url"] == reverse("mixing:reference_audio", args=[hit.uuid])
    assert (found["reference"]["state"], found["reference"]["sample_rate"]) == ("ready", 44_100)
    assert found["rough_mix"]["job"] == str(coming.job.uuid)
    assert (found["rough_mix"]["audio_url"], found["rough_mix"]["loudness_lufs"]) == (None, None)


def test_one_that_was_refused_tells_why(program: Client, song: Song) -> None:
    refused = coming_reference(song)
    Reference.objects.filter(pk=refused.pk).update(state="rejected", error_code="not_audio", error_message="No sound.")
    answer = program.get(reverse("api-reference", args=[refused.uuid])).json()
    assert answer["error"] == {"code": "not_audio", "message": "No sound."}


def test_a_mix_names_the_recording_that_it_is_to_match(program: Client, song: Song) -> None:
    hit = ready_reference(song)
    answer = ask(program, song, reference=str(hit.uuid), intent={"style": "wide"})
    assert answer.status_code == 201
    made = answer.json()
    assert (made["reference"], made["reference_name"], made["intent"]["style"]) == (str(hit.uuid), "Hit.wav", "wide")
    (listed,) = program.get(reverse("api-mixes")).json()["results"]
    assert listed["reference"] == str(hit.uuid)


def test_a_program_that_names_none_matches_none(program: Client, song: Song) -> None:
    ready_reference(song)
    assert ask(program, song).json()["reference"] is None
    assert ask(program, song, reference=None).json()["reference"] is None


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"reference": "kazoo"}, 400, "invalid"),
        ({"reference": "00000000-0000-4000-8000-000000000000"}, 422, "unknown_reference"),
        ({"intent": {"style": "crunchy"}}, 422, "unknown_style"),
        ({"intent": {"style": 7}}, 422, "invalid_intent"),
        ({"intent": {"stems": {"Lead.wav": {"space": 2}}}}, 422, "invalid_intent"),
    ],
)
def test_a_wish_that_cannot_be_is_told_with_its_code(
    wish: dict[str, Any], status: int, code: str, program: Client, song: Song
) -> None:
    answer = ask(program, song, **wish)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Mix.objects.exists()


def test_a_mix_tells_the_whole_hash_of_its_checkpoint_and_none_for_a_rule(
    program: Client, alice: Any, song: Song
) -> None:
    mix = finished_mix(song, alice, key="rough-mix")
    url = reverse("api-mix", args=[mix.uuid])
    assert program.get(url).json()["mixer_sha256"] is None
    Mix.objects.filter(pk=mix.pk).update(mixer_sha256="a" * 64)
    assert program.get(url).json()["mixer_sha256"] == "a" * 64


def test_the_list_of_mixers_says_who_has_weights_and_who_needs_a_reference(program: Client) -> None:
    make_mixer()
    Mixer.objects.create(key="n", family="n", version="1", title="N", sha256="b" * 64, needs_reference=True, position=9)
    found = {row["key"]: row for row in program.get(reverse("api-mixers")).json()["results"]}
    rule, net = found["rough-mix"], found["n"]
    assert (rule["sha256"], rule["needs_reference"]) == (None, False)
    assert (net["sha256"], net["needs_reference"]) == ("b" * 64, True)


def test_a_mixers_card_comes_as_it_is_and_a_rules_formula_in_words(program: Client) -> None:
    make_mixer()
    rule = program.get(reverse("api-mixer", args=["faders-up"])).json()
    assert rule["card"] is None
    assert rule["formula"][0].startswith("Every fader stands at 0 dB")
    card = {"towers": {"level": "rule"}, "data": {"songs": []}}
    Mixer.objects.create(key="n", family="n", version="1", title="N", is_active=False, card=card)
    gone = program.get(reverse("api-mixer", args=["n"])).json()
    assert (gone["is_active"], gone["card"], gone["formula"]) == (False, card, [])


def test_the_schema_tells_the_styles(program: Client) -> None:
    schema = program.get("/api/v1/schema/?format=json").json()["components"]["schemas"]
    styles = schema["Intent"]["properties"]["style"]
    assert "dense" in str(schema.get("StyleEnum", styles))
    assert schema["MixRequest"]["properties"]["reference"]["format"] == "uuid"
