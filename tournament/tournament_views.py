"""Tournaments: the list with its start, the story, and the page that can be shared."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from aimixer_site.ops.errors import DomainError
from mixing import access as songs
from mixing.views.doors import SignedInRequest, signed_in
from tournament import tournament_pages as pages
from tournament.engine import rounds
from tournament.services import tournaments as service
from tournament.tournament_forms import TournamentForm

LISTED = 50


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@never_cache
def tournaments(request: SignedInRequest) -> HttpResponseBase:
    form = TournamentForm(request.POST if request.method == "POST" else None)
    error: str | None = None
    if form.is_bound and form.is_valid():
        song = songs.editable_song_for(request.user, form.cleaned_data["song"])
        try:
            made = service.create(
                song=song,
                owner=request.user,
                count=form.cleaned_data["rounds"],
                with_rough_mix=form.cleaned_data["with_rough_mix"],
            )
            return redirect("tournament:tournament", uuid=made.uuid)
        except DomainError as refused:
            error = refused.message
    elif form.is_bound:
        error = str(next(iter(form.errors.values()))[0])
    context = {
        "stories": [pages.story(row, with_words=False) for row in pages.tournaments_of(request.user)[:LISTED]],
        **pages.songs_for_tournaments(request.user),
        "with_rough_mix": request.POST.get("with_rough_mix") == "1",
        "chosen": request.POST.get("song") or request.GET.get("song", ""),
        "counts": range(rounds.LEAST_ROUNDS, rounds.MOST_ROUNDS + 1),
        "usual": rounds.USUAL_ROUNDS,
        "error": error,
    }
    return render(request, "tournament/tournaments.html", context, status=422 if error else 200)


@require_safe
@signed_in
@never_cache
def tournament(request: SignedInRequest, uuid: UUID) -> HttpResponseBase:
    row = pages.tournament_for(request.user, uuid)
    story = pages.story(row)
    link = request.build_absolute_uri(story.shared_url) if row.is_shared else ""
    return render(request, "tournament/tournament.html", {"story": story, "link": link})


@require_POST
@signed_in
def go_on(request: SignedInRequest, uuid: UUID) -> HttpResponseBase:
    row = pages.tournament_for(request.user, uuid)
    try:
        service.go_on(row)
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("tournament:tournament", uuid=uuid)


@require_POST
@signed_in
def leave(request: SignedInRequest, uuid: UUID) -> HttpResponseBase:
    service.leave(pages.tournament_for(request.user, uuid))
    messages.success(request, "The tournament is put aside. You can go on with it whenever you like.")
    return redirect("tournament:tournaments")


@require_POST
@signed_in
def share(request: SignedInRequest, uuid: UUID) -> HttpResponseBase:
    row = pages.tournament_for(request.user, uuid)
    try:
        service.share(row, is_shared=request.POST.get("is_shared") == "1")
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("tournament:tournament", uuid=uuid)


@require_safe
def shared(request: HttpRequest, uuid: UUID) -> HttpResponse:
    context = {"story": pages.story(pages.shared_tournament(uuid))}
    return render(request, "tournament/tournament_shared.html", context)
