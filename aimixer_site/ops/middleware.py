"""What wraps every request: its id and log line, and the page or JSON of a domain error."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, cast

import structlog
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from aimixer_site.ops.errors import DomainError

log = structlog.get_logger("aimixer.request")

_FOREIGN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_QUIET = ("/livez", "/readyz", "/static/")


class RequestContextMiddleware:
    """Gives each request an id, binds it to every log line and answers with it in ``X-Request-ID``."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self._serve_async(request)
        with _bound(request) as request_id:
            started = time.monotonic()
            return _finish(request, self.get_response(request), request_id, started)

    async def _serve_async(self, request: HttpRequest) -> HttpResponseBase:
        with _bound(request) as request_id:
            started = time.monotonic()
            return _finish(request, await self.get_response(request), request_id, started)


class _bound:
    """Binds the request's id for the time of a ``with``, and leaves the context as it was."""

    def __init__(self, request: HttpRequest) -> None:
        given = request.headers.get("X-Request-ID", "")
        self.request_id = given if _FOREIGN_ID.fullmatch(given) else uuid.uuid4().hex

    def __enter__(self) -> str:
        self.tokens = structlog.contextvars.bind_contextvars(request_id=self.request_id)
        return self.request_id

    def __exit__(self, *exc_info: object) -> None:
        structlog.contextvars.reset_contextvars(**self.tokens)


def _finish(request: HttpRequest, response: HttpResponseBase, request_id: str, started: float) -> HttpResponseBase:
    response.headers["X-Request-ID"] = request_id
    # What says nothing of caches is about the person who asked: nobody keeps it, not even a browser after signing out.
    response.headers.setdefault("Cache-Control", "private, no-store")
    if not request.path.startswith(_QUIET) or response.status_code >= 500:
        log.info(
            "request",
            method=request.method,
            path=request.path,
            status=response.status_code,
            duration_ms=round((time.monotonic() - started) * 1000, 1),
        )
    return response


class DomainErrorMiddleware:
    """Turns a domain error that a page's view let through into a page, or into JSON for a script."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        if not isinstance(error, DomainError):
            return None
        if not request.accepts("text/html") or request.headers.get("Accept", "").startswith("application/json"):
            return JsonResponse(error.as_dict(), status=error.status)
        context = cast(dict[str, Any], error.as_dict())
        return render(request, "400.html", context, status=error.status)
