"""How much of a list one request may ask for."""

import pytest
from django.test import Client

from tests.factories import make_song, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(client: Client) -> Client:
    owner = make_user("Alice")
    for number in range(3):
        make_song(owner, title=f"Song {number}")
    client.force_login(owner)
    return client


@pytest.mark.parametrize("path", ["/api/v1/songs/", "/api/v1/mixes/", "/api/v1/mixers/", "/api/v1/battles/"])
@pytest.mark.parametrize(
    "query", ["limit=" + "9" * 30, "offset=" + "9" * 30, "limit=" + "9" * 5000, "limit=-1&offset=x"]
)
def test_numbers_that_no_database_takes_break_nothing(alice: Client, path: str, query: str) -> None:
    assert alice.get(f"{path}?{query}").status_code == 200


def test_a_page_has_a_largest_size(alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aimixer_site.ops.pagination.Pages.max_limit", 2)
    page = alice.get("/api/v1/songs/?limit=1000").json()
    assert (page["count"], len(page["results"])) == (3, 2)
    assert "offset=2" in page["next"]
