"""Limits on tries to sign in: they hold the one who guesses, and nobody else."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from tests.factories import make_user

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse"
TRIES = 12


def signs_in(address: str, *, password: str, name: str = "alice") -> bool:
    form = {"login": f"{name}@example.org", "password": password}
    return Client().post("/accounts/login/", form, headers={"X-Forwarded-For": address}).status_code == 302


def test_guessing_is_stopped_and_a_made_up_address_does_not_help(settings: Settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    make_user("alice")
    make_user("bob")
    for number in range(TRIES):
        assert not signs_in(f"192.0.2.{number}", password="wrong")
    assert not signs_in("192.0.2.98", password=PASSWORD)
    assert not signs_in("192.0.2.99", password=PASSWORD, name="bob")


def test_behind_a_proxy_one_who_guesses_locks_out_nobody_else(settings: Settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    make_user("alice")
    make_user("bob")
    for number in range(TRIES):
        # What the caller wrote before the proxy's own word is not believed.
        assert not signs_in(f"198.51.100.{number}, 192.0.2.1", password="wrong")
    assert not signs_in("192.0.2.1", password=PASSWORD, name="bob")
    assert signs_in("192.0.2.2", password=PASSWORD, name="bob")
