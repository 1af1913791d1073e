"""tus 1.0: creation, termination, expiration. The same resource for pages (session and CSRF) and programs (API key)."""

from __future__ import annotations

import base64
import binascii
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import http_date
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from aimixer_site.ops.errors import DomainError
from mixing import access
from mixing.models import Upload
from mixing.services import uploads as service

VERSION = "1.0.0"
CHUNK_TYPE = "application/offset+octet-stream"


class TusView(APIView):
    """What all tus answers have in common."""

    parser_classes = ()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # The protocol's way through proxies that know no PATCH.
        wanted = request.headers.get("X-HTTP-Method-Override", "").upper()
        if request.method == "POST" and wanted in {"PATCH", "DELETE"}:
            request.method = wanted
        return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method != "OPTIONS" and request.headers.get("Tus-Resumable") != VERSION:
            raise DomainError("tus_version", f"This server speaks tus {VERSION}.", field="Tus-Resumable", status=412)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Tus-Resumable"] = VERSION
        if request.method == "OPTIONS" or response.status_code == 412:
            response["Tus-Version"] = VERSION
        return response

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """What this server can do."""
        response = Response(status=204)
        response["Tus-Extension"] = "creation,termination,expiration"
        response["Tus-Max-Size"] = str(settings.UPLOAD_MAX_BYTES)
        return response


class UploadsView(TusView):
    """A song's door for files."""

    @extend_schema(operation_id="uploads_create", request=None, responses={201: None})
    def post(self, request: Request, uuid: UUID) -> Response:
        """Begin an upload: ``Upload-Length`` and ``Upload-Metadata: filename <base64>``; ``Location`` is the upload.

        A second pair, ``kind``, says that it is no stem: ``reference`` or ``rough_mix``, in base64 too.
        """
        song = access.editable_song_for(request.user, uuid)
        length = _whole_number(request, "Upload-Length")
        metadata = _metadata(request.headers.get("Upload-Metadata", ""))
        upload = service.create(
            song=song,
            owner=cast(User, request.user),
            filename=metadata["filename"],
            length=length,
            kind=metadata.get("kind", Upload.Kind.STEM),
        )
        response = _answer(upload, 201)
        response["Location"] = reverse("mixing:upload", args=[upload.uuid])
        return response


class UploadView(TusView):
    """One upload."""

    @extend_schema(operation_id="upload_offset", request=None, responses={200: None})
    def head(self, request: Request, uuid: UUID) -> Response:
        """How many bytes the server holds."""
        upload = access.upload_for(request.user, uuid)
        response = _answer(upload, 200)
        response["Upload-Length"] = str(upload.length)
        response["Cache-Control"] = "no-store"
        return response

    @extend_schema(operation_id="upload_append", request=None, responses={204: None})
    def patch(self, request: Request, uuid: UUID) -> Response:
        """Append a chunk at ``Upload-Offset``. The last answer has ``X-Job`` and ``X-Stem`` or ``X-Reference``."""
        upload = access.upload_for(request.user, uuid)
        if request.content_type != CHUNK_TYPE:
            raise DomainError("content_type", f"A chunk is sent as {CHUNK_TYPE}.", field="Content-Type", status=415)
        offset = _whole_number(request, "Upload-Offset")
        promised = _whole_number(request, "Content-Length") if "Content-Length" in request.headers else None
        body = request._request
        return _answer(service.append(upload=upload, offset=offset, read=body.read, promised=promised), 204)

    @extend_schema(operation_id="upload_abort", request=None, responses={204: None})
    def delete(self, request: Request, uuid: UUID) -> Response:
        """Stop an upload and forget what has arrived."""
        service.abort(upload=access.upload_for(request.user, uuid))
        return Response(status=204)


def _answer(upload: Upload, status: int) -> Response:
    response = Response(status=status)
    response["Upload-Offset"] = str(upload.offset)
    response["Upload-Expires"] = http_date(upload.expires_at.timestamp())
    for header, became in (("X-Stem", upload.stem), ("X-Reference", upload.reference)):
        if became is not None:
            response[header] = str(became.uuid)
            if became.job is not None:
                response["X-Job"] = str(became.job.uuid)
    return response


def _whole_number(request: Request, header: str) -> int:
    raw = request.headers.get(header, "")
    # Twenty digits are more than any file has, and fewer than what makes reading a number slow.
    if not raw.isascii() or not raw.isdigit() or len(raw) > 20:
        raise DomainError("invalid_header", f"{header} takes a whole number.", field=header, status=400)
    return int(raw)


def _metadata(header: str) -> dict[str, str]:
    """The pairs that this server knows; a file's name is among them."""
    known: dict[str, str] = {}
    for pair in header.split(","):
        key, _, value = pair.strip().partition(" ")
        if key in {"filename", "kind"}:
            try:
                known.setdefault(key, base64.b64decode(value, validate=True).decode())
            except (binascii.Error, UnicodeDecodeError):
                known.clear()
                break
    if "filename" in known:
        return known
    message = "Upload-Metadata must hold the file's name: filename, a space, and the name in base64."
    raise DomainError("invalid_filename", message, field="Upload-Metadata", status=400)
