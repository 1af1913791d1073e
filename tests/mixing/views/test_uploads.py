"""tus 1.0 as a client speaks it."""

from __future__ import annotations

import base64
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.services import api_keys
from mixing.models import Song, Stem, Upload
from mixing.services import storage
from tests.factories import make_song, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]

TUS = {"Tus-Resumable": "1.0.0"}
CHUNK_TYPE = "application/offset+octet-stream"


@pytest.fixture
def song() -> Song:
    return make_song(make_user("Alice"))


@pytest.fixture
def browser(song: Song) -> Client:
    client = Client()
    client.force_login(song.owner)
    return client


def announce(browser: Client, song: Song, *, length: str = "10", name: str = "Kick.wav", **headers: str) -> Any:
    metadata = f"filename {base64.b64encode(name.encode()).decode()},filetype YXVkaW8vd2F2"
    given = {**TUS, "Upload-Length": length, "Upload-Metadata": metadata, **headers}
    return browser.post(reverse("mixing:uploads", args=[song.uuid]), headers=given)


def send(browser: Client, url: str, data: bytes, offset: int | str, **headers: str) -> Any:
    given = {**TUS, "Upload-Offset": str(offset), **headers}
    return browser.patch(url, data, content_type=CHUNK_TYPE, headers=given)


def test_a_file_goes_up_in_chunks_and_is_a_stem_at_the_end(browser: Client, song: Song) -> None:
    created = announce(browser, song, name="Größe.wav")
    assert created.status_code == 201
    url = created.headers["Location"]
    assert parsedate_to_datetime(created.headers["Upload-Expires"]) > timezone.now()
    first = send(browser, url, b"01234", 0)
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "5")
    assert "X-Stem" not in first.headers
    asked = browser.head(url, headers=TUS)
    assert (asked.headers["Upload-Offset"], asked.headers["Upload-Length"]) == ("5", "10")
    assert asked.headers["Cache-Control"] == "no-store"
    last = send(browser, url, b"56789", 5)
    stem = Stem.objects.get()
    assert (last.headers["X-Stem"], last.headers["X-Job"]) == (str(stem.uuid), str(stem.job.uuid))
    assert stem.name == "Größe.wav"
    assert last.headers["Tus-Resumable"] == "1.0.0"


def test_a_client_that_lost_the_last_answer_finds_its_stem_by_asking_again(browser: Client, song: Song) -> None:
    url = announce(browser, song, length="5").headers["Location"]
    send(browser, url, b"01234", 0)
    asked = browser.head(url, headers=TUS)
    assert (asked.status_code, asked.headers["Upload-Offset"]) == (200, "5")
    assert asked.headers["X-Stem"] == str(Stem.objects.get().uuid)
    assert send(browser, url, b"01234", 0).status_code == 409


def test_the_server_says_what_it_can_do(browser: Client, song: Song, settings: Any) -> None:
    response = browser.options(reverse("mixing:uploads", args=[song.uuid]))
    assert response.status_code == 204
    assert response.headers["Tus-Version"] == "1.0.0"
    assert response.headers["Tus-Extension"] == "creation,termination,expiration"
    assert response.headers["Tus-Max-Size"] == str(settings.UPLOAD_MAX_BYTES)


@pytest.mark.parametrize("version", ["", "0.2.2"])
def test_another_version_of_the_protocol_is_refused_with_the_one_that_is_spoken(
    version: str, browser: Client, song: Song
) -> None:
    response = announce(browser, song, **{"Tus-Resumable": version})
    assert response.status_code == 412
    assert response.headers["Tus-Version"] == "1.0.0"
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Upload-Length": ""}, 400, "invalid_header"),
        ({"Upload-Length": "-1"}, 400, "invalid_header"),
        ({"Upload-Length": "1e3"}, 400, "invalid_header"),
        ({"Upload-Length": "٣"}, 400, "invalid_header"),
        ({"Upload-Length": "9" * 5000}, 400, "invalid_header"),
        ({"Upload-Length": "0"}, 422, "empty_file"),
        ({"Upload-Length": str(2**40)}, 413, "file_too_large"),
        ({"Upload-Metadata": ""}, 400, "invalid_filename"),
        ({"Upload-Metadata": "filename ###"}, 400, "invalid_filename"),
        ({"Upload-Metadata": "filename /w=="}, 400, "invalid_filename"),
    ],
)
def test_nonsense_in_the_headers_is_refused_by_name(
    headers: dict[str, str], status: int, code: str, browser: Client, song: Song
) -> None:
    response = announce(browser, song, **headers)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert set(response.json()) == {"code", "message", "field"}
    assert not Upload.objects.exists()


def test_a_chunk_of_another_type_is_refused(browser: Client, song: Song) -> None:
    url = announce(browser, song).headers["Location"]
    response = browser.patch(url, b"01234", content_type="audio/wav", headers={**TUS, "Upload-Offset": "0"})
    assert (response.status_code, response.json()["code"]) == (415, "content_type")


@pytest.mark.parametrize(
    ("offset", "data", "status", "code"),
    [
        (3, b"0", 409, "offset_mismatch"),
        ("x", b"0", 400, "invalid_header"),
        (0, b"0123456789+", 413, "too_many_bytes"),
        (0, b"\0" * (8 * 2**20 + 1), 413, "chunk_too_large"),
    ],
)
def test_a_chunk_that_does_not_fit_is_refused_and_nothing_moves(
    offset: Any, data: bytes, status: int, code: str, browser: Client, song: Song
) -> None:
    url = announce(browser, song).headers["Location"]
    response = send(browser, url, data, offset)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert Upload.objects.get().offset == 0


def test_an_upload_that_is_stopped_is_gone(browser: Client, song: Song) -> None:
    url = announce(browser, song).headers["Location"]
    send(browser, url, b"01234", 0)
    assert browser.delete(url, headers=TUS).status_code == 204
    assert browser.head(url, headers=TUS).status_code == 404
    assert list(storage.uploads_folder().iterdir()) == []


def test_a_program_uploads_with_its_key(song: Song) -> None:
    key = api_keys.create(user=song.owner, name="backup")[1]
    program = Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {key}"})
    metadata = f"filename {base64.b64encode(b'Kick.wav').decode()}"
    created = program.post(
        reverse("api-uploads", args=[song.uuid]),
        headers={**TUS, "Upload-Length": "4", "Upload-Metadata": metadata},
    )
    assert created.status_code == 201
    assert send(program, created.headers["Location"], b"kick", 0).headers["X-Stem"] == str(Stem.objects.get().uuid)


def test_a_proxy_that_knows_no_patch_is_gone_through_by_post(browser: Client, song: Song) -> None:
    url = announce(browser, song).headers["Location"]
    headers = {**TUS, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    response = browser.post(url, b"01234", content_type=CHUNK_TYPE, headers=headers)
    assert (response.status_code, response.headers["Upload-Offset"]) == (204, "5")
