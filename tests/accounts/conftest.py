from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User

PASSWORD = "ten-drums-at-dawn"


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user("ada@example.org", PASSWORD)


@pytest.fixture
def stranger(db: None) -> User:
    return User.objects.create_user("bob@example.org", PASSWORD)


@pytest.fixture
def signed_in(person: User, client: Client) -> Client:
    client.force_login(person)
    return client
