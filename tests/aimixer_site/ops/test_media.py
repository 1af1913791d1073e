"""Private files over HTTP: what RFC 9110 says of ranges and validators, and what a browser may do with them."""

import asyncio
from io import BytesIO
from pathlib import Path

import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from aimixer_site.ops.media import BLOCK_BYTES, file_response

BYTES = bytes(range(256)) * 4


@pytest.fixture
def file(media: Path) -> Path:
    path = media / "songs" / "one.wav"
    path.parent.mkdir()
    path.write_bytes(BYTES)
    return path


def ask(path: Path | str, method: str = "get", **headers: str) -> HttpResponse | StreamingHttpResponse:
    request = getattr(RequestFactory(), method)("/", headers={k.replace("_", "-"): v for k, v in headers.items()})
    return file_response(request, path, content_type="audio/wav")


def body(response: HttpResponse | StreamingHttpResponse) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_a_whole_file_is_sent_with_its_length_and_the_offer_of_ranges(file: Path) -> None:
    response = ask(file)
    assert response.status_code == 200
    assert body(response) == BYTES
    assert response["Content-Length"] == "1024"
    assert response["Accept-Ranges"] == "bytes"
    assert response["Content-Type"] == "audio/wav"


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=1000-", 1000, 1024),
        ("bytes=-24", 1000, 1024),
        ("bytes=-5000", 0, 1024),
        ("bytes=1000-99999", 1000, 1024),
        ("bytes= 10 - 19", 10, 20),
    ],
)
def test_a_range_is_answered_by_its_bytes_and_its_place(file: Path, header: str, start: int, stop: int) -> None:
    response = ask(file, Range=header)
    assert response.status_code == 206
    assert body(response) == BYTES[start:stop]
    assert response["Content-Range"] == f"bytes {start}-{stop - 1}/1024"
    assert response["Content-Length"] == str(stop - start)


@pytest.mark.parametrize("header", ["bytes=1024-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_outside_of_the_file_is_a_416_with_the_size(file: Path, header: str) -> None:
    response = ask(file, Range=header)
    assert response.status_code == 416
    assert response["Content-Range"] == "bytes */1024"


@pytest.mark.parametrize(
    "header",
    [
        *("bytes=-", "bytes=9-3", "lines=1-2", "bytes=0-1,5-6", "nonsense", "bytes=1.5-2", ""),
        *(f"bytes=0-{'9' * 5000}", f"bytes={'9' * 5000}-", f"bytes=-{'9' * 5000}"),
    ],
    ids=lambda header: header[:20],
)
def test_what_is_no_single_range_gets_the_whole_file(file: Path, header: str) -> None:
    response = ask(file, Range=header)
    assert response.status_code == 200
    assert len(body(response)) == 1024


def test_a_copy_that_is_still_good_is_not_sent_again(file: Path) -> None:
    first = ask(file)
    assert ask(file, If_None_Match=first["ETag"]).status_code == 304
    assert ask(file, If_None_Match=f"W/{first['ETag']}").status_code == 304
    assert ask(file, If_None_Match='"other"').status_code == 200
    assert ask(file, If_Modified_Since=first["Last-Modified"]).status_code == 304
    # A tag that does not match outranks a date that does.
    assert ask(file, If_None_Match='"other"', If_Modified_Since=first["Last-Modified"]).status_code == 200


def test_a_range_of_another_version_gets_the_whole_file(file: Path) -> None:
    etag = ask(file)["ETag"]
    assert ask(file, Range="bytes=0-9", If_Range=etag).status_code == 206
    assert ask(file, Range="bytes=0-9", If_Range='"older"').status_code == 200
    assert ask(file, Range="bytes=0-9", If_Range=ask(file)["Last-Modified"]).status_code == 206
    file.write_bytes(BYTES * 2)
    assert ask(file, Range="bytes=0-9", If_Range=etag).status_code == 200


def test_head_tells_the_length_and_sends_nothing(file: Path) -> None:
    response = ask(file, "head", Range="bytes=0-9")
    assert response.status_code == 200
    assert response["Content-Length"] == "1024"
    assert body(response) == b""


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "songs/../../secret", "songs", "songs/none.wav", ""])
def test_nothing_outside_of_the_media_folder_is_ever_sent(file: Path, media: Path, name: str) -> None:
    (media.parent / "secret").write_text("no")
    with pytest.raises(Http404):
        ask(name)


def test_a_link_that_leads_out_is_not_followed(media: Path) -> None:
    (media.parent / "secret").write_text("no")
    (media / "link.wav").symlink_to(media.parent / "secret")
    with pytest.raises(Http404):
        ask("link.wav")


def test_a_file_can_neither_run_nor_be_read_by_others(file: Path) -> None:
    for response in (ask(file), ask(file, Range="bytes=0-1"), ask(file, Range="bytes=9999-")):
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert response["Cache-Control"].startswith("private")
        assert response["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_download_is_named_even_in_cyrillic(file: Path) -> None:
    request = RequestFactory().get("/")
    response = file_response(request, file, content_type="audio/wav", download_name="Песня 1.wav")
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''%D0%9F")


def test_behind_nginx_the_file_is_only_named(file: Path, settings: Settings) -> None:
    settings.MEDIA_ACCEL_PREFIX = "/protected/"
    (file.parent / "a b.wav").write_bytes(b"x")
    response = ask("songs/a b.wav", Range="bytes=0-1")
    assert response["X-Accel-Redirect"] == "/protected/songs/a%20b.wav"
    assert response.content == b""
    assert response["Content-Type"] == "audio/wav"


async def test_under_asgi_blocks_are_streamed_one_by_one(media: Path) -> None:
    content = bytes(3 * BLOCK_BYTES + 17)
    (media / "long.wav").write_bytes(content)
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"range", b"bytes=5-")], "query_string": b""}

    async def application(scope: dict, receive: object, send: object) -> None:
        response = file_response(ASGIRequest(scope, BytesIO()), "long.wav", content_type="audio/wav")
        assert response.is_async
        async for block in response:
            await send({"type": "http.response.body", "body": block, "more_body": True})

    communicator = ApplicationCommunicator(application, scope)
    sizes = [len((await communicator.receive_output(timeout=5))["body"]) for _ in range(4)]
    assert sizes == [BLOCK_BYTES, BLOCK_BYTES, BLOCK_BYTES, 12]
    await asyncio.sleep(0)


def test_a_file_that_vanishes_is_a_404(file: Path) -> None:
    file.unlink()
    request: HttpRequest = RequestFactory().get("/")
    with pytest.raises(Http404):
        file_response(request, file, content_type="audio/wav")
