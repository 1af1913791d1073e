// Reports to the server what sounded, about every two seconds and whenever it matters; what the server counted is what
// counts. A report that did not arrive goes along with the next one.

import { post } from "./http.js";
import { common, seconds } from "./ranges.js";

const EVERY_MS = 2000;
const APART_MS = 500;
const MOST_RANGES = 200;
const AGAIN = new Set([0, 408, 429]);

export class Listening {
  /** `ballot` is what the page brought: {token, heard, missing}. `onchange` is called after each answer. */
  constructor(url, ballot, player, onchange = () => {}) {
    this.url = url;
    this.token = ballot.token;
    this.heard = ballot.heard;
    this.missing = ballot.missing;
    this.player = player;
    this.onchange = onchange;
    this.sending = null;
    this.sentAt = 0;
    this.closed = false;
    this.problem = null;
    window.setInterval(() => this.player.playing && this.report(), EVERY_MS);
    window.addEventListener("pagehide", () => this.#leave());
    document.addEventListener("visibilitychange", () => document.hidden && this.#leave());
  }

  /** What was counted, and what sounded since. */
  tally() {
    const pending = this.player.pending();
    return {
      a: this.heard.a_s + seconds(pending.a),
      b: this.heard.b_s + seconds(pending.b),
      switches: this.heard.switches + pending.switches,
      common: common([...this.heard.a, ...pending.a], [...this.heard.b, ...pending.b]),
    };
  }

  /** Report soon: at once, or half a second after the report before. */
  reportSoon() {
    if (this.waiting) return;
    const wait = Math.max(0, this.sentAt + APART_MS - Date.now());
    this.waiting = window.setTimeout(() => {
      this.waiting = null;
      this.report();
    }, wait);
  }

  /** Report now; resolves when the server has answered, or could not. One report is on its way at a time. */
  async report() {
    while (this.sending) await this.sending;
    if (this.closed || !this.#due()) return;
    this.sending = this.#send(this.player.take());
    await this.sending;
  }

  // A page that goes away waits for nothing.
  #leave() {
    if (!this.closed && this.#due()) this.#send(this.player.take());
  }

  #due() {
    const { a, b, switches } = this.player.pending();
    return Boolean(a.length || b.length || switches);
  }

  /** The last report, before the vote: none is under way when it is done, and none follows. */
  async finish() {
    this.closed = true;
    while (this.sending) await this.sending;
    if (!this.#due()) return;
    this.sending = this.#send(this.player.take());
    await this.sending;
  }

  /** The vote was refused: go on. */
  open() {
    this.closed = false;
  }

  async #send(sounded) {
    this.sentAt = Date.now();
    try {
      const told = await post(this.url, {
        token: this.token,
        a: packed(sounded.a),
        b: packed(sounded.b),
        switches: String(sounded.switches),
      });
      this.heard = told.heard;
      this.missing = told.missing;
      this.problem = null;
    } catch (error) {
      if (AGAIN.has(error.status) || error.status >= 500) this.player.giveBack(sounded);
      if (error.code === "already_voted") this.closed = true;
      this.problem = error;
    } finally {
      this.sending = null;
    }
    this.onchange();
  }
}

function packed(ranges) {
  return JSON.stringify(ranges.slice(-MOST_RANGES).map((range) => range.map((second) => Math.round(second * 1e4) / 1e4)));
}
