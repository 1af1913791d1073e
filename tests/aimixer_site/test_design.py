"""The page of parts: what pages are made of, once, for staff."""

import pytest

from mixing.models import Song
from tests.factories import make_user, signed_in

pytestmark = pytest.mark.django_db

PARTS = {
    "_badge", "_battle_card", "_board_rating", "_board_table", "_dialog", "_empty", "_file_drop", "_icon", "_intervals",
    "_mixer_choice", "_notice", "_own_rating", "_progress", "_rating", "_stem_row", "_tournament_story",
    "_tournament_taste", "_transport", "_vote_bar",
}  # fmt: skip


def test_it_shows_the_parts_themselves_and_saves_nothing() -> None:
    page = signed_in(make_user("Staff", is_staff=True)).get("/design/")
    assert page.status_code == 200
    shown = {(template.name or "").rpartition("/")[2].removesuffix(".html") for template in page.templates}
    assert shown >= PARTS
    text = page.content.decode()
    for part in ("1094", "preliminary", "no rank yet", "Listen to both before you vote", "More dynamic, wider", "64 %"):
        assert part in text
    assert not Song.objects.exists()


def test_it_is_for_staff() -> None:
    assert signed_in(make_user("Alice")).get("/design/").status_code == 404
