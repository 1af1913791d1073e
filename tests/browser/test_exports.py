"""A musician takes a mix along: the list of exports works while the mix plays on."""

from __future__ import annotations

import io
import urllib.request
import zipfile
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.browser.musician import Musician
from tests.live import LiveSite

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def row(musician: Musician, kind: str) -> str:
    return musician.words(f"[data-export={kind}]")


def test_exports_are_made_watched_fetched_and_deleted_while_the_mix_plays(
    site: LiveSite, driver: Chrome, tmp_path: Path
) -> None:
    musician = Musician(driver, site.url, tmp_path)
    musician.sign_up("taker@example.org")
    musician.find("a[href^='/songs/']:not([href='/songs/'])").click()
    musician.wait(lambda: musician.all("[data-mix-form]"), why="the demo song")
    musician.press("Mix")
    musician.wait(lambda: musician.path.startswith("/mixes/"), why="the mix's page")
    musician.wait(lambda: musician.all("[data-player]"), timeout_s=120, why="the mix to be playable")
    musician.wait(lambda: "FLAC" in musician.words(), timeout_s=60, why="the FLAC")
    musician.wait(lambda: musician.run("return document.readyState") == "complete", why="the page")
    musician.run("window.stayed = true")
    musician.press("Play")
    musician.wait(lambda: musician.words("[data-time]") != "0:00", timeout_s=15, why="the mix to play")

    musician.press("Make Stems as ZIP")
    musician.wait(lambda: "Download" in row(musician, "stems"), timeout_s=120, why="the stems")
    musician.press("Make Session")
    musician.wait(lambda: "Download" in row(musician, "session"), timeout_s=60, why="the session")
    assert musician.run("return window.stayed"), "the page was loaded anew while the mix played"
    musician.photograph("exports")

    address = musician.find("[data-export=stems] a[download]").get_attribute("href") or ""
    cookies = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in driver.get_cookies())
    request = urllib.request.Request(address, headers={"Cookie": cookies})  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        content = answer.read()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert len(archive.namelist()) >= 2

    musician.press("Delete Session")
    musician.wait(lambda: "Make" in row(musician, "session"), why="the session to go")
    assert musician.complaints() == []
