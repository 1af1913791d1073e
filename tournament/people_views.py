"""A person's own page, their ears, and all that is kept of them as a file."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from tournament import people_pages

ENTRIES_A_PAGE = 100


@login_required
@require_safe
def person(request: HttpRequest) -> HttpResponse:
    page = people_pages.person_page(cast(User, request.user))
    return render(request, "tournament/person.html", page | {"join_url": request.build_absolute_uri(page["join_path"])})


@login_required
@require_safe
def ledger(request: HttpRequest) -> HttpResponse:
    entries = people_pages.moved_entries(cast(User, request.user))
    page = Paginator(entries, ENTRIES_A_PAGE).get_page(request.GET.get("page"))
    lines = people_pages.lines_of(page.object_list, together=False)
    return render(request, "tournament/person_ledger.html", {"entries": page, "lines": lines})


@login_required
@require_safe
def ears(request: HttpRequest) -> HttpResponse:
    return render(request, "tournament/ears.html", people_pages.ears_page(cast(User, request.user)))


@login_required
@require_safe
@never_cache
def data(request: HttpRequest) -> HttpResponse:
    response = JsonResponse(people_pages.data_of(cast(User, request.user)), json_dumps_params={"indent": 2})
    response["Content-Disposition"] = 'attachment; filename="ai-mixer-my-data.json"'
    return response
