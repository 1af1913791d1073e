"""The mixers and their cards: what each is, what it learned from, and how it does. Open to everybody."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from mixing import pages
from mixing.models import Mixer


@require_safe
def mixers(request: HttpRequest) -> HttpResponseBase:
    return render(request, "mixing/mixers.html", pages.mixers_page())


@require_safe
def mixer(request: HttpRequest, key: str) -> HttpResponseBase:
    return render(request, "mixing/mixer.html", pages.mixer_page(get_object_or_404(Mixer, key=key)))
