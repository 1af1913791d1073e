"""Tests run against a real Valkey and a real database of their own, in a folder that goes when they end."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

# Before Django reads them: every process of the tests has its own folder, socket and database.
VAR = Path(tempfile.mkdtemp(prefix="aimixer-tests-"))
atexit.register(shutil.rmtree, VAR, ignore_errors=True)
os.environ["DJANGO_SETTINGS_MODULE"] = "aimixer_site.settings"
os.environ["AIMIXER_VAR"] = str(VAR)
os.environ["AIMIXER_MEDIA"] = str(VAR / "media")
os.environ["AIMIXER_REDIS_URL"] = f"unix://{VAR / 'valkey.sock'}"
os.environ["NUMBA_CACHE_DIR"] = os.environ.get("NUMBA_CACHE_DIR") or str(
    Path(__file__).parents[1] / "var" / "cache" / "numba"
)
for name in ("AIMIXER_PRODUCTION", "AIMIXER_DEBUG", "AIMIXER_SECRET_KEY", "AIMIXER_SENTRY_DSN", "AIMIXER_HOSTS"):
    os.environ.pop(name, None)

import django  # noqa: E402
from django.conf import settings  # noqa: E402

django.setup()

settings.STATIC_ROOT.mkdir(parents=True)
# Argon2 takes 40 ms on purpose; tests make hundreds of people.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Workers inherit this environment. Told of no settings, they come here first and get a folder of their own."""
    del os.environ["DJANGO_SETTINGS_MODULE"]


@pytest.fixture(scope="session")
def valkey() -> Iterator[str]:
    """The URL of a real server on a unix socket."""
    from aimixer_site.ops import valkey as server

    process = server.start(data=VAR / "valkey", socket=VAR / "valkey.sock", keep=False)
    yield os.environ["AIMIXER_REDIS_URL"]
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture(autouse=True)
def _empty_valkey(request: pytest.FixtureRequest) -> Iterator[None]:
    """No queue, cache or limit outlives a test. Tests that never touch the site start no server."""
    if "/engine/" in request.node.path.as_posix():
        yield
        return
    url = request.getfixturevalue("valkey")
    from redis import Redis

    with Redis.from_url(url) as client:
        client.flushall()
    yield


@pytest.fixture
def media(tmp_path: Path, settings: Settings) -> Path:
    """An empty media folder."""
    folder = tmp_path / "media"
    folder.mkdir()
    settings.MEDIA_ROOT = folder
    return folder
