"""Each request has one id, in its answer and on its log line."""

import pytest
import structlog
from django.http import HttpRequest, HttpResponse
from django.test import AsyncRequestFactory, RequestFactory

from aimixer_site.ops.logs import request_id
from aimixer_site.ops.middleware import RequestContextMiddleware


def test_a_request_without_an_id_gets_one_that_its_log_line_shares() -> None:
    seen = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request_id())
        return HttpResponse()

    with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as logs:
        response = RequestContextMiddleware(view)(RequestFactory().get("/songs/"))
    assert len(seen[0]) == 32
    assert response["X-Request-ID"] == seen[0]
    assert (logs[0]["request_id"], logs[0]["path"], logs[0]["status"]) == (seen[0], "/songs/", 200)
    assert request_id() == ""


@pytest.mark.parametrize(("given", "kept"), [("proxy-id-12345", True), ("a b\nc injected", False), ("x" * 65, False)])
def test_a_proxys_id_is_kept_if_it_is_one(given: str, kept: bool) -> None:
    middleware = RequestContextMiddleware(lambda request: HttpResponse())
    response = middleware(RequestFactory().get("/", headers={"X-Request-ID": given}))
    assert (response["X-Request-ID"] == given) is kept


def test_what_says_nothing_of_caches_is_kept_by_none_and_other_words_stand() -> None:
    silent = RequestContextMiddleware(lambda request: HttpResponse())(RequestFactory().get("/songs/"))
    assert silent["Cache-Control"] == "private, no-store"
    file = HttpResponse(headers={"Cache-Control": "private, max-age=300"})
    assert RequestContextMiddleware(lambda request: file)(RequestFactory().get("/"))["Cache-Control"] == (
        "private, max-age=300"
    )


async def test_it_stays_asynchronous_where_the_site_is() -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(request_id())

    response = await RequestContextMiddleware(view)(AsyncRequestFactory().get("/"))
    assert response.content.decode() == response["X-Request-ID"]


def test_probes_leave_no_lines() -> None:
    with structlog.testing.capture_logs() as logs:
        RequestContextMiddleware(lambda request: HttpResponse())(RequestFactory().get("/livez"))
    assert logs == []
