"""Stems: role, row, removal, sound."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from mixing import access, pages
from mixing.services import stems as service
from mixing.views.doors import SignedInRequest, signed_in, wants_json
from mixing.views.media import coarse_peaks, sound


@require_POST
@signed_in
def role(request: SignedInRequest, uuid: UUID) -> HttpResponseBase:
    stem = access.editable_stem_for(request.user, uuid)
    service.set_role(stem=stem, role=request.POST.get("role", ""))
    if wants_json(request):
        return JsonResponse({"role": stem.role})
    return redirect("mixing:song", uuid=stem.song.uuid)


@require_safe
@signed_in
def row(request: SignedInRequest, uuid: UUID) -> HttpResponseBase:
    stem = access.stem_for(request.user, uuid)
    return render(request, "partials/_stem_row.html", pages.stem_row(request.user, stem))


@require_POST
@signed_in
def delete(request: SignedInRequest, uuid: UUID) -> HttpResponseBase:
    stem = access.editable_stem_for(request.user, uuid)
    service.delete(stem=stem)
    if wants_json(request):
        return HttpResponse(status=204)
    return redirect("mixing:song", uuid=stem.song.uuid)


@require_safe
@signed_in
def audio(request: SignedInRequest, uuid: UUID) -> HttpResponseBase:
    return sound(request, access.stem_for(request.user, uuid).audio_path, "audio/wav")


@require_safe
@signed_in
def peaks(request: SignedInRequest, uuid: UUID) -> HttpResponseBase:
    path = access.stem_for(request.user, uuid).peaks_path
    if request.GET.get("detail") == "coarse":
        return coarse_peaks(path)
    return sound(request, path, "application/octet-stream")
