"""The whole journey in a real Chromium, on a real server with real workers."""

from __future__ import annotations

import io
import json
import re
import urllib.request
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile as sf
from selenium.webdriver import Chrome

from mixing.engine import generator
from mixing.engine.audio import peaks
from mixing.engine.mixers.registry import all_mixers
from tests.browser.musician import Musician
from tests.live import LiveSite
from tests.mixing.engine.real_songs import real_songs

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

MIXERS = {mixer.title for mixer in all_mixers() if not getattr(mixer, "needs_reference", False)}


def fetch(musician: Musician, path: str, **headers: str) -> tuple[int, bytes]:
    """Ask for a file as this browser's session would."""
    cookies = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in musician.driver.get_cookies())
    request = urllib.request.Request(musician.url + path, headers={"Cookie": cookies, **headers})  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return answer.status, answer.read()


def generated_stems(folder: Path) -> list[Path]:
    generator.write(generator.generate(3, duration_s=24.0), folder)
    return sorted(folder.glob("*.wav"))


def real_stems(folder: Path) -> list[Path]:
    song = next(path for path in real_songs() if path.name == "mdn_multitrack")
    return [song / stem["file"] for stem in json.loads((song / "song.json").read_text())["stems"]]


@pytest.mark.parametrize("stems_of", [generated_stems, pytest.param(real_stems, marks=pytest.mark.real_audio)])
def test_a_musician_walks_from_signing_up_to_the_reveal(
    site: LiveSite, driver: Chrome, tmp_path: Path, stems_of: Callable[[Path], list[Path]]
) -> None:
    musician = Musician(driver, site.url, tmp_path / "pictures")
    files = stems_of(tmp_path / "stems")
    email = f"{stems_of.__name__}@example.org"

    musician.go("/")
    musician.photograph("home")
    musician.sign_up(email)
    assert any("onfirm" in line for line in site.log), "no confirmation mail was printed"
    musician.sign_out()
    musician.sign_in(email)

    song = musician.create_song("Two roads")
    musician.photograph("song-empty")
    upload(musician, files, tmp_path)
    mix(musician, song)
    sound_is_what_the_page_says(musician)
    playing_and_seeking(musician)
    own_battle_is_shown_and_not_rated(musician, song)
    battle_on_the_house_song_is_rated(musician)
    assert musician.complaints() == []


def upload(musician: Musician, files: list[Path], folder: Path) -> None:
    """The good files arrive; the broken one gets a sentence; a role can be corrected."""
    broken = folder / "Broken.wav"
    broken.write_text("this is not sound, whatever its name says")
    musician.choose_files([*files, broken])
    names = {file.name for file in files}
    musician.wait(lambda: set(musician.stems("ready")) == names, timeout_s=120, why="the stems to be ready")
    musician.wait(lambda: musician.stems("rejected") == ["Broken.wav"], why="the broken file to be told")
    assert "Broken.wav" in musician.words("[data-state=rejected] [data-error]")
    row = musician.find("[data-stem][data-state=ready]")
    stem = f"#{row.get_attribute('id')}"
    musician.run(CHOOSE, row.find_element("css selector", "select[name=role]"), "percussion")
    musician.wait(lambda: not musician.all(f"{stem} [data-guess]"), why="the role to be kept")
    musician.driver.refresh()
    kept = musician.find(f"{stem} select[name=role]").get_property("value")
    assert kept == "percussion"
    musician.wait(lambda: drawn_columns(musician, "[data-state=ready] aim-waveform") > 20, why="the stem's waveform")
    musician.photograph("song")


CHOOSE = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change', {bubbles: true}))"
DRAWN_COLUMNS = """
const canvas = arguments[0].shadowRoot?.querySelector('canvas') ?? arguments[0].querySelector('canvas');
if (!canvas || !canvas.width) return 0;
const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
let drawn = 0;
for (let x = 0; x < canvas.width; x++) {
  for (let y = 0; y < canvas.height; y++) if (pixels[4 * (y * canvas.width + x) + 3] > 60) { drawn++; break; }
}
return drawn;
"""


def drawn_columns(musician: Musician, selector: str) -> int:
    """How many columns of pixels of a waveform hold something."""
    return int(musician.run(DRAWN_COLUMNS, musician.find(selector)))


SUBMIT_TWICE = """
const stopped = [];
const note = (event) => { stopped.push(event.defaultPrevented); event.preventDefault(); };
window.addEventListener('submit', note);
const form = document.querySelector('[data-mix-form]');
form.requestSubmit();
form.requestSubmit();
window.removeEventListener('submit', note);
return stopped;
"""


def mix(musician: Musician, song: str) -> None:
    """Live progress, the same after a reload, and at the end the mix."""
    musician.find("input[name=mixer][value=rough-mix]").find_element("xpath", "./..").click()
    assert musician.run(SUBMIT_TWICE) == [False, True], "a second click would make a second mix"
    musician.driver.refresh()
    musician.find("input[name=mixer][value=rough-mix]").find_element("xpath", "./..").click()
    musician.press("Mix")
    musician.wait(lambda: musician.path.startswith("/mixes/"), why="the mix's page")
    musician.driver.refresh()
    musician.wait(lambda: musician.all("[data-player]"), timeout_s=120, why="the mix to be playable")
    musician.wait(lambda: "FLAC" in musician.words(), timeout_s=60, why="the FLAC")
    musician.driver.refresh()
    musician.wait(
        lambda: musician.run(DRAWN_COLUMNS, musician.find("[data-player] aim-waveform")) > 100, why="the waveform"
    )
    musician.photograph("mix")


def sound_is_what_the_page_says(musician: Musician) -> None:
    """Loudness and true peak on the page, and the waveform, are those of the file that is downloaded."""
    page = json.loads(musician.find("#page").get_attribute("textContent") or "")["mix"]
    _, wav = fetch(musician, page["download_wav_url"])
    audio, rate = sf.read(io.BytesIO(wav), always_2d=True)
    _, flac = fetch(musician, page["download_flac_url"])
    assert np.array_equal(sf.read(io.BytesIO(flac), always_2d=True)[0], audio)
    lufs, dbtp = (
        float(number.replace("−", "-"))
        for number in re.findall(r"(−?\d+\.\d) (?:LUFS|dBTP)", musician.words(".figures"))[:2]
    )
    assert pyloudnorm.Meter(rate).integrated_loudness(audio) == pytest.approx(lufs, abs=0.15)
    assert 20 * np.log10(np.abs(audio).max()) <= dbtp + 0.05
    assert dbtp <= -0.95
    assert lufs > -40, "the mix is all but silent"
    pyramid = peaks.read(fetch(musician, page["peaks_url"])[1])
    assert pyramid.frames == len(audio)
    status, part = fetch(musician, page["wav_url"], Range="bytes=1000-1999")
    assert (status, len(part)) == (206, 1000)


def playing_and_seeking(musician: Musician) -> None:
    time = lambda: clock_s(musician.words("[data-time]"))  # noqa: E731
    length = clock_s(musician.words("[data-length]"))
    musician.press("Play")
    musician.wait(lambda: time() >= 1, timeout_s=15, why="the mix to play")
    musician.click_at(musician.find("[data-player] aim-waveform"), 0.5)
    musician.wait(lambda: abs(time() - length / 2) <= 3, timeout_s=15, why="the seek to the middle")
    sought = time()
    musician.wait(lambda: time() > sought, timeout_s=15, why="the mix to go on after the seek")
    musician.press("Pause")


def clock_s(words: str) -> int:
    minutes, seconds = words.split(":")
    return 60 * int(minutes) + int(seconds)


def own_battle_is_shown_and_not_rated(musician: Musician, song: str) -> None:
    musician.go(song)
    musician.press("Start a battle")
    musician.wait(lambda: musician.path.startswith("/battles/"), why="the battle's page")
    musician.wait(lambda: musician.all("[data-vote-bar]"), timeout_s=120, why="the battle to be ready")
    assert not [mixer for mixer in MIXERS if mixer in musician.driver.page_source], "the page tells who mixes"
    musician.listen_to_both()
    musician.photograph("battle")
    musician.find("button[name=choice][value=tie]").click()
    musician.wait(lambda: musician.all(".reveal"), why="the reveal")
    assert "does not count on the board" in musician.words(".reveal")
    sides = [side.text for side in musician.all(".side--named")]
    assert len(sides) == 2
    assert all(any(mixer in side for mixer in MIXERS) for side in sides), sides
    assert not musician.all("[data-vote-bar]"), "one could vote again"


def battle_on_the_house_song_is_rated(musician: Musician) -> None:
    musician.go("/arena/")
    before = board_votes(musician)
    musician.find("form[action='/arena/battles'] button[type=submit]").click()
    musician.wait(lambda: musician.path.startswith("/battles/"), why="the battle's page")
    musician.wait(lambda: musician.all("[data-vote-bar]"), timeout_s=180, why="the battle to be ready")
    musician.listen_to_both()
    musician.find("button[name=choice][value=a]").click()
    musician.wait(lambda: musician.all(".reveal"), why="the reveal")
    assert "Your vote counts on the board" in musician.words(".reveal")
    musician.photograph("reveal")

    def counted() -> bool:
        # Votes of others on this site, cast since the last count, may be counted in the same minute.
        musician.go("/arena/")
        return board_votes(musician) >= before + 2

    musician.wait(counted, timeout_s=240, why="the board to count the vote for each of the two mixers")
    musician.photograph("arena")


def board_votes(musician: Musician) -> int:
    return sum(int(cell.text) for cell in musician.all("td[data-label=Votes]"))
