"""A program speaks for its person with a key, and with nothing else."""

import pytest
from django.test import Client

from accounts.models import ApiKey, User
from accounts.services import api_keys

pytestmark = pytest.mark.django_db


@pytest.fixture
def key(person: User) -> str:
    return api_keys.create(user=person, name="DAW")[1]


def me(client: Client, authorization: str | None) -> tuple[int, dict]:
    headers = {"Authorization": authorization} if authorization is not None else {}
    response = client.get("/api/v1/me/", headers=headers)
    return response.status_code, response.json()


def test_a_key_speaks_for_its_person(client: Client, person: User, key: str) -> None:
    status, body = me(client, f"Bearer {key}")
    assert status == 200
    assert (body["uuid"], body["email"]) == (str(person.uuid), "ada@example.org")
    assert ApiKey.objects.get().last_used_at is not None


def test_without_anything_one_is_told_what_is_missing(client: Client) -> None:
    response = client.get("/api/v1/me/")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert response.json()["code"] == "not_authenticated"


@pytest.mark.parametrize("wrong", ["Bearer amx_wrong", "Bearer", "Bearer ", "bearer x y z", "Bearer \u00e4"])
def test_a_wrong_key_is_refused(client: Client, key: str, wrong: str) -> None:
    status, body = me(client, wrong)
    assert (status, body["code"]) == (401, "invalid_api_key")


def test_a_wrong_key_is_refused_even_beside_a_good_session(signed_in: Client) -> None:
    assert me(signed_in, "Bearer amx_wrong")[0] == 401


def test_a_key_in_the_address_opens_nothing(client: Client, key: str) -> None:
    assert client.get(f"/api/v1/me/?key={key}&access_token={key}").status_code == 401


def test_a_key_needs_no_csrf_token_and_a_session_does(person: User, key: str) -> None:
    client = Client(enforce_csrf_checks=True)
    options = {"data": {"display_name": "Ada"}, "content_type": "application/json"}
    assert client.patch("/api/v1/me/", headers={"Authorization": f"Bearer {key}"}, **options).status_code == 200
    client.force_login(person)
    assert client.patch("/api/v1/me/", **options).status_code == 403


def test_one_cannot_become_somebody_else_by_writing(client: Client, person: User, key: str) -> None:
    response = client.patch(
        "/api/v1/me/",
        data={"email": "root@example.org", "is_staff": True, "display_name": " Ada L. "},
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )
    assert response.status_code == 200
    person.refresh_from_db()
    assert (person.email, person.is_staff, person.display_name) == ("ada@example.org", False, "Ada L.")


def test_a_name_of_more_than_sixty_letters_is_refused_by_name(client: Client, key: str) -> None:
    response = client.patch(
        "/api/v1/me/",
        data={"display_name": "x" * 61},
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )
    assert response.status_code == 400
    assert (response.json()["code"], response.json()["field"]) == ("max_length", "display_name")
