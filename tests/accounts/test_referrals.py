"""The link by which people bring others: remembered until sign-up, written down once."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import Referral, User
from accounts.services import referrals
from tests.accounts.conftest import PASSWORD


def sign_up(client: Client, email: str = "eve@example.org") -> User:
    client.post("/accounts/signup/", {"email": email, "password1": PASSWORD, "password2": PASSWORD})
    return User.objects.get(email=email)


def test_everybody_has_a_link_of_their_own(person: User, stranger: User) -> None:
    assert person.referral_code != stranger.referral_code
    assert referrals.link_of(person) == f"/join/{person.referral_code}/"


def test_who_signs_up_by_a_link_was_brought_by_its_owner(client: Client, person: User) -> None:
    answer = client.get(referrals.link_of(person))
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/signup/")
    cookie = answer.cookies[referrals.COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    eve = sign_up(client)
    assert (eve.referral.referrer, Referral.objects.count()) == (person, 1)


def test_who_signs_up_without_a_link_was_brought_by_nobody(client: Client, person: User) -> None:
    sign_up(client)
    assert not Referral.objects.exists()


def test_the_page_names_nobodys_address(client: Client, person: User) -> None:
    assert person.email not in client.get(referrals.link_of(person), follow=True).content.decode()


@pytest.mark.parametrize("cookie", ["x", "abc:def", "", "22222222:1t:x"])
def test_a_cookie_that_is_not_ours_brings_nobody(client: Client, person: User, cookie: str) -> None:
    client.cookies[referrals.COOKIE] = cookie
    client.cookies[referrals.COOKIE + "x"] = person.referral_code
    sign_up(client)
    assert not Referral.objects.exists()


def test_the_bare_code_in_the_cookie_brings_nobody(client: Client, person: User) -> None:
    client.cookies[referrals.COOKIE] = person.referral_code
    sign_up(client)
    assert not Referral.objects.exists()


def test_a_made_up_link_is_missing(client: Client, db: None) -> None:
    assert client.get("/join/nobody/").status_code == 404


def test_the_link_of_somebody_who_may_not_sign_in_is_missing(client: Client, person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert client.get(referrals.link_of(person)).status_code == 404


def test_who_has_an_account_is_brought_by_nobody(signed_in: Client, stranger: User) -> None:
    answer = signed_in.get(referrals.link_of(stranger))
    assert answer.status_code == 302
    assert referrals.COOKIE not in answer.cookies
    assert not Referral.objects.exists()


def test_nobody_brings_themselves(person: User) -> None:
    assert referrals.attach(person=person, referrer=person) is None
    with pytest.raises(IntegrityError), transaction.atomic():
        Referral.objects.create(person=person, referrer=person)


def test_the_first_who_brought_somebody_stays(person: User, stranger: User) -> None:
    eve = User.objects.create_user("eve@example.org")
    referrals.attach(person=eve, referrer=person)
    assert referrals.attach(person=eve, referrer=stranger).referrer == person
