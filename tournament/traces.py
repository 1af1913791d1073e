"""What a request tells of where it comes from: for bursts of votes from one place, and kept only as hashes."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The client's address behind as many proxies as the site trusts, or nothing where it cannot be told."""
    try:
        return str(get_adapter().get_client_ip(request))
    except PermissionDenied:
        return ""


def browser_of(request: HttpRequest) -> str:
    """The browser's own words: its name and its languages."""
    words = (request.headers.get("User-Agent", ""), request.headers.get("Accept-Language", ""))
    return "\n".join(words) if any(words) else ""
