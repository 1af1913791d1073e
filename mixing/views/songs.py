"""The list of songs, and the page of one."""

from __future__ import annotations

from uuid import UUID

from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from aimixer_site.ops.errors import DomainError
from mixing import access, pages
from mixing.forms import SongForm
from mixing.services import songs as service
from mixing.views.doors import SignedInRequest, signed_in


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def songs(request: SignedInRequest) -> HttpResponseBase:
    form = SongForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        song = service.create(owner=request.user, title=form.cleaned_data["title"])
        return redirect("mixing:song", uuid=song.uuid)
    status = 422 if form.is_bound else 200
    return render(request, "mixing/songs.html", pages.songs_page(request.user) | {"form": form}, status=status)


@require_safe
@signed_in
def song(request: SignedInRequest, uuid: UUID) -> HttpResponseBase:
    return render(request, "mixing/song.html", pages.song_page(request.user, access.song_for(request.user, uuid)))


@require_POST
@signed_in
def rename(request: SignedInRequest, uuid: UUID) -> HttpResponseBase:
    song = access.editable_song_for(request.user, uuid)
    form = SongForm(request.POST)
    if not form.is_valid():
        raise DomainError("invalid_title", "A title has 1 to 120 characters.", field="title", status=422)
    service.rename(song=song, title=form.cleaned_data["title"])
    return redirect("mixing:song", uuid=uuid)


@require_POST
@signed_in
def delete(request: SignedInRequest, uuid: UUID) -> HttpResponseBase:
    service.delete(song=access.editable_song_for(request.user, uuid))
    return redirect("mixing:songs")
