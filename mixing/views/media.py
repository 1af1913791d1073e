"""Private files, once access has been asked."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from aimixer_site.ops.media import file_response
from mixing.engine.audio.peaks import reduced
from mixing.services import storage

CARD_BINS = 1024
"""As fine as the picture on a card can be."""


def sound(request: HttpRequest, path: str, content_type: str, download_name: str | None = None) -> HttpResponseBase:
    """The file that a row names; a row that names none yet is as missing as the file."""
    if not path:
        raise Http404
    return file_response(request, path, content_type=content_type, download_name=download_name)


def coarse_peaks(path: str) -> HttpResponse:
    """The peaks of a recording without their fine levels: some kilobytes, for pages that show many recordings."""
    try:
        data = storage.absolute(path).read_bytes() if path else b""
    except FileNotFoundError:
        data = b""
    if not data:
        raise Http404
    headers = {"Cache-Control": "private, max-age=3600"}
    return HttpResponse(reduced(data, most_bins=CARD_BINS), content_type="application/octet-stream", headers=headers)
