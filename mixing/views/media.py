"""Private files, once access has been asked."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from aimixer_site.ops.media import file_response


def sound(request: HttpRequest, path: str, content_type: str, download_name: str | None = None) -> HttpResponseBase:
    """The file that a row names; a row that names none yet is as missing as the file."""
    if not path:
        raise Http404
    return file_response(request, path, content_type=content_type, download_name=download_name)
