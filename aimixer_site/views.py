"""The front page, the page that shows every part of the look, and the pages of what went wrong."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template import loader
from django.views.decorators.http import require_safe

from aimixer_site import front, specimens
from aimixer_site.ops.logs import request_id
from mixing.models import Mix, Song
from tournament.models import Battle, Vote


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    demo = Song.objects.filter(owner=None).first()
    context = {
        "demo": demo,
        "lanes": front.lanes(demo),
        "counts": {
            "songs": Song.objects.count(),
            "mixes": Mix.objects.exclude(wav_path="").count(),
            "battles": Battle.objects.exclude(clip_duration_s=None).count(),
            "votes": Vote.objects.count(),
        },
    }
    return render(request, "home.html", context)


@login_required
@require_safe
def design(request: HttpRequest) -> HttpResponse:
    """Every part of the look on one page, for those who work on it."""
    if not request.user.is_staff:
        raise Http404
    return render(request, "design.html", specimens.context())


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _refusal(request, 400, "bad_request", "This request could not be understood.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _refusal(request, 403, "permission_denied", "This is not open to you.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _refusal(request, 404, "not_found", "There is nothing at this address.")


def broken(request: HttpRequest) -> HttpResponse:
    message = "Something broke on our side. It has been written down."
    if _wants_json(request):
        return JsonResponse({"code": "broken", "message": message, "field": None}, status=500)
    # Without the request's context: what broke may be what the context asks.
    page = loader.get_template("500.html").render({"request_id": request_id(), "message": message})
    return HttpResponse(page, status=500)


def _refusal(request: HttpRequest, status: int, code: str, message: str) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse({"code": code, "message": message, "field": None}, status=status)
    return render(request, f"{status}.html", {"code": code, "message": message}, status=status)


def _wants_json(request: HttpRequest) -> bool:
    return request.path.startswith("/api/") or request.headers.get("Accept", "").startswith("application/json")
