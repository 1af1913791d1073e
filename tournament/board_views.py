"""Boards for everyone, one's own, the open data, and the page for those whose votes are held back."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from aimixer_site.ops.errors import DomainError
from aimixer_site.ops.media import file_response
from tournament import board_pages
from tournament import own_board as own_boards
from tournament.appeal_forms import AppealForm
from tournament.services import open_data, quarantine


@require_safe
def boards(request: HttpRequest) -> HttpResponse:
    context = {
        "boards": board_pages.latest(),
        "unrated": board_pages.unrated_counts(),
        "open_data_at": open_data.written_at(),
    }
    return render(request, "tournament/boards.html", context)


@require_safe
def board(request: HttpRequest, board: str) -> HttpResponse:
    context = {"board": board_pages.board_or_404(board), "open_data_at": open_data.written_at()}
    return render(request, "tournament/board.html", context)


@login_required
@require_safe
def own_board(request: HttpRequest) -> HttpResponse:
    return render(request, "tournament/own_board.html", {"board": own_boards.own_board(cast(User, request.user))})


@require_safe
def votes_file(request: HttpRequest) -> HttpResponseBase:
    """Votes and boards as anyone may have them; a 404 before the first vote."""
    return file_response(request, open_data.path(), content_type="application/json", download_name="votes.json")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def appeal(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    decision = quarantine.held_back(user)
    form = AppealForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            quarantine.appeal(voter=user, text=form.cleaned_data["text"])
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, "Sent. Somebody will read it and decide.")
            return redirect("tournament:appeal")
    context = {
        "decision": decision,
        "reasons": quarantine.reasons_in_words(decision) if decision else [],
        "appeals": decision.appeals.order_by("id") if decision else [],
        "may_write": decision is not None and decision.appeals.count() < quarantine.MOST_APPEALS,
        "form": form,
    }
    return render(request, "tournament/appeal.html", context, status=400 if form.errors else 200)
