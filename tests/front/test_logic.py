"""What the pages decide by themselves: the order of job events, what a vote still needs, zoom, times."""

from __future__ import annotations

from pathlib import Path

from tests.front.node import run


def test_a_late_event_is_dropped_and_the_percentage_never_goes_back(tmp_path: Path) -> None:
    run(
        """
import { nextView } from "./sequence.js";
const event = (sequence, percent, state = "running", attempt = 1) => ({ uuid: "x", sequence, percent, state, attempt });
let view = nextView(null, event(3, 40));
assert.equal(view.percent, 40);
assert.equal(nextView(view, event(3, 50)), null);
assert.equal(nextView(view, event(2, 90)), null);
view = nextView(view, event(4, 0, "queued", 2));
assert.deepEqual([view.percent, view.attempt, view.state], [40, 2, "queued"]);
view = nextView(view, event(5, 10, "running", 2));
assert.equal(view.percent, 40);
view = nextView(view, event(6, 97, "done", 2));
assert.equal(view.percent, 100);
assert.equal(nextView(view, event(7, 1)), null);
""",
        tmp_path,
    )


def test_the_vote_bar_says_what_is_still_missing_and_opens_when_the_server_says_so(tmp_path: Path) -> None:
    run(
        """
import { voteNeeds } from "./votes.js";
const least = { side_s: 5, common_s: 3, switches: 1 };
const lacks = { field: "a", amount: 5 };
const words = (tally) => voteNeeds({ switches: 1, common: 0, ...tally }, least, lacks).missing;
assert.equal(words({ a: 0, b: 0, switches: 0 }), "Listen to A for 5 more seconds, then to B");
assert.equal(words({ a: 1, b: 3.9 }), "Listen to B for 2 more seconds, then to A");
assert.equal(words({ a: 6, b: 2.2 }), "Listen to B for 3 more seconds");
assert.equal(words({ a: 4.2, b: 9 }), "Listen to A for 1 more second");
assert.equal(words({ a: 6, b: 6, switches: 0, common: 6 }), "Switch once while it plays");
assert.equal(words({ a: 6, b: 6, common: 1.5 }), "Hear the same place on both sides for 2 more seconds");
const enough = { a: 9, b: 9, switches: 1, common: 9 };
const asked = voteNeeds(enough, least, lacks);
assert.deepEqual([asked.ready, asked.due, asked.missing], [false, true, "One moment"]);
assert.equal(voteNeeds({ a: 4.9, b: 6, switches: 1, common: 4 }, least, lacks).due, false);
assert.equal(voteNeeds(enough, least, null).ready, true);
""",
        tmp_path,
    )


def test_a_playhead_is_followed_through_its_loop(tmp_path: Path) -> None:
    run(
        """
import { common, passed, seconds, union } from "./ranges.js";
const whole = { offset: 3, loop: null, duration: 24 };
assert.deepEqual(passed(whole, 0, 2), [[3, 5]]);
assert.deepEqual(passed(whole, 2, 4.5), [[5, 7.5]]);
assert.deepEqual(passed(whole, 20, 23), [[23, 24]]);
const loop = { offset: 10, loop: { start: 8, end: 12 }, duration: 24 };
assert.deepEqual(passed(loop, 0, 2), [[10, 12]]);
assert.deepEqual(passed(loop, 1, 8), [[11, 12], [8, 12], [8, 10]]);
assert.deepEqual(passed(loop, 6.5, 7), [[8.5, 9]]);
assert.deepEqual(passed({ ...loop, offset: 5 }, 0, 8), [[5, 12], [8, 9]]);
assert.equal(seconds(passed({ ...loop, loop: { start: 8, end: 8.25 } , offset: 8 }, 0, 30)), 30);
assert.deepEqual(union([[4, 6], [1, 2], [2, 3], [5, 9]]), [[1, 3], [4, 9]]);
assert.equal(common([[0, 5], [4, 6]], [[5, 8], [0, 1]]), 2);
""",
        tmp_path,
    )


def test_the_loop_begins_where_the_mixes_differ_whichever_is_which(tmp_path: Path) -> None:
    run(
        """
import { mostDifferent } from "./differ.js";
const rate = 8000;
const buffer = (seconds, level) => {
  const tone = (_, i) => level(i / rate) * Math.sin((2 * Math.PI * 1000 * i) / rate);
  const samples = Float32Array.from({ length: seconds * rate }, tone);
  const [length, duration] = [samples.length, seconds];
  return { sampleRate: rate, length, duration, numberOfChannels: 1, getChannelData: () => samples };
};
// Loud and nearly alike at first, quiet and far apart from 12 s to 18 s: the loud place does not win.
const a = buffer(24, (t) => (t < 10 ? 0.9 : 0.02));
const b = buffer(24, (t) => (t < 10 ? 0.8 : t >= 12 && t < 18 ? 0.08 : 0.02));
const loop = mostDifferent(a, b);
assert.ok(Math.abs(loop.start - 12) < 0.15, String(loop.start));
assert.ok(Math.abs(loop.end - 18) < 0.15);
assert.deepEqual(mostDifferent(b, a), loop);
assert.deepEqual(mostDifferent(buffer(7, () => 0.5), buffer(7, () => 0.1)), { start: 0, end: 7 });
assert.deepEqual(mostDifferent(a, a), { start: 0, end: 6 });
// A tail that one of them cuts off is far apart in decibels, and nothing to judge a mix by.
const fading = buffer(24, (t) => (t < 12 ? (t < 6 ? 0.5 : 0.4) : 0.003));
const cut = buffer(24, (t) => (t < 12 ? 0.5 : 0));
assert.ok(Math.abs(mostDifferent(fading, cut).start - 6) < 0.15);
""",
        tmp_path,
    )


def test_zooming_keeps_the_moment_under_the_finger(tmp_path: Path) -> None:
    run(
        """
import { following, rulerMarks, within, zoomed } from "./view.js";
assert.deepEqual(zoomed({ start: 0, end: 100 }, 2, 25, 100), { start: 12.5, end: 62.5 });
assert.deepEqual(zoomed({ start: 40, end: 60 }, 0.1, 50, 100), { start: 0, end: 100 });
assert.deepEqual(within(-5, 5, 100), { start: 0, end: 10 });
const view = { start: 10, end: 20 };
assert.equal(following(view, 15, 100), view);
assert.deepEqual(following(view, 21, 100), { start: 20, end: 30 });
assert.deepEqual(rulerMarks({ start: 0, end: 60 }, 600), { step: 10, marks: [0, 10, 20, 30, 40, 50, 60] });
""",
        tmp_path,
    )


def test_times_and_sizes_are_said_as_musicians_say_them(tmp_path: Path) -> None:
    run(
        """
import { clock, megabytes, spokenTime, timeLeft } from "./format.js";
assert.equal(clock(187.4), "3:07");
assert.equal(clock(59.96, true), "0:59.9");
assert.equal(clock(3725), "1:02:05");
assert.equal(clock(NaN), "0:00");
assert.equal(spokenTime(61), "1 minute 1 second");
assert.equal(timeLeft(null), "");
assert.equal(timeLeft(1), "almost done");
assert.equal(timeLeft(18), "about 20 s left");
assert.equal(timeLeft(170), "about 3 min left");
assert.equal(megabytes(38_400_000), "38 MB");
""",
        tmp_path,
    )


def test_a_pan_and_a_space_are_said_as_on_the_mix_page(tmp_path: Path) -> None:
    run(
        """
import { panWords, spaceWords } from "./desk.js";
assert.deepEqual([-40, 0, 100].map(panWords), ["L 40", "C", "R 100"]);
assert.deepEqual([0, 55].map(spaceWords), ["Dry", "55 %"]);
""",
        tmp_path,
    )
