"""The arena, a battle, what is heard of it, a vote and its reasons, and the sound of both sides."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from aimixer_site.ops.errors import DomainError
from aimixer_site.ops.media import file_response
from mixing import access as songs
from mixing import events
from tournament import access, board_pages, people_pages
from tournament.api.v1.serializers import RevealSerializer
from tournament.cards import BattleCard, card, cards
from tournament.forms import BattleForm, HeardForm, ReasonsForm, VoteForm
from tournament.models import Battle, Vote, VoteReason
from tournament.services import ballots, battles, clip_files, quarantine, queue, votes
from tournament.traces import address_of, browser_of

LISTED = 50


@require_safe
def arena(request: HttpRequest) -> HttpResponse:
    """The board for everyone; battles for who is signed in."""
    context: dict[str, Any] = {"board": board_pages.board_page(board_pages.PUBLIC)}
    if request.user.is_authenticated:
        user = request.user
        context |= {
            "open_battles": cards(user, access.open_battles(user)[:LISTED]),
            "own_battles": cards(user, access.own_battles(user)[:LISTED]),
            "held": quarantine.held_back(user),
            "house_songs": songs.house_songs(user),
        }
    return render(request, "tournament/arena.html", context)


@login_required
@require_POST
def battle_create(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    form = BattleForm(request.POST)
    if not form.is_valid():
        raise DomainError("invalid_song", "Choose a song to start a battle on.", field="song")
    song = songs.song_for(user, form.cleaned_data["song"])
    created = battles.create_battle(user=user, song=song)
    return redirect("tournament:battle", uuid=created.uuid)


@login_required
@require_POST
def battle_next(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    found = queue.next_battle(user)
    if found is None:
        messages.info(request, "The next battle is still being mixed. Come back in a minute, or start one yourself.")
        return redirect("tournament:arena")
    ballots.issue(battle=found, voter=user, address=address_of(request), browser=browser_of(request))
    return redirect("tournament:battle", uuid=found.uuid)


@login_required
@never_cache
@require_safe
def battle(request: HttpRequest, uuid: UUID) -> HttpResponse:
    user = cast(User, request.user)
    row = access.battle_for(user, uuid)
    shown = card(row, access.vote_of(user, row))
    context = {
        "battle": shown,
        "song": shown.song,
        "job": shown.job,
        "vote": shown.vote,
        "reveal": shown.reveal,
        "reasons": _reasons(shown),
        "feedback": people_pages.feedback_card(user, row, shown.vote),
        "page": _page(request, row, shown),
    }
    return render(request, "tournament/battle.html", context)


@login_required
@require_POST
def heard(request: HttpRequest, uuid: UUID) -> HttpResponse:
    user = cast(User, request.user)
    row = access.battle_for(user, uuid)
    ballot = ballots.hear(battle=row, voter=user, **_cleaned(HeardForm(request.POST), "invalid_listening"))
    return JsonResponse(ballots.state(ballot, row))


@login_required
@require_POST
def vote(request: HttpRequest, uuid: UUID) -> HttpResponse:
    user = cast(User, request.user)
    row = access.battle_for(user, uuid)
    try:
        asked = _cleaned(VoteForm(request.POST), "invalid_vote")
        cast_now = votes.cast_vote(battle=row, voter=user, **asked)
    except DomainError as error:
        return _refused(request, row, error)
    if _wants_json(request):
        return JsonResponse(RevealSerializer(card(row, cast_now).reveal).data)
    return _see_other(row)


@login_required
@require_POST
def reasons(request: HttpRequest, uuid: UUID) -> HttpResponse:
    user = cast(User, request.user)
    row = access.battle_for(user, uuid)
    own = get_object_or_404(Vote, battle=row, voter=user)
    try:
        given = votes.give_reasons(vote=own, **_cleaned(ReasonsForm(request.POST), "invalid_reason"))
    except DomainError as error:
        return _refused(request, row, error)
    if _wants_json(request):
        return JsonResponse({"codes": [reason.code for reason in given]})
    return _see_other(row)


@login_required
@require_safe
def clip(request: HttpRequest, uuid: UUID, side: clip_files.Side) -> HttpResponseBase:
    row = _ready(request, uuid)
    return file_response(request, clip_files.clip_path(row, side), content_type="audio/wav")


@login_required
@require_safe
def clip_peaks(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    row = _ready(request, uuid)
    return file_response(request, clip_files.peaks_path(row), content_type="application/octet-stream")


def _ready(request: HttpRequest, uuid: UUID) -> Battle:
    row = access.battle_for(cast(User, request.user), uuid)
    if not row.is_ready:
        raise Http404
    return row


def _page(request: HttpRequest, row: Battle, shown: BattleCard) -> dict[str, Any]:
    return {
        "job": events.payload(row.preparation),
        "clips": shown.clips.as_dict() if shown.clips else None,
        "vote_url": reverse("tournament:vote", args=[row.uuid]),
        "heard_url": reverse("tournament:heard", args=[row.uuid]),
        "can_vote": shown.can_vote,
        "ballot": _ballot(request, row) if shown.can_vote else None,
    }


def _ballot(request: HttpRequest, row: Battle) -> dict[str, Any]:
    """What the player goes on from, also after a reload in the middle."""
    ballot = ballots.issue(
        battle=row, voter=cast(User, request.user), address=address_of(request), browser=browser_of(request)
    )
    return {"token": ballot.token, "least": ballots.least(row), **ballots.state(ballot, row)}


def _reasons(shown: BattleCard) -> dict[str, Any] | None:
    """The second screen: what can be given as a reason, or what was given; nothing before the vote."""
    if shown.vote is None:
        return None
    given = [str(VoteReason.Code(reason.code).label) for reason in shown.vote.reasons.order_by("id")]
    return {"given": given, "choices": VoteReason.Code.choices}


def _cleaned(form: Form, code: str) -> dict[str, Any]:
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        raise DomainError(code, str(errors[0]), field=field)
    return form.cleaned_data


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _refused(request: HttpRequest, row: Battle, error: DomainError) -> HttpResponse:
    """A script gets the error as it is; a person goes back to the battle and reads it there."""
    if _wants_json(request):
        raise error
    messages.error(request, error.message)
    return _see_other(row)


def _see_other(row: Battle) -> HttpResponse:
    response = redirect("tournament:battle", uuid=row.uuid)
    response.status_code = 303
    return response
