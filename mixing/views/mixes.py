"""Mixes: asked for, watched, heard, fetched."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from aimixer_site.ops.errors import DomainError
from mixing import access, events, pages
from mixing.forms import MixForm
from mixing.models import Job, Mix, Song
from mixing.services import jobs
from mixing.services import mixes as service
from mixing.views.doors import SignedInRequest, signed_in, wants_json
from mixing.views.media import sound

OTHERS_LISTED = 30

CONTENT_TYPES = {"wav": "audio/wav", "flac": "audio/flac"}


@require_POST
@signed_in
def create(request: SignedInRequest, uuid: UUID) -> HttpResponseBase:
    song = access.song_for(request.user, uuid)
    try:
        mix = _asked_for(request, song)
    except DomainError as error:
        if wants_json(request):
            raise
        context = pages.song_page(request.user, song, request.POST.dict()) | {"error": error.as_dict()}
        return render(request, "mixing/song.html", context, status=error.status)
    return redirect("mixing:mix", uuid=mix.uuid)


@require_safe
@signed_in
def mix(request: SignedInRequest, uuid: UUID) -> HttpResponseBase:
    found = access.mix_for(request.user, uuid)
    service.note_opened(mix=found)
    others = access.mixes_beside(request.user, found)[:OTHERS_LISTED]
    return render(request, "mixing/mix.html", pages.mix_page(found, list(others), request.GET.get("beside", "")))


@require_POST
@signed_in
def delete(request: SignedInRequest, uuid: UUID) -> HttpResponseBase:
    found = access.mix_for(request.user, uuid)
    service.delete(mix=found)
    return redirect("mixing:song", uuid=found.song.uuid)


@require_POST
@signed_in
def cancel(request: SignedInRequest, uuid: UUID) -> HttpResponseBase:
    job = jobs.request_cancel(job=access.job_for(request.user, uuid))
    # Asked again: cancelling moves the row, and the answer tells where to go.
    payload = events.payload(get_object_or_404(events.with_targets(Job.objects.filter(pk=job.pk))))
    if wants_json(request):
        return JsonResponse(payload)
    target = payload["target"]
    return redirect(target["url"] if target else "mixing:songs")


@require_safe
@signed_in
def audio(request: SignedInRequest, uuid: UUID, extension: str) -> HttpResponseBase:
    return _sound(request, access.mix_for(request.user, uuid), extension, download=False)


@require_safe
@signed_in
def download(request: SignedInRequest, uuid: UUID, extension: str) -> HttpResponseBase:
    return _sound(request, access.mix_for(request.user, uuid), extension, download=True)


@require_safe
@signed_in
def peaks(request: SignedInRequest, uuid: UUID) -> HttpResponseBase:
    found = access.mix_for(request.user, uuid)
    # The waveform of a mix tells the two sides of a battle apart as its sound does.
    service.note_opened(mix=found)
    return sound(request, found.peaks_path, "application/octet-stream")


def _asked_for(request: SignedInRequest, song: Song) -> Mix:
    form = MixForm(request.POST, stems=song.stems.all())
    if not form.is_valid():
        field, sentence = form.first_error()
        raise DomainError("invalid", sentence, field=field, status=422)
    return service.create(song=song, owner=request.user, **form.asked())


def _sound(request: SignedInRequest, mix: Mix, extension: str, *, download: bool) -> HttpResponseBase:
    if extension not in CONTENT_TYPES:
        raise Http404
    service.note_opened(mix=mix)
    path = mix.wav_path if extension == "wav" else mix.flac_path
    name = service.download_name(mix, extension) if download else None
    return sound(request, path, CONTENT_TYPES[extension], name)
