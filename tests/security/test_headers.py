"""What every answer of the site says to the browser that got it."""

import re

import pytest
from django.test import Client

from accounts.models import User

pytestmark = pytest.mark.django_db

PUBLIC = ["/", "/accounts/login/", "/accounts/signup/", "/livez", "/readyz", "/api/v1/me/", "/nothing-here"]
OWN = ["/songs/", "/arena/", "/accounts/settings/", "/accounts/email/", "/accounts/password/change/"]
STAFF = ["/design/", "/admin/"]


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root@example.org", "x"))
    return client


def policy(response: object) -> dict[str, list[str]]:
    header = response["Content-Security-Policy"]
    return {part.split()[0]: part.split()[1:] for part in header.split(";") if part.strip()}


@pytest.mark.parametrize("path", PUBLIC + OWN + STAFF)
def test_every_answer_carries_the_protecting_headers(staff: Client, path: str) -> None:
    response = (Client() if path in PUBLIC else staff).get(path)
    assert response.status_code in {200, 401, 404}, path
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    rules = policy(response)
    assert rules["default-src"] == ["'none'"]
    assert rules["script-src"] == ["'self'"]
    assert rules["style-src"] == ["'self'"]
    assert rules["frame-ancestors"] == ["'none'"]
    assert rules["base-uri"] == ["'none'"]
    assert rules["form-action"] == ["'self'"]


@pytest.mark.parametrize("path", [*OWN, *STAFF, "/api/v1/me/", "/api/v1/songs/", "/accounts/login/"])
def test_no_cache_keeps_what_is_about_a_person(staff: Client, path: str) -> None:
    """The browser's own cache neither: the next one at this computer goes back after the sign-out."""
    words = {word.strip() for word in staff.get(path)["Cache-Control"].split(",")}
    assert {"private", "no-store"} <= words


@pytest.mark.parametrize("path", [*PUBLIC[:3], *OWN, *STAFF])
def test_no_page_needs_an_exception_from_its_own_policy(staff: Client, path: str) -> None:
    response = (Client() if path in PUBLIC else staff).get(path)
    assert response.status_code == 200
    page = response.content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"(application|text)/json\")[^>]*>", page), (
        "inline script"
    )
    assert not re.search(r"<style[\s>]", page), "inline style sheet"
    assert not re.search(r"<[^>]+\sstyle=\"", page), "inline style"
    assert not re.search(r"<[^>]+\son[a-z]+=\"", page), "inline handler"
    assert not re.search(r"(src|href)=\"(https?:)?//", page), "something of another site"


def test_only_the_page_of_the_api_may_write_styles_and_it_runs_no_inline_script(client: Client) -> None:
    response = client.get("/api/v1/docs/")
    if response.status_code == 401:
        client.force_login(User.objects.create_user("ada@example.org", "x"))
        response = client.get("/api/v1/docs/")
    assert response.status_code == 200
    rules = policy(response)
    assert rules["script-src"] == ["'self'"]
    assert "'unsafe-inline'" in rules["style-src"]
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", response.content.decode())
    script = client.get("/api/v1/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")


def test_cookies_keep_to_the_site_and_scripts_do_not_see_the_session(client: Client) -> None:
    User.objects.create_user("ada@example.org", "ten-drums-at-dawn")
    response = client.post("/accounts/login/", {"login": "ada@example.org", "password": "ten-drums-at-dawn"})
    session = response.cookies["sessionid"]
    assert session["httponly"]
    assert session["samesite"] == "Lax"
    assert response.cookies["csrftoken"]["samesite"] == "Lax"


def test_a_form_from_another_site_is_refused_with_a_page() -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/accounts/login/", {"login": "ada@example.org", "password": "x"})
    assert response.status_code == 403
    assert "<h1" in response.content.decode()


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "localhost@evil.example"])
def test_a_foreign_host_name_is_refused(client: Client, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 400


@pytest.mark.parametrize("where", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_signing_in_leads_to_no_other_site(client: Client, where: str) -> None:
    User.objects.create_user("ada@example.org", "ten-drums-at-dawn")
    form = {"login": "ada@example.org", "password": "ten-drums-at-dawn", "next": where}
    assert client.post("/accounts/login/", form)["Location"] == "/songs/"
