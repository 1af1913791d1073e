"""People are told apart by their e-mail, however it is written."""

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User

pytestmark = pytest.mark.django_db


def test_an_address_is_one_person_in_any_case() -> None:
    User.objects.create_user("Ada@Example.org", "x")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email="ADA@example.ORG")
    assert User.objects.get_by_natural_key("aDa@eXample.org").email == "ada@example.org"


def test_a_person_needs_an_address() -> None:
    with pytest.raises(ValueError, match="e-mail"):
        User.objects.create_user("")


def test_a_superuser_is_staff_and_a_user_is_not() -> None:
    assert User.objects.create_superuser("root@example.org", "x").is_staff
    assert not User.objects.create_user("ada@example.org", "x").is_staff
