"""What pages make of live events: what is new, and what others said of a battle, in words."""

from __future__ import annotations

from pathlib import Path

from tests.front.node import run


def test_only_what_is_newer_is_believed(tmp_path: Path) -> None:
    run(
        """
import { newer } from "./feed.js";
const first = { board: "public", sequence: 4 };
assert.equal(newer(null, first), first);
assert.equal(newer(first, { board: "public", sequence: 4 }), null);
assert.equal(newer(first, { board: "public", sequence: 3 }), null);
assert.equal(newer(first, { board: "public", sequence: 5 }).sequence, 5);
""",
        tmp_path,
    )


def test_what_was_said_of_a_battle_is_a_sentence_and_nothing_before_the_vote(tmp_path: Path) -> None:
    run(
        """
import { saidInWords } from "./said.js";
const none = { a: 0, b: 0, tie: 0, both_bad: 0, cant_tell: 0 };
assert.equal(saidInWords(null), "");
assert.equal(saidInWords({ ...none, b: 1 }), "You are the first who judged this battle.");
assert.equal(
  saidInWords({ ...none, a: 3, b: 1, both_bad: 1 }),
  "5 people have judged this battle: 3 A, 1 B, 1 both bad.",
);
""",
        tmp_path,
    )


# The socket that the modules below open is made up: what they ask, what they make of answers, and how they come back.
PAGE = """
const sent = [], sockets = [], timers = [];
globalThis.document = { addEventListener() {}, hidden: false, querySelectorAll: () => [] };
globalThis.window = { location: { href: "https://mixer.example/arena/" } };
globalThis.setTimeout = (call) => timers.push(call);
globalThis.setInterval = () => 1;
globalThis.clearInterval = () => {};
globalThis.WebSocket = class {
  static OPEN = 1;
  constructor(address) { this.address = String(address); this.readyState = 0; this.on = {}; sockets.push(this); }
  addEventListener(name, call) { this.on[name] = call; }
  send(text) { sent.push(JSON.parse(text)); }
  opens() { this.readyState = 1; this.on.open({}); }
  says(message) { this.on.message({ data: JSON.stringify(message) }); }
  breaks(code) { this.readyState = 3; this.on.close({ code }); }
};
const { Feed } = await import("./feed.js");
const feed = new Feed({ path: "/ws/boards/", kind: "board", namedBy: "board" });
const heard = [];
feed.watch("public", (board) => heard.push(board.sequence));
"""


def test_a_page_asks_again_when_its_socket_comes_back_and_drops_what_it_knows(tmp_path: Path) -> None:
    run(
        PAGE
        + """
assert.equal(sockets[0].address, "wss://mixer.example/ws/boards/");
sockets[0].opens();
assert.deepEqual(sent, [{ watch: ["public"] }]);
sockets[0].says({ type: "board", board: { board: "public", sequence: 4 } });
sockets[0].says({ type: "board", board: { board: "public", sequence: 3 } });
sockets[0].breaks(1006);
assert.equal(timers.length, 1);
timers[0]();
sockets[1].opens();
assert.deepEqual(sent[1], { watch: ["public"] });
sockets[1].says({ type: "board", board: { board: "public", sequence: 4 } });
sockets[1].says({ type: "board", board: { board: "public", sequence: 9 } });
assert.deepEqual(heard, [4, 9]);
""",
        tmp_path,
    )


def test_who_is_signed_out_or_refused_asks_no_more(tmp_path: Path) -> None:
    run(
        PAGE
        + """
sockets[0].opens();
sockets[0].breaks(4001);
assert.equal(timers.length, 0);
feed.watch("genre:polka", () => {});
sockets[1].opens();
sockets[1].says({ type: "refused", board: "genre:polka" });
sockets[1].breaks(1006);
timers[0]();
sockets[2].opens();
assert.deepEqual(sent.at(-1), { watch: ["public"] });
""",
        tmp_path,
    )
