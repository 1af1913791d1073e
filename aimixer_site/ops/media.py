"""Private files: whoever calls this has asked ``access`` first. Byte ranges, validators, blocks."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Generator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header, http_date, parse_etags, parse_http_date_safe

BLOCK_BYTES = 128 * 1024
# Eighteen digits are more than any file has; numbers of thousands of digits cannot even be read.
_RANGE = re.compile(r"bytes=\s*([0-9]{0,18})\s*-\s*([0-9]{0,18})\s*")


@dataclass(frozen=True)
class Span:
    """Bytes ``start`` to ``stop`` of a file, ``stop`` excluded."""

    start: int
    stop: int


def file_response(
    request: HttpRequest, path: Path | str, *, content_type: str, download_name: str | None = None
) -> HttpResponseBase:
    """The file at ``path`` (inside of MEDIA_ROOT; relative to it or absolute): 200, 206, 304 or 416.

    With ``download_name`` the browser saves it under that name. A file that is not there is a 404.
    """
    file = _inside_media(path)
    try:
        status = file.stat()
    except OSError:
        raise Http404 from None
    etag = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
    modified = int(status.st_mtime)
    if settings.MEDIA_ACCEL_PREFIX:
        response: HttpResponseBase = _handed_to_nginx(file)
    elif _is_unchanged(request, etag, modified):
        response = HttpResponseNotModified()
    else:
        response = _body(request, file, status.st_size, etag, modified)
    response.headers["ETag"] = etag
    response.headers["Last-Modified"] = http_date(modified)
    _protect(response)
    if response.status_code in {200, 206}:
        response.headers["Content-Type"] = content_type
        if download_name is not None:
            response.headers["Content-Disposition"] = content_disposition_header(True, download_name) or "attachment"
    return response


def _inside_media(path: Path | str) -> Path:
    """A name that leads out of the media folder is as missing as one that does not exist."""
    root = Path(settings.MEDIA_ROOT).resolve()
    file = (root / path).resolve()
    if not file.is_relative_to(root) or not file.is_file():
        raise Http404
    return file


def _protect(response: HttpResponseBase) -> None:
    """Nothing that a person uploaded may run, be framed, or be read by another site or a shared cache."""
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Cache-Control"] = "private, max-age=300"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"


def _handed_to_nginx(file: Path) -> HttpResponse:
    """nginx sends the file itself, ranges and validators too; its location repeats the protecting headers."""
    relative = file.relative_to(Path(settings.MEDIA_ROOT).resolve())
    response = HttpResponse()
    response.headers["X-Accel-Redirect"] = f"{settings.MEDIA_ACCEL_PREFIX.rstrip('/')}/{quote(str(relative))}"
    return response


def _is_unchanged(request: HttpRequest, etag: str, modified: int) -> bool:
    """Whether the client's copy is still good (RFC 9110, 13.2.2: an entity tag outranks a date)."""
    wanted = request.headers.get("If-None-Match")
    if wanted is not None:
        return wanted.strip() == "*" or etag in [tag.removeprefix("W/") for tag in parse_etags(wanted)]
    since = request.headers.get("If-Modified-Since")
    seen = parse_http_date_safe(since) if since else None
    return seen is not None and modified <= seen


def _body(request: HttpRequest, file: Path, size: int, etag: str, modified: int) -> HttpResponseBase:
    if request.method == "HEAD":
        # A range has a meaning for GET alone.
        head = HttpResponse()
        head.headers["Content-Length"] = str(size)
        return head
    span = _asked_span(request, size, etag, modified)
    if span is None:
        return _stream(request, file, Span(0, size))
    if span.start >= span.stop:
        refused = HttpResponse(status=416)
        refused.headers["Content-Range"] = f"bytes */{size}"
        return refused
    response = _stream(request, file, span)
    response.status_code = 206
    response.headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{size}"
    return response


def _asked_span(request: HttpRequest, size: int, etag: str, modified: int) -> Span | None:
    """The one range that was asked for; None where the whole file is the answer; an empty span where none fits.

    Several ranges, or a header that is no range, are answered by the whole file, as RFC 9110 (14.2) allows.
    """
    match = _RANGE.fullmatch(request.headers.get("Range", ""))
    if match is None or match.group(0) == "" or not _if_range_holds(request, etag, modified):
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    if not first:
        return Span(max(0, size - int(last)), size) if int(last) else Span(0, 0)
    if last and int(last) < int(first):
        return None
    return Span(int(first), min(size, int(last) + 1) if last else size)


def _if_range_holds(request: HttpRequest, etag: str, modified: int) -> bool:
    condition = request.headers.get("If-Range")
    return condition is None or condition.strip() == etag or parse_http_date_safe(condition) == modified


def _stream(request: HttpRequest, file: Path, span: Span) -> StreamingHttpResponse:
    # A plain iterator under ASGI would be gathered into memory whole before the first byte leaves.
    blocks = _blocks_async(file, span) if isinstance(request, ASGIRequest) else _blocks(file, span)
    response = StreamingHttpResponse(blocks)
    response.headers["Content-Length"] = str(span.stop - span.start)
    return response


def _blocks(file: Path, span: Span) -> Generator[bytes, None, None]:
    with file.open("rb") as stream:
        stream.seek(span.start)
        left = span.stop - span.start
        while left > 0 and (block := stream.read(min(BLOCK_BYTES, left))):
            left -= len(block)
            yield block


async def _blocks_async(file: Path, span: Span) -> AsyncIterator[bytes]:
    blocks = _blocks(file, span)
    try:
        while block := await asyncio.to_thread(next, blocks, b""):
            yield block
    finally:
        blocks.close()
