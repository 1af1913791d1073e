"""Who comes in: people who are signed in; programs are told so in JSON, people are led to the sign-in page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase

from accounts.models import User


class SignedInRequest(HttpRequest):
    """A request behind :func:`signed_in`."""

    user: User


def signed_in(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let only people who are signed in reach the view."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if wants_json(request):
            error = {"code": "not_authenticated", "message": "Sign in first.", "field": None}
            return JsonResponse(error, status=401)
        # A page that only takes POST cannot be gone back to.
        return redirect_to_login(request.get_full_path() if request.method in {"GET", "HEAD"} else "/")

    return guarded


def wants_json(request: HttpRequest) -> bool:
    """Whether a script asks, rather than a person's browser."""
    return request.headers.get("Accept", "").startswith("application/json")
