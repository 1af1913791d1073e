"""Recordings beside a song: heard by its owner alone, and taken away."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from mixing import access
from mixing.services import references as service
from mixing.views.doors import SignedInRequest, signed_in, wants_json
from mixing.views.media import sound


@require_POST
@signed_in
def delete(request: SignedInRequest, uuid: UUID) -> HttpResponseBase:
    reference = access.reference_for(request.user, uuid)
    service.delete(reference=reference)
    if wants_json(request):
        return HttpResponse(status=204)
    return redirect(f"{reverse('mixing:song', args=[reference.song.uuid])}#references")


@require_safe
@signed_in
def audio(request: SignedInRequest, uuid: UUID) -> HttpResponseBase:
    return sound(request, access.reference_for(request.user, uuid).audio_path, "audio/wav")


@require_safe
@signed_in
def peaks(request: SignedInRequest, uuid: UUID) -> HttpResponseBase:
    return sound(request, access.reference_for(request.user, uuid).peaks_path, "application/octet-stream")
