"""Every address of songs, stems, mixes, jobs and uploads against everybody who may knock."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mixing import urls
from mixing.api.v1 import urls as api_urls
from mixing.models import Job, Song, Upload
from tests.factories import (
    finished_export,
    finished_mix,
    make_mixer,
    make_song,
    make_user,
    mixable_song,
    ready_reference,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]

TUS = {"Tus-Resumable": "1.0.0"}
CHUNK = {**TUS, "Upload-Offset": "0"}
NEW_FILE = {**TUS, "Upload-Length": "4", "Upload-Metadata": "filename S2ljay53YXY="}


@dataclass(frozen=True)
class Door:
    """One address and method: what its owner gets, and whether it is a page (anonymous people are led to sign in)."""

    name: str
    method: str
    of: str
    status: int
    data: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    extra: tuple[str, ...] = ()
    content_type: str = ""
    house: int = 0
    """What somebody else gets where the song belongs to the house; 0 where there is no such row."""

    @property
    def is_page(self) -> bool:
        return self.name.startswith("mixing:") and self.name not in {"mixing:uploads", "mixing:upload"}


DOORS = [
    Door("mixing:song", "get", "song", 200, house=200),
    Door("mixing:song_rename", "post", "song", 302, {"title": "New"}, house=404),
    Door("mixing:song_delete", "post", "song", 302, house=404),
    Door("mixing:mix_create", "post", "song", 302, {"mixer": "faders-up"}, house=302),
    Door("mixing:uploads", "post", "song", 201, headers=NEW_FILE, house=404),
    Door("mixing:upload", "head", "upload", 200, headers=TUS),
    Door("mixing:upload", "patch", "upload", 204, b"kick", CHUNK, content_type="application/offset+octet-stream"),
    Door("mixing:upload", "delete", "upload", 204, headers=TUS),
    Door("mixing:stem_role", "post", "stem", 302, {"role": "kick"}, house=404),
    Door("mixing:stem_row", "get", "stem", 200, house=200),
    Door("mixing:stem_delete", "post", "stem", 302, house=404),
    Door("mixing:stem_audio", "get", "stem", 200, house=200),
    Door("mixing:stem_peaks", "get", "stem", 200, house=200),
    Door("mixing:reference_audio", "get", "reference", 200),
    Door("mixing:reference_peaks", "get", "reference", 200),
    Door("mixing:reference_delete", "post", "reference", 302),
    Door("mixing:mix", "get", "mix", 200),
    Door("mixing:mix_delete", "post", "mix", 302),
    Door("mixing:mix_download", "get", "mix", 200, extra=("wav",)),
    Door("mixing:mix_download", "get", "mix", 200, extra=("flac",)),
    Door("mixing:mix_audio", "get", "mix", 200, extra=("wav",)),
    Door("mixing:mix_audio", "get", "mix", 200, extra=("flac",)),
    Door("mixing:mix_audio", "get", "mix", 404, extra=("exe",)),
    Door("mixing:mix_peaks", "get", "mix", 200),
    Door("mixing:exports", "get", "mix", 200),
    Door("mixing:exports", "post", "mix", 302, {"kind": "mp3"}),
    Door("mixing:export_download", "get", "export", 200),
    Door("mixing:export_delete", "post", "export", 302),
    Door("mixing:job_cancel", "post", "job", 302),
    Door("api-song", "get", "song", 200, house=200),
    Door("api-song", "patch", "song", 200, {"title": "New"}, house=404),
    Door("api-song", "delete", "song", 204, house=404),
    Door("api-stems", "get", "song", 200, house=200),
    Door("api-uploads", "post", "song", 201, headers=NEW_FILE, house=404),
    Door("api-stem", "get", "stem", 200, house=200),
    Door("api-stem", "patch", "stem", 200, {"role": "kick"}, house=404),
    Door("api-stem", "delete", "stem", 204, house=404),
    Door("api-references", "get", "song", 200, house=404),
    Door("api-reference", "get", "reference", 200),
    Door("api-reference", "delete", "reference", 204),
    Door("api-mix", "get", "mix", 200),
    Door("api-mix", "delete", "mix", 204),
    Door("api-mix-parameters", "get", "mix", 200),
    Door("api-exports", "get", "mix", 200),
    Door("api-exports", "post", "mix", 201, {"kind": "mp3"}),
    Door("api-export", "get", "export", 200),
    Door("api-export", "delete", "export", 204),
    Door("api-job", "get", "job", 200),
    Door("api-job-cancel", "post", "job", 200),
]
LISTS = {"mixing:songs", "api-songs", "api-mixes", "api-mixers"}
CARDS = {"mixing:mixers", "mixing:mixer", "api-mixer"}
"""What everybody may read: the pages to all, the API to whoever has a key."""
EVERY = pytest.mark.parametrize("door", DOORS, ids=lambda door: f"{door.name}-{door.method}{''.join(door.extra)}")


@dataclass
class Rows:
    song: uuid.UUID
    stem: uuid.UUID
    mix: uuid.UUID
    job: uuid.UUID
    upload: uuid.UUID
    export: uuid.UUID
    reference: uuid.UUID


@pytest.fixture
def alice() -> Any:
    return make_user("Alice")


@pytest.fixture
def bob() -> Any:
    return make_user("Bob")


def rows_of(owner: Any, song: Song) -> Rows:
    mix = finished_mix(song, owner)
    upload = Upload.objects.create(
        song=song, owner=owner, filename="K.wav", length=8, expires_at=timezone.now() + timedelta(hours=1)
    )
    stem = song.stems.first()
    assert stem is not None
    export, reference = finished_export(mix), ready_reference(song)
    return Rows(song.uuid, stem.uuid, mix.uuid, mix.job.uuid, upload.uuid, export.uuid, reference.uuid)


def knock(door: Door, target: uuid.UUID, person: Any = None, **headers: str) -> Any:
    client = Client()
    if person is not None:
        client.force_login(person)
    content_type = door.content_type or ("" if door.is_page else "application/json")
    given: dict[str, Any] = {"headers": {**door.headers, **headers}}
    if door.data is not None:
        given["data"] = door.data
    if content_type:
        given["content_type"] = content_type
    return getattr(client, door.method)(reverse(door.name, args=[target, *door.extra]), **given)


def test_no_address_is_missing_in_this_table() -> None:
    listed = {door.name for door in DOORS} | LISTS | CARDS
    here = {f"mixing:{pattern.name}" for pattern in urls.urlpatterns} | {item.name for item in api_urls.urlpatterns}
    assert here == listed


@EVERY
def test_the_owner_comes_in(door: Door, alice: Any) -> None:
    rows = rows_of(alice, mixable_song(alice))
    assert knock(door, getattr(rows, door.of), alice).status_code == door.status


@EVERY
def test_somebody_elses_row_is_as_missing_as_one_that_does_not_exist(door: Door, alice: Any, bob: Any) -> None:
    rows = rows_of(alice, mixable_song(alice))
    before = Song.objects.values_list("title", flat=True)[0], Job.objects.count(), Upload.objects.count()
    foreign = knock(door, getattr(rows, door.of), bob)
    missing = knock(door, uuid.uuid4(), bob)
    assert foreign.status_code == missing.status_code == 404
    told = foreign.content.replace(foreign.wsgi_request.path.encode(), b"")
    assert not any(word in told for word in (str(getattr(rows, door.of)).encode(), b"Morning", b"Bass"))
    assert before == (Song.objects.values_list("title", flat=True)[0], Job.objects.count(), Upload.objects.count())


@EVERY
def test_who_is_not_signed_in_is_led_to_the_sign_in_page_or_told_in_json(door: Door, alice: Any) -> None:
    rows = rows_of(alice, mixable_song(alice))
    response = knock(door, getattr(rows, door.of))
    if door.is_page:
        assert response.status_code == 302
        assert response.url.startswith(reverse("account_login"))
        response = knock(door, getattr(rows, door.of), accept="application/json")
    assert response.status_code == 401
    assert door.method == "head" or response.json()["code"] == "not_authenticated"


@pytest.mark.parametrize("door", [door for door in DOORS if door.house], ids=lambda door: f"{door.name}-{door.method}")
def test_a_song_of_the_house_is_open_to_hear_and_mix_and_closed_to_change(door: Door, bob: Any) -> None:
    house = mixable_song(None, title="House")
    finished_mix(house, bob)
    stem = house.stems.first()
    assert stem is not None
    assert knock(door, house.uuid if door.of == "song" else stem.uuid, bob).status_code == door.house


def test_a_mix_that_another_made_of_a_house_song_stays_theirs(alice: Any, bob: Any) -> None:
    house = mixable_song(None, title="House")
    mix = finished_mix(house, alice)
    client = Client()
    client.force_login(bob)
    assert client.get(reverse("mixing:mix", args=[mix.uuid])).status_code == 404
    assert str(mix.uuid).encode() not in client.get(reverse("mixing:song", args=[house.uuid])).content
    assert client.get(reverse("api-mixes")).json()["count"] == 0


def test_the_cards_of_mixers_are_open_to_everybody_and_their_json_to_whoever_has_a_key(alice: Any) -> None:
    make_mixer()
    client = Client()
    assert client.get(reverse("mixing:mixers")).status_code == 200
    assert client.get(reverse("mixing:mixer", args=["rough-mix"])).status_code == 200
    assert client.get(reverse("mixing:mixer", args=["kazoo"])).status_code == 404
    assert client.get(reverse("api-mixer", args=["rough-mix"])).status_code == 401
    client.force_login(alice)
    assert client.get(reverse("api-mixer", args=["rough-mix"])).status_code == 200
    assert client.get(reverse("api-mixer", args=["kazoo"])).status_code == 404


@pytest.mark.parametrize("name", sorted(LISTS))
def test_lists_hold_what_is_ones_own(name: str, alice: Any, bob: Any) -> None:
    make_song(alice, title="Private thing")
    client = Client()
    assert client.get(reverse(name), headers={"accept": "application/json"}).status_code == 401
    client.force_login(bob)
    response = client.get(reverse(name))
    assert response.status_code == 200
    assert b"Private thing" not in response.content


@pytest.mark.parametrize("name", ["mixing:song_delete", "mixing:song_rename", "mixing:mix_create"])
def test_pages_that_change_something_take_post_alone_and_ask_for_the_csrf_token(name: str, alice: Any) -> None:
    song = make_song(alice)
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.get(reverse(name, args=[song.uuid])).status_code == 405
    assert client.post(reverse(name, args=[song.uuid]), {"title": "x"}).status_code == 403


def test_a_session_that_uploads_needs_the_csrf_token_as_well(alice: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    response = client.post(reverse("mixing:uploads", args=[make_song(alice).uuid]), headers=NEW_FILE)
    assert response.status_code == 403
    assert not Upload.objects.exists()
