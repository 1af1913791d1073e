"""Somebody reads a board while votes come in: it changes under their eyes, without a reload."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.browser.musician import Musician
from tests.live import LiveSite, live_site

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

VOTES = """
from tests.tournament import boards
from tournament.services import ratings
boards.duel(boards.people(10, {prefix!r}), songs=1)
print("PUBLISHED", [snapshot.votes_count for snapshot in ratings.recompute()])
"""


@pytest.fixture
def empty_site(tmp_path: Path) -> Iterator[LiveSite]:
    """One whose songs and people nobody else meets."""
    with live_site(tmp_path / "var", AIMIXER_DEMO="no", NUMBA_CACHE_DIR=os.environ["NUMBA_CACHE_DIR"]) as running:
        yield running


def ten_more(site: LiveSite, prefix: str) -> None:
    site.manage("shell", "--no-imports", "-c", VOTES.format(prefix=prefix))


PAGES = ("/arena/boards/public/", "/arena/boards/", "/arena/")


def test_boards_are_told_anew_on_every_page_that_shows_them(
    empty_site: LiveSite, driver: Chrome, tmp_path: Path
) -> None:
    ten_more(empty_site, "first")
    reader = Musician(driver, empty_site.url, tmp_path)
    tabs = []
    for path in PAGES:
        driver.switch_to.new_window("tab")
        reader.go(path)
        reader.run("window.stayed = true")
        tabs.append((driver.current_window_handle, shown(reader)))

    ten_more(empty_site, "second")

    for tab, before in tabs:
        driver.switch_to.window(tab)
        reader.wait(lambda before=before: shown(reader) != before, timeout_s=30, why=f"the new board, {reader.path}")
        assert reader.run("return window.stayed") is True
        assert "computed anew" in reader.run("return document.querySelector('[data-live]').textContent")
        assert "20" in reader.words("[data-board=public]")
        assert not [line for line in driver.get_log("browser") if line["level"] == "SEVERE"]


def shown(reader: Musician) -> str:
    """The hash of the votes that the board on the page says it is made of."""
    return reader.find("[data-board=public]").get_attribute("data-votes") or ""
