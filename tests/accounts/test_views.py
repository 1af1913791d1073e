"""Signing up, in and out, and a person's settings."""

import re
from unittest.mock import Mock

import pytest
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from accounts import adapters
from accounts.models import ApiKey, User
from accounts.services import api_keys
from accounts.services.sessions import session_group
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def sign_up(client: Client, email: str = "eve@example.org", password: str = PASSWORD) -> object:
    return client.post("/accounts/signup/", {"email": email, "password1": password, "password2": password})


def test_who_signs_up_is_signed_in_and_gets_a_mail_to_confirm(client: Client) -> None:
    response = sign_up(client)
    assert response.status_code == 302
    assert response["Location"] == "/songs/"
    user = User.objects.get(email="eve@example.org")
    assert client.session["_auth_user_id"] == str(user.pk)
    assert mail.outbox[0].to == ["eve@example.org"]
    link = re.search(r"http://\S+(/accounts/confirm-email/\S+)", mail.outbox[0].body)
    client.post(link[1])
    assert user.emailaddress_set.get().verified


def test_a_second_person_cannot_take_an_address(client: Client, person: User) -> None:
    sign_up(client, "ADA@example.org", "another-pass-word-9")
    assert User.objects.count() == 1
    assert "_auth_user_id" not in client.session


def test_where_mail_must_be_confirmed_nobody_learns_which_addresses_are_taken(
    client: Client, person: User, settings: Settings
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    taken = sign_up(client, "ada@example.org", "another-pass-word-9")
    free = sign_up(Client(), "eve@example.org", "another-pass-word-9")
    assert (taken.status_code, taken["Location"]) == (free.status_code, free["Location"]) == (302, taken["Location"])
    assert "_auth_user_id" not in client.session
    assert {message.to[0] for message in mail.outbox} == {"ada@example.org", "eve@example.org"}


@pytest.mark.parametrize("weak", ["short-1", "password1234", "eve@example.org"])
def test_a_weak_password_is_refused(client: Client, weak: str) -> None:
    assert sign_up(client, password=weak).status_code == 200
    assert not User.objects.exists()


def test_one_signs_in_by_address_in_any_case(client: Client, person: User) -> None:
    response = client.post("/accounts/login/", {"login": "Ada@Example.org", "password": PASSWORD})
    assert response.status_code == 302
    assert client.session["_auth_user_id"] == str(person.pk)


def test_a_wrong_password_and_an_unknown_address_read_the_same(client: Client, person: User) -> None:
    def words(email: str) -> str:
        response = client.post("/accounts/login/", {"login": email, "password": "wrong-wrong-1"})
        return re.sub(r'value="[^"]*"', "", response.content.decode())

    assert words("ada@example.org") == words("nobody@example.org")


def test_who_guesses_passwords_is_slowed_down(client: Client, person: User) -> None:
    for _ in range(11):
        client.post("/accounts/login/", {"login": "ada@example.org", "password": "wrong-wrong-1"})
    client.post("/accounts/login/", {"login": "ada@example.org", "password": PASSWORD})
    assert "_auth_user_id" not in client.session


def test_signing_out_ends_the_session_and_closes_its_sockets(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = Mock()
    monkeypatch.setattr(adapters, "close_sockets", closed)
    key = signed_in.session.session_key
    assert signed_in.post("/accounts/logout/")["Location"] == "/"
    closed.assert_called_once_with(key)
    assert "_auth_user_id" not in signed_in.session
    assert session_group(key).startswith("session-")


def test_a_link_alone_signs_nobody_out(signed_in: Client) -> None:
    signed_in.get("/accounts/logout/")
    assert "_auth_user_id" in signed_in.session


def test_settings_are_for_those_who_are_signed_in(client: Client) -> None:
    response = client.get("/accounts/settings/")
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


def test_a_name_is_saved(signed_in: Client, person: User) -> None:
    signed_in.post("/accounts/settings/", {"display_name": "  Ada  "})
    person.refresh_from_db()
    assert person.display_name == "Ada"


def test_a_new_key_is_shown_once_and_never_cached(signed_in: Client, person: User) -> None:
    response = signed_in.post("/accounts/settings/keys", {"name": "My DAW"})
    key = response.context["new_key"]
    assert api_keys.holder_of(key).user == person
    assert key in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    assert key not in signed_in.get("/accounts/settings/").content.decode()


def test_a_key_without_a_name_is_refused_on_the_page(signed_in: Client) -> None:
    response = signed_in.post("/accounts/settings/keys", {"name": ""})
    assert response.status_code == 400
    assert not ApiKey.objects.exists()


def test_one_revokes_ones_own_keys_and_no_others(signed_in: Client, person: User, stranger: User) -> None:
    own, _ = api_keys.create(user=person, name="own")
    other, _ = api_keys.create(user=stranger, name="other")
    assert signed_in.post(f"/accounts/settings/keys/{own.uuid}/revoke").status_code == 302
    assert signed_in.post(f"/accounts/settings/keys/{other.uuid}/revoke").status_code == 404
    own.refresh_from_db()
    other.refresh_from_db()
    assert own.revoked_at
    assert other.revoked_at is None


def test_a_forgotten_password_is_set_anew_in_the_words_of_the_house(client: Client, person: User) -> None:
    client.post("/accounts/password/reset/", {"email": "ada@example.org"})
    letter = mail.outbox[0]
    assert letter.subject == "AI Mixer: Set a new password"
    assert "example.com" not in letter.body
    link = re.search(r"http://[^/]+(/accounts/password/reset/key/\S+)", letter.body)[1]
    page = client.get(link, follow=True)
    assert "Set a new password" in page.content.decode()
    form = {"password1": "another-pass-word-9", "password2": "another-pass-word-9"}
    assert "Your new password is set" in client.post(page.request["PATH_INFO"], form, follow=True).content.decode()
    person.refresh_from_db()
    assert person.check_password("another-pass-word-9")
    assert "This link is used up" in Client().get(link, follow=True).content.decode()


def test_an_address_without_an_account_gets_no_link_to_a_password(client: Client) -> None:
    client.post("/accounts/password/reset/", {"email": "nobody@example.org"})
    assert "/accounts/signup/" in mail.outbox[0].body
    assert "/password/reset/key/" not in mail.outbox[0].body


def test_what_helps_and_what_is_wrong_belongs_to_its_field_for_a_screen_reader(client: Client) -> None:
    page = sign_up(client, password="short-1").content.decode()
    described = re.search(r'<input[^>]*name="password1"[^>]*aria-describedby="([^"]+)"', page)[1].split()
    assert described
    assert all(f'id="{name}"' in page for name in described)
