"""The page on which an owner gives a song to the arena, and takes it back."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from mixing import access as songs
from mixing.views.doors import SignedInRequest, signed_in
from tournament.consent_forms import ConsentForm
from tournament.services import consents


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def song_arena(request: SignedInRequest, uuid: UUID) -> HttpResponseBase:
    song = songs.editable_song_for(request.user, uuid)
    held = consents.current(song)
    form = ConsentForm(
        request.POST if request.method == "POST" else None,
        initial={"licence": held.licence, "genre": held.genre} if held else {"licence": consents.LICENCES[0][0]},
    )
    if form.is_bound and form.is_valid():
        consents.give(song=song, user=request.user, **form.cleaned_data)
        messages.success(request, f"“{song.title}” is in the arena.")
        return redirect("tournament:song_arena", uuid=uuid)
    context = {"song": song, "consent": held, "form": form, "wording": consents.WORDING}
    return render(request, "tournament/song_arena.html", context, status=422 if form.is_bound else 200)


@require_POST
@signed_in
def withdraw(request: SignedInRequest, uuid: UUID) -> HttpResponseBase:
    song = songs.editable_song_for(request.user, uuid)
    consents.withdraw(song=song, user=request.user)
    messages.success(request, f"“{song.title}” is private again.")
    return redirect("tournament:song_arena", uuid=uuid)
