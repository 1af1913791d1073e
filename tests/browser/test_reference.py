"""A musician drops a reference beside the song, wishes for a style and a place, and reads what came of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.keys import Keys

from mixing.engine import generator
from tests.browser.musician import Musician
from tests.factories import write_wav
from tests.live import LiveSite

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def test_a_reference_is_dropped_matched_and_told_on_the_mix(site: LiveSite, driver: Chrome, tmp_path: Path) -> None:
    musician = Musician(driver, site.url, tmp_path / "pictures")
    musician.sign_up("matcher@example.org")
    stems = tmp_path / "stems"
    generator.write(generator.generate(3, duration_s=12.0), stems)
    song = musician.create_song("Two roads")
    files = sorted(stems.glob("*.wav"))[:4]
    musician.choose_files(files)
    musician.wait(lambda: len(musician.stems("ready")) == len(files), timeout_s=120, why="the stems")

    a_reference_takes_its_place(musician, tmp_path)
    a_broken_one_gets_its_sentence_and_costs_nothing(musician, tmp_path)
    wishes_are_kept_while_the_page_changes(musician, tmp_path)
    musician.photograph("song-reference")
    musician.press("Mix")
    musician.wait(lambda: musician.path.startswith("/mixes/"), why="the mix's page")
    musician.wait(lambda: musician.all("[data-player]"), timeout_s=120, why="the mix to be playable")
    musician.wait(lambda: "FLAC" in musician.words(), timeout_s=60, why="the FLAC")
    told = musician.words(".page-head")
    assert "Dense; like “Harbour lights.wav”" in told
    assert "L 40" in told
    musician.photograph("mix-reference")

    musician.find(".page-head__text a").click()
    musician.wait(lambda: musician.path == "/mixers/rough-mix/", why="the mixer's card")
    assert "What it does" in musician.words()
    musician.photograph("mixer")
    musician.go(song)
    musician.press("Remove Harbour lights.wav")
    musician.wait(lambda: not musician.all("[data-slot=reference] [data-player]"), why="the reference to go")
    musician.wait(lambda: len(musician.all("[data-match] input")) == 2, why="the choice to go with it")
    assert musician.complaints() == []


def a_reference_takes_its_place(musician: Musician, folder: Path) -> None:
    reference = write_wav(folder / "Harbour lights.wav", duration_s=4.0, channels=2)
    musician.find("#file-reference").send_keys(str(reference))
    musician.wait(lambda: musician.all("[data-slot=reference] [data-player]"), timeout_s=60, why="the reference")
    assert "LUFS" in musician.words("[data-slot=reference]")
    musician.wait(lambda: musician.all("[data-match] input:checked"), why="the choice of what to match")
    assert musician.find("[data-match] input:checked").get_attribute("value"), "a new reference is not chosen"
    assert len(musician.all("[data-stem]")) == 4, "a reference became a stem"
    assert not musician.all("[data-wants-reference]:not([hidden])"), "a mixer still wants what is there"


def a_broken_one_gets_its_sentence_and_costs_nothing(musician: Musician, folder: Path) -> None:
    broken = folder / "Master 2.wav"
    broken.write_text("this is not sound, whatever its name says")
    musician.find("#file-reference").send_keys(str(broken))
    musician.wait(lambda: musician.all("[data-slot=reference] [data-error]:not([hidden])"), why="the refusal")
    slot = musician.words("[data-slot=reference]")
    assert "Master 2.wav" in slot
    assert "Harbour lights.wav" in slot


def wishes_are_kept_while_the_page_changes(musician: Musician, folder: Path) -> None:
    musician.find("input[name=mixer][value=rough-mix]").find_element("xpath", "./..").click()
    musician.find("input[name=style][value=dense]").find_element("xpath", "./..").click()
    assert musician.words("[data-style-says]").startswith("Forward and tight")
    musician.press("Wishes for single stems")
    pan = musician.find("[data-knob=pan] input[type=range]")
    pan.send_keys(Keys.ARROW_LEFT * 8)
    assert pan.get_attribute("aria-valuetext") == "L 40"
    rough = write_wav(folder / "My mix.wav", duration_s=2.0, channels=2)
    musician.find("#file-rough_mix").send_keys(str(rough))
    musician.wait(lambda: len(musician.all("[data-match] input")) == 3, timeout_s=60, why="the rough mix")
    form = json.loads(musician.run("return JSON.stringify([...new FormData(document.querySelector('[data-desk]'))])"))
    chosen = dict(form)
    assert (chosen["mixer"], chosen["style"]) == ("rough-mix", "dense")
    assert next(value for name, value in form if name.startswith("pan-")) == "-0.4"
