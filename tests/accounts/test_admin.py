"""Staff see people and keys, behind the door that everybody uses."""

import pytest
from django.test import Client

from accounts.models import LedgerEntry, User
from accounts.services import api_keys, ledger

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


def entry_form(person: User, **fields: object) -> dict[str, object]:
    return {"user": person.pk, "amount": 5, "note": "For the bug report", "entry": "1" * 32, **fields}


def test_staff_add_to_the_ledger_with_a_reason_and_once(staff: Client, person: User) -> None:
    assert staff.get("/admin/accounts/ledgerentry/add/").status_code == 200
    for _ in range(2):
        assert staff.post("/admin/accounts/ledgerentry/add/", entry_form(person)).status_code == 302
    entry = LedgerEntry.objects.get()
    assert (entry.user, entry.amount, entry.reason, entry.note) == (person, 5, "staff", "For the bug report")
    assert entry.written_by.email == "root@example.org"
    assert "For the bug report" in staff.get("/admin/accounts/ledgerentry/").content.decode()


@pytest.mark.parametrize("wrong", [{"amount": 0}, {"note": ""}, {"amount": -1}, {"amount": ""}])
def test_an_entry_without_amount_reason_or_cover_is_refused(staff: Client, person: User, wrong: dict) -> None:
    assert staff.post("/admin/accounts/ledgerentry/add/", entry_form(person, **wrong)).status_code == 200
    assert not LedgerEntry.objects.exists()


def test_nobody_changes_or_deletes_an_entry(staff: Client, person: User) -> None:
    row = ledger.grant(user=person, amount=1, reason="vote", key="vote:1")
    page = f"/admin/accounts/ledgerentry/{row.pk}"
    assert staff.get(f"{page}/change/").status_code == 200
    assert staff.post(f"{page}/change/", entry_form(person, amount=99)).status_code == 403
    assert staff.post(f"{page}/delete/", {"post": "yes"}).status_code == 403
    deletion = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    staff.post("/admin/accounts/ledgerentry/", deletion)
    assert LedgerEntry.objects.get().amount == 1


def test_staff_can_delete_a_person_with_a_ledger(staff: Client, person: User) -> None:
    ledger.grant(user=person, amount=1, reason="vote", key="vote:1")
    assert staff.post(f"/admin/accounts/user/{person.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=person.pk).exists()


@pytest.mark.parametrize("table", ["award", "referral", "ledgerentry"])
def test_staff_read_awards_referrals_and_ledger(staff: Client, table: str) -> None:
    assert staff.get(f"/admin/accounts/{table}/").status_code == 200
