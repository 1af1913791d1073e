"""What one person may ask of the API, and that nobody is refused because nothing can be counted."""

from __future__ import annotations

import pytest
import structlog
from django.core.cache import cache
from pytest_django.fixtures import Settings
from redis.exceptions import RedisError
from rest_framework.test import APIRequestFactory

from aimixer_site.ops.limits import UserThrottle
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def answers(count: int, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    monkeypatch.setattr(UserThrottle, "THROTTLE_RATES", {"user": "2/min"})
    request = APIRequestFactory().get("/")
    request.user = make_user()
    return [UserThrottle().allow_request(request, None) for _ in range(count)]


def test_who_asks_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert answers(3, monkeypatch) == [True, True, False]


def test_nobody_is_refused_while_redis_is_away(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "unix:///nowhere/valkey.sock"}}
    with pytest.raises(RedisError):
        cache.get("anything")
    with structlog.testing.capture_logs() as logs:
        assert answers(3, monkeypatch) == [True, True, True]
    assert [line["event"] for line in logs] == ["limit_not_counted"] * 3
