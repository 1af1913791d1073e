"""The battle's player in a real Chromium: its sound without a seam, its keys, its memory, and one vote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.keys import Keys

from tests.browser.musician import Musician
from tests.live import LiveSite

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def battle(site: LiveSite) -> str:
    """The page of a battle on the house song that is ready."""
    program = site.client("battle-maker@example.org")
    songs = program.ask("GET", "/api/v1/songs/")["results"]
    made = program.ask("POST", "/api/v1/battles/", {"song": songs[0]["uuid"]})
    assert program.finished(made["job"])["state"] == "done"
    return str(made["url"])


@pytest.fixture
def listener(site: LiveSite, driver: Chrome, battle: str, tmp_path: Path, request: Any) -> Iterator[Musician]:
    """Somebody new, at the battle with both clips loaded."""
    musician = Musician(driver, site.url, tmp_path)
    musician.sign_up(f"{request.node.name[:40]}@example.org")
    open_battle(musician, battle)
    yield musician
    assert musician.complaints() == []


def open_battle(musician: Musician, battle: str) -> None:
    musician.go(battle)
    musician.wait(lambda: musician.all("[data-battle][data-ready]"), why="both clips to load")


def buttons_dead(musician: Musician) -> bool:
    return not any(button.is_enabled() for button in musician.all("button[name=choice]"))


# Renders the player's own graph offline. For each rendering: the largest amount by which a step from one sample to
# the next exceeds what the two clips and a fade of 8 ms can explain, the samples that are neither clip, and the
# difference to the clip that should be heard at the end.
RENDER = """
const [clips, hard, done] = arguments;
const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
const url = loaded.find((name) => /ab-graph[^/]*js/.test(name));
const rate = 48000;
const seconds = 3;
const switches = [0.5, 0.9, 1.3, 1.31, 1.32, 2.0, 2.4];

async function signals() {
  if (clips) {
    const page = JSON.parse(document.getElementById("page").textContent);
    const offline = new OfflineAudioContext(1, rate, rate);
    const take = async (address) => offline.decodeAudioData(await (await fetch(address)).arrayBuffer());
    return { a: await take(page.clips.a), b: await take(page.clips.b) };
  }
  const tone = (level, detune) => {
    const buffer = new AudioBuffer({ length: rate * seconds, sampleRate: rate });
    const samples = buffer.getChannelData(0);
    for (let i = 0; i < samples.length; i++) samples[i] = level * Math.sin((2 * Math.PI * 220 * detune * i) / rate);
    return buffer;
  };
  return { a: tone(0.5, 1), b: tone(0.25, 1.5) };
}

async function render(AbGraph, buffers, times) {
  const offline = new OfflineAudioContext(1, rate * seconds, rate);
  const graph = new AbGraph(offline);
  const start = graph.start(buffers, 0, null);
  for (const time of times) {
    offline.suspend(time).then(() => {
      const to = graph.side === "a" ? "b" : "a";
      if (hard) {
        graph.side = to;
        graph.x.offset.setValueAtTime(to === "a" ? 0 : 1, offline.currentTime);
      } else {
        graph.switchTo(to);
      }
      offline.resume();
    });
  }
  const out = (await offline.startRendering()).getChannelData(0);
  return { out, start: Math.round(start * rate), side: graph.side };
}

(async () => {
  const { AbGraph } = await import(url);
  const buffers = await signals();
  const alone = async (side) => (await render(AbGraph, { a: buffers[side], b: buffers[side] }, [])).out;
  const [a, b] = [await alone("a"), await alone("b")];
  const same = await render(AbGraph, { a: buffers.a, b: buffers.a }, switches);
  const { out, side, start } = await render(AbGraph, buffers, switches);
  let excess = -1, trial = 0, level = 0, mixed = 0;
  for (let i = start + 1; i < out.length; i++) {
    const own = Math.max(Math.abs(a[i] - a[i - 1]), Math.abs(b[i] - b[i - 1]));
    excess = Math.max(excess, Math.abs(out[i] - out[i - 1]) - own - Math.abs(a[i] - b[i]) / (0.008 * rate));
    trial = Math.max(trial, Math.abs(same.out[i] - a[i]));
    level = Math.max(level, Math.abs(out[i]));
    const apart = Math.abs(a[i] - b[i]) > 0.01;
    if (apart && Math.abs(out[i] - a[i]) > 1e-3 && Math.abs(out[i] - b[i]) > 1e-3) mixed += 1;
  }
  const last = side === "a" ? a : b;
  let end = 0;
  for (let i = Math.round(2.5 * rate); i < out.length; i++) end = Math.max(end, Math.abs(out[i] - last[i]));
  done({ excess, trial, level, mixed, end, side });
})().catch((error) => done({ error: String(error) }));
"""


def rendered(musician: Musician, *, clips: bool, hard: bool = False) -> dict[str, Any]:
    musician.driver.set_script_timeout(60)
    found: dict[str, Any] = musician.driver.execute_async_script(RENDER, clips, hard)
    assert "error" not in found, found
    return found


def test_switching_leaves_no_gap_and_no_jump_in_the_sound(listener: Musician) -> None:
    """Seven switches, two of them while the last one is still under way, on tones and on the battle's own clips."""
    for clips in (False, True):
        found = rendered(listener, clips=clips)
        assert found["level"] > 0.05, "nothing sounded"
        assert found["excess"] < 1e-4, "a step that neither clip nor the fade explains"
        assert found["trial"] < 1e-6, "one clip on both sides: the switch could be heard"
        assert found["end"] < 1e-6, "the side that was chosen is not what sounds, sample by sample"
        assert found["side"] == "b"
        assert found["mixed"] <= 7 * 0.008 * 48_000, "the fades take longer than 8 ms"
    assert rendered(listener, clips=False, hard=True)["excess"] > 0.05, "the measure would not see a jump"


def test_the_keyboard_alone_is_enough(listener: Musician) -> None:
    sounding = lambda: bool(listener.all("[data-battle][data-sounding]"))  # noqa: E731
    looping = lambda: listener.find("[data-loop]").get_attribute("aria-pressed")  # noqa: E731
    listener.keys(Keys.SPACE)
    listener.wait(sounding, why="space to play")
    assert looping() == "true"
    start, end = (handle.get_attribute("aria-valuenow") for handle in listener.all(".waveform__handle"))
    assert float(end) - float(start) == pytest.approx(6.0, abs=0.2), "the loop where the two differ most"
    listener.keys("l")
    listener.wait(lambda: looping() == "false", why="L to open the loop")
    listener.keys("l")
    listener.wait(lambda: looping() == "true", why="L to close the loop")
    listener.keys("3")
    assert listener.all("[data-vote-bar]"), "a number voted before the vote was open"
    listener.wait(lambda: "Listen to A" in listener.words("[data-missing]"), why="what is missing")
    listener.wait(lambda: listener.heard("a") >= 5, why="5 s of A")
    listener.wait(lambda: "Listen to B for" in listener.words("[data-missing]"), why="what is missing of B")
    listener.keys("b", Keys.ARROW_LEFT)
    assert listener.find("[data-card-b]").get_attribute("aria-pressed") == "true"
    listener.wait(listener.may_vote, why="5 s of B and the vote")
    listener.keys(Keys.SPACE)
    listener.wait(lambda: not sounding(), why="space to stop")
    for _ in range(60):
        listener.keys(Keys.TAB)
        if listener.run("return document.activeElement.value") == "tie":
            break
    listener.keys(Keys.ENTER)
    listener.wait(lambda: listener.all(".reveal"), why="the reveal")
    assert "A tie" in listener.words(".reveal")


def test_a_reload_in_the_middle_goes_on_from_there(listener: Musician) -> None:
    listener.keys("a")
    listener.wait(lambda: listener.heard("a") >= 5, why="5 s of A")
    listener.driver.refresh()
    listener.wait(lambda: listener.all("[data-battle][data-ready]"), why="both clips to load again")
    assert listener.heard("a") >= 2.5, "what was heard before the reload is gone"
    assert listener.heard("b") == 0
    listener.keys("b")
    listener.wait(lambda: listener.heard("b") >= 1, why="B to play")
    # The last report before the reload may be lost with the page: what it held is heard again.
    listener.keys("a")
    listener.wait(lambda: listener.heard("a") >= 5, why="what A lacks of 5 s")
    listener.keys("b", Keys.ARROW_LEFT)
    listener.wait(listener.may_vote, why="the vote after A before and B after the reload")
    listener.photograph("battle-open")
    listener.keys("1")
    listener.wait(lambda: listener.all(".reveal"), why="the reveal")
    assert "You kept" in listener.words(".reveal")

    listener.find("input[name=codes][value=vocals]").click()
    listener.find("input[name=codes][value=punch]").click()
    listener.press("Keep these reasons")
    listener.wait(lambda: not listener.all("input[name=codes]"), why="the reasons to be kept")
    assert "The vocals" in listener.words(".reasons")


SLOW_VOTE = """
window.posts = 0;
const send = window.fetch;
window.fetch = (url, options) => {
  if (!String(url).endsWith("/vote")) return send(url, options);
  window.posts += 1;
  return new Promise((done) => setTimeout(() => done(send(url, options)), 1500));
};
"""
VOTE_AGAIN = """
for (const button of document.querySelectorAll("button[name=choice]")) {
  button.click();
  button.form.requestSubmit();
}
"""


def test_after_the_vote_the_buttons_are_dead_in_every_window(listener: Musician, battle: str) -> None:
    listener.listen_to_both()
    listener.keys(Keys.SPACE)
    first = listener.driver.current_window_handle
    listener.driver.switch_to.new_window("tab")
    open_battle(listener, battle)
    assert listener.may_vote(), "what was heard is not known in the second window"
    second = listener.driver.current_window_handle

    listener.driver.switch_to.window(first)
    listener.run(SLOW_VOTE)
    listener.find("button[name=choice][value=b]").click()
    listener.wait(lambda: listener.run("return window.posts") == 1, why="the vote to be sent")
    assert buttons_dead(listener)
    listener.run(VOTE_AGAIN)
    listener.keys("1", "2")
    assert listener.run("return window.posts") == 1, "a second vote was sent"
    listener.wait(lambda: listener.all(".reveal"), why="the reveal")
    assert not listener.all("button[name=choice]")

    listener.driver.switch_to.window(second)
    listener.find("button[name=choice][value=a]").click()
    listener.wait(lambda: listener.all(".reveal"), why="the reveal in the second window")
    assert listener.find("[data-card-b]").text.count("Your choice") == 1, "the first vote counts"
    listener.complaints()  # The refusal of the second vote is in the console, as it should be.
