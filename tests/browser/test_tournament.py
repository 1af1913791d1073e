"""A whole tournament in a real Chromium: from dropping stems to the page that a stranger opens."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.keys import Keys

from mixing.engine import generator
from tests.browser.musician import Musician
from tests.live import LiveSite

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

EMAIL = "composer@example.org"
TITLE = "Northern lights"
STEMS = 4
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}


@pytest.fixture
def musician(site: LiveSite, driver: Chrome, tmp_path: Path) -> Iterator[Musician]:
    """Somebody new with a song of their own whose stems have been checked."""
    musician = Musician(driver, site.url, tmp_path / "pictures")
    musician.sign_up(EMAIL)
    stems = tmp_path / "stems"
    generator.write(generator.generate(3, duration_s=12.0), stems)
    musician.create_song(TITLE)
    musician.choose_files(sorted(stems.glob("*.wav"))[:STEMS])
    musician.wait(lambda: len(musician.stems("ready")) == STEMS, timeout_s=120, why="the stems")
    yield musician
    assert musician.complaints() == []


def test_a_musician_holds_a_tournament_from_the_first_round_to_the_page_that_a_stranger_opens(
    musician: Musician,
) -> None:
    tournament = start(musician)

    come_to_the_round(musician, 1)
    hear_and_leave_in_the_middle(musician, tournament)
    musician.find("button[name=choice][value=a]").click()
    first = revealed(musician)
    musician.press("Go on with the tournament")
    assert f"{first} has won so far" in musician.words(".page-head")

    come_to_the_round(musician, 2)
    by_keyboard_alone(musician)

    come_to_the_round(musician, 3)
    on_a_phone(musician)

    champion = ends_with_the_mix_and_the_taste(musician, tournament)
    a_stranger_sees_the_story_and_nothing_else(musician, champion)


# ---- the start -------------------------------------------------------------------------------------------------------


def start(musician: Musician) -> str:
    """From the song's page to the tournament's, which is returned."""
    musician.press("Hold a tournament on it")
    musician.wait(lambda: musician.path.startswith("/tournaments/"), why="the tournaments")
    chosen = musician.run("const s = document.querySelector('[name=song]'); return s.selectedOptions[0].textContent")
    assert TITLE in chosen
    musician.photograph("tournament-start")
    musician.run("document.querySelector('[name=rounds]').value = '3'")
    musician.press("Start a tournament")
    musician.wait(lambda: re.fullmatch(r"/tournaments/[0-9a-f-]{36}/", musician.path), why="the tournament")
    steps = [step.text.split("\n")[-1] for step in musician.all(".bracket__step")]
    assert steps == ["Opening", "Hybrid", "Finale"]
    musician.photograph("tournament-preparing")
    return musician.path


def come_to_the_round(musician: Musician, number: int) -> None:
    """Wait for a round to be ready; of two that come out too alike another one is sent in, as the page offers."""

    def ready() -> bool:
        if musician.all(".now a.button--large"):
            return True
        for button in musician.all(".now form button"):
            if button.text == "Send in somebody else":
                button.click()
        return False

    musician.wait(ready, timeout_s=180, why=f"round {number} to be ready")
    assert musician.words(".now h2").startswith(f"Round {number}:")
    assert len(musician.all(".bracket__step--done")) == number - 1
    musician.photograph(f"tournament-round-{number}")


# ---- three rounds, each judged in another way ------------------------------------------------------------------------


def hear_and_leave_in_the_middle(musician: Musician, tournament: str) -> None:
    """Half of the listening, then away: put aside, found again in the list, and what was heard still counts."""
    musician.press("Listen and choose")
    musician.wait(lambda: musician.all("[data-battle][data-ready]"), why="both clips to load")
    battle = musician.path
    musician.keys("a")
    musician.wait(lambda: musician.heard("a") >= 5, why="5 s of A")
    musician.press("Tournament")
    musician.wait(lambda: musician.path == tournament, why="the tournament")
    musician.press("Put aside")
    musician.wait(lambda: musician.path == "/tournaments/", why="the list")
    assert "Put aside after 0 of 3 rounds" in musician.words("main")
    musician.photograph("tournaments-put-aside")
    musician.press(TITLE)
    musician.press("Go on")
    musician.wait(lambda: musician.all(".now a.button--large"), why="the round as it was")
    musician.press("Listen and choose")
    musician.wait(lambda: musician.all("[data-battle][data-ready]"), why="both clips to load again")
    assert musician.path == battle, "coming back made another battle"
    assert musician.heard("a") >= 2.5, "what was heard before is gone"
    assert not musician.may_vote()
    musician.keys("b", Keys.ARROW_LEFT)
    musician.wait(lambda: musician.heard("b") >= 1, why="B to play")
    musician.driver.refresh()
    musician.wait(lambda: musician.all("[data-battle][data-ready]"), why="both clips to load after the reload")
    musician.keys("b")
    musician.wait(lambda: musician.heard("b") >= 5, why="B to play on")
    musician.keys("a")
    musician.wait(musician.may_vote, why="the vote after leaving and a reload")
    musician.keys(Keys.SPACE)
    musician.photograph("tournament-battle")


def by_keyboard_alone(musician: Musician) -> None:
    """From the tournament's page through the battle and back without a pointer."""
    tab_to(musician, "Listen and choose")
    musician.keys(Keys.ENTER)
    musician.listen_to_both()
    musician.keys(Keys.SPACE)
    musician.keys("5")
    revealed(musician)
    musician.photograph("tournament-reveal")
    tab_to(musician, "Go on with the tournament")
    musician.keys(Keys.ENTER)
    musician.wait(lambda: musician.path.startswith("/tournaments/"), why="the tournament")


def on_a_phone(musician: Musician) -> None:
    """The finale under a thumb: nothing wider than 390 points, the vote in reach."""
    musician.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    try:
        fits(musician)
        musician.press("Listen and choose")
        musician.wait(lambda: musician.all("[data-battle][data-ready]"), why="both clips to load")
        fits(musician)
        musician.find("[data-card-a]").click()
        musician.wait(lambda: musician.heard("a") >= 5, why="5 s of A")
        musician.find("[data-card-b]").click()
        musician.keys(Keys.ARROW_LEFT)
        musician.wait(musician.may_vote, why="5 s of B and the vote")
        button = musician.find("button[name=choice][value=a]")
        top, bottom, height = musician.run(WHERE, button)
        assert 0 <= top < bottom <= height, "the vote is not on the phone's screen"
        assert bottom - top >= 40, "the button is too small for a thumb"
        button.click()
        revealed(musician)
        fits(musician)
        musician.press("Go on with the tournament")
        musician.wait(lambda: musician.path.startswith("/tournaments/"), why="the tournament")
        fits(musician)
    finally:
        musician.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


WHERE = "const box = arguments[0].getBoundingClientRect(); return [box.top, box.bottom, window.innerHeight]"


def fits(musician: Musician) -> None:
    wide = musician.run("return document.documentElement.scrollWidth")
    assert wide <= PHONE["width"], f"{musician.path} is {wide} wide"


def revealed(musician: Musician) -> str:
    """Who was kept, once it is told; nothing can be chosen any more."""
    musician.wait(lambda: musician.all(".reveal"), why="the reveal")
    assert not musician.all("button[name=choice]")
    said = musician.words(".reveal h1")
    assert said.startswith("You kept ")
    return said.removeprefix("You kept ")


def tab_to(musician: Musician, words: str) -> None:
    for _ in range(60):
        musician.keys(Keys.TAB)
        if musician.run("return document.activeElement.textContent").strip() == words:
            return
    raise AssertionError(f"the keyboard does not come to {words!r}")


# ---- the end ---------------------------------------------------------------------------------------------------------


def ends_with_the_mix_and_the_taste(musician: Musician, tournament: str) -> str:
    """The story in three rounds, the mix to listen to, its session file to keep, and the taste. Who won."""
    assert musician.path == tournament
    title = musician.words("h1")
    assert title.endswith(f" wins on {TITLE}")
    champion = title.removesuffix(f" wins on {TITLE}")
    rounds = [line.text for line in musician.all(".round__kind")]
    assert [text.lstrip("123") for text in rounds] == ["Opening", "Hybrid", "Finale"]
    assert champion in musician.all(".round")[-1].text
    musician.wait(
        lambda: musician.all(".now form[action$='/exports']"), timeout_s=120, why="the final mix to be rendered"
    )
    assert musician.all(".leaning"), "three choices and no word of a taste"
    musician.photograph("tournament-end")
    musician.press("Write its session file")
    musician.wait(lambda: musician.path.startswith("/mixes/"), why="the mix's page")
    musician.wait(lambda: "Download" in musician.words("[data-export=session]"), timeout_s=60, why="the session file")
    address = musician.find("[data-export=session] a[download]").get_attribute("href") or ""
    session = json.loads(fetch(musician, address)[1])
    assert len(session["stems"]) == STEMS
    musician.photograph("tournament-mix")
    musician.go(tournament)
    return champion


def a_stranger_sees_the_story_and_nothing_else(musician: Musician, champion: str) -> None:
    musician.press("Make a link")
    musician.wait(lambda: musician.all("a[href$='/story']"), why="the link")
    musician.photograph("tournament-shared-end")
    address = musician.find("a[href$='/story']").get_attribute("href") or ""
    mix = musician.named("Open the mix").get_attribute("href") or ""
    musician.driver.delete_all_cookies()
    musician.driver.get(address)
    assert f"{champion} wins on {TITLE}" in musician.words("h1")
    assert len(musician.all(".round")) == 3
    assert EMAIL not in musician.driver.page_source
    assert "/battles/" not in musician.driver.page_source
    musician.photograph("tournament-story")
    musician.driver.get(mix)
    assert musician.path.startswith("/accounts/login/"), "the mix is open to a stranger"


def fetch(musician: Musician, address: str) -> tuple[int, bytes]:
    """What this browser's session gets at an address."""
    cookies = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in musician.driver.get_cookies())
    request = urllib.request.Request(address, headers={"Cookie": cookies})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, b""
