"""Staff see people and keys, behind the door that everybody uses."""

import pytest
from django.test import Client

from accounts.models import User
from accounts.services import api_keys

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root@example.org", "x"))
    return client


def test_the_staffs_door_is_the_sites_own(client: Client) -> None:
    response = client.get("/admin/login/", follow=False)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


def test_a_person_who_is_not_staff_does_not_enter(client: Client, person: User) -> None:
    client.force_login(person)
    assert client.get("/admin/accounts/user/").status_code in {302, 403}
    assert client.get("/admin/login/?next=/admin/").status_code == 403


def test_staff_see_people_and_make_one(staff: Client, person: User) -> None:
    assert "ada@example.org" in staff.get("/admin/accounts/user/?q=ada").content.decode()
    assert staff.get(f"/admin/accounts/user/{person.pk}/change/").status_code == 200
    made = {"email": "new@example.org", "usable_password": "true"}
    made |= {"password1": "ten-drums-at-noon", "password2": "ten-drums-at-noon"}
    assert staff.post("/admin/accounts/user/add/", made).status_code == 302
    assert User.objects.get(email="new@example.org").check_password("ten-drums-at-noon")


def test_staff_see_keys_and_neither_make_nor_read_them(staff: Client, person: User) -> None:
    row, _key = api_keys.create(user=person, name="DAW")
    page = staff.get(f"/admin/accounts/apikey/{row.pk}/change/").content.decode()
    assert row.prefix in page
    assert row.digest not in page
    assert staff.get("/admin/accounts/apikey/add/").status_code == 403


@pytest.mark.parametrize("path", ["/admin/", "/admin/accounts/user/", "/admin/accounts/user/add/"])
def test_the_staffs_pages_need_no_exception_from_the_content_policy(staff: Client, path: str) -> None:
    import re

    response = staff.get(path)
    page = response.content.decode()
    assert "'unsafe-inline'" not in response["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>", page)
    assert not re.search(r"\son[a-z]+=\"", page)
