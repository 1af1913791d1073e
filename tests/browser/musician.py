"""A musician at a real browser: finds things by what a person sees, and keeps a screenshot of each page."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.live import wait_for

PASSWORD = "a quiet studio at night"


class Musician:
    """Hands and eyes on one browser window."""

    def __init__(self, driver: Chrome, url: str, pictures: Path) -> None:
        self.driver = driver
        self.url = url
        self.pictures = Path(os.environ.get("AIMIXER_SCREENSHOTS") or pictures)
        self.pictures.mkdir(parents=True, exist_ok=True)

    # ---- looking ------------------------------------------------------------------------------------------------

    def go(self, path: str) -> None:
        self.driver.get(self.url + path)

    @property
    def path(self) -> str:
        return self.driver.current_url.removeprefix(self.url)

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def words(self, selector: str = "main") -> str:
        return self.find(selector).text

    def run(self, script: str, *arguments: object) -> Any:
        return self.driver.execute_script(script, *arguments)

    def wait(self, what: Callable[[], Any], *, timeout_s: float = 60, why: str = "") -> Any:
        """Until ``what`` answers; a page that changes under it is looked at again."""

        def look() -> Any:
            try:
                return what()
            except StaleElementReferenceException:
                return None

        return wait_for(look, timeout_s=timeout_s, every_s=0.05, why=f"{why} (at {self.path})")

    def photograph(self, name: str) -> None:
        """The whole page by night and by day at a desk's width, and at a phone's."""
        size = self.driver.get_window_size()
        for suffix, width, scheme in (("", 1280, "dark"), ("-light", 1280, "light"), ("-phone", 400, "dark")):
            features = [{"name": "prefers-color-scheme", "value": scheme}]
            self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
            self.driver.set_window_size(width, 900)
            height = self.run("return Math.min(document.documentElement.scrollHeight, 4000)")
            self.driver.set_window_size(width, max(900, height))
            self.wait(lambda: self.run("return document.fonts.status") == "loaded", why="the fonts")
            self.run("return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            self.driver.save_screenshot(str(self.pictures / f"{name}{suffix}.png"))
        self.driver.set_window_size(size["width"], size["height"])

    def complaints(self) -> list[str]:
        """What the browser's console holds against the pages: errors and refusals, such as of the CSP."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    # ---- doing --------------------------------------------------------------------------------------------------

    def press(self, button: str) -> None:
        """The button or link with this text."""
        self.named(button).click()

    def named(self, button: str) -> WebElement:
        """The button or link with this text, scrolled into sight; looked for anew where the page changes meanwhile."""
        found: list[WebElement] = self.wait(lambda: [self._named(button)], why=f"the page to rest around {button!r}")[0]
        assert found, f"no button {button!r} at {self.path}"
        self.run("arguments[0].scrollIntoView({block: 'center'})", found[0])
        return found[0]

    def _named(self, button: str) -> list[WebElement]:
        return [
            element
            for element in self.all("button, a, summary")
            if element.is_displayed() and button in (element.text.strip(), element.get_attribute("aria-label"))
        ]

    def fill(self, name: str, text: str) -> None:
        field = self.find(f"[name={name}]")
        field.clear()
        field.send_keys(text)

    def keys(self, *keys: str) -> None:
        ActionChains(self.driver).send_keys(*keys).perform()

    def click_at(self, element: WebElement, share: float) -> None:
        """Click into an element at a share of its width."""
        self.run("arguments[0].scrollIntoView({block: 'center'})", element)
        away = round((share - 0.5) * element.size["width"])
        ActionChains(self.driver).move_to_element_with_offset(element, away, 0).click().perform()

    # ---- the journey's steps ---------------------------------------------------------------------------------------

    def sign_up(self, email: str) -> None:
        self.go("/accounts/signup/")
        self.photograph("sign-up")
        self.fill("email", email)
        self.fill("password1", PASSWORD)
        self.fill("password2", PASSWORD + Keys.ENTER)
        self.wait(lambda: self.path.startswith("/songs/"), why="the songs after signing up")

    def sign_in(self, email: str) -> None:
        self.go("/accounts/login/")
        self.fill("login", email)
        self.fill("password", PASSWORD + Keys.ENTER)
        self.wait(lambda: self.path.startswith("/songs/"), why="the songs after signing in")

    def sign_out(self) -> None:
        self.press("Your account")
        self.press("Sign out")
        self.wait(lambda: self.path == "/", why="the home page after signing out")

    def create_song(self, title: str) -> str:
        self.go("/songs/")
        self.fill("title", title)
        self.press("Create song")
        self.wait(lambda: self.path != "/songs/", why="the new song")
        return self.path

    def choose_files(self, files: list[Path]) -> None:
        self.find("input[type=file]").send_keys("\n".join(str(file) for file in files))

    def stems(self, state: str) -> list[str]:
        return [row.get_attribute("data-name") or "" for row in self.all(f"[data-stem][data-state={state}]")]

    def listen_to_both(self) -> None:
        """Hear five seconds of the same place on each side with the keyboard alone, until voting opens."""
        self.wait(lambda: self.all("[data-battle][data-ready]"), why="both clips to load")
        assert not self.may_vote(), "one can vote without listening"
        self.keys("a")
        self.wait(lambda: self.heard("a") >= 5, why="5 s of A")
        self.keys("b", Keys.ARROW_LEFT)
        self.wait(self.may_vote, why="5 s of B and the vote")

    def heard(self, side: str) -> float:
        """Seconds of a side as the vote bar shows them."""
        return float(self.find(f"[data-heard-{side}]").get_property("value") or 0)

    def may_vote(self) -> bool:
        return self.find("button[name=choice][value=tie]").is_enabled()
