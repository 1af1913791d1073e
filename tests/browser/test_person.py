"""A person's page in a real Chromium: on a phone, the link that is copied, and who comes by it."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.browser.musician import Musician
from tests.live import LiveSite

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_a_phone_holds_the_page_and_a_visitor_comes_by_its_link(site: LiveSite, driver: Chrome, tmp_path: Path) -> None:
    driver.set_window_size(500, 900)  # As narrow as the browser goes by itself.
    metrics = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    ada = Musician(driver, site.url, tmp_path)
    ada.sign_up("ada-of-the-link@example.org")
    for path in ("/me/", "/me/ears/", "/me/ledger/"):
        ada.go(path)
        assert driver.execute_script("return document.documentElement.scrollWidth") == 390, path
    ada.go("/me/")
    link = ada.all("#join-link")[0].get_attribute("value")
    assert link is not None
    assert link.startswith(f"{site.url}/join/")
    driver.delete_all_cookies()
    driver.get(link)
    assert driver.current_url.startswith(f"{site.url}/accounts/signup/")
    assert "asks you to judge mixes by ear" in driver.page_source
    ada.sign_up("brought-by-ada@example.org")
    told = site.manage(
        "shell", "--no-imports", "-c",
        "from accounts.models import Referral\n"
        "print(*Referral.objects.values_list('person__email', 'referrer__email'))",
    )  # fmt: skip
    assert "('brought-by-ada@example.org', 'ada-of-the-link@example.org')" in told
    assert ada.complaints() == []
