// Two clips that run as one: decoded, started at one moment, switched without a seam (ab-graph.js), and counted: which
// stretches of which side sounded is kept for the server. Media elements drift by many milliseconds and are not used.

import { AbGraph } from "./ab-graph.js";
import { passed } from "./ranges.js";

export class AbPlayer {
  /** `onchange` is called whenever playing, side or position were changed by a deed. */
  constructor(onchange = () => {}) {
    const Context = window.AudioContext ?? window.webkitAudioContext;
    this.context = new Context({ latencyHint: "interactive" });
    this.graph = new AbGraph(this.context);
    this.onchange = onchange;
    this.buffers = null;
    this.duration = 0;
    this.side = "a";
    this.playing = false;
    this.loop = null;
    this.offset = 0; // where in the clip we stood at `since` (context time)
    this.since = 0;
    this.counted = 0;
    this.unheard = { a: [], b: [], switches: 0 };
  }

  /** Fetch and decode both clips; `onprogress` gets 0 to 1. */
  async load(urlA, urlB, onprogress = () => {}) {
    const share = { a: 0, b: 0 };
    const take = async (side, url) => {
      const bytes = await download(url, (fraction) => {
        share[side] = fraction;
        onprogress((share.a + share.b) / 2);
      });
      return this.context.decodeAudioData(bytes);
    };
    const [a, b] = await Promise.all([take("a", urlA), take("b", urlB)]);
    this.buffers = { a, b };
    this.duration = Math.min(a.duration, b.duration);
  }

  setVolume(level) {
    this.graph.volume.gain.setTargetAtTime(level, this.context.currentTime, 0.01);
  }

  /** Where the sound is that is heard now, in seconds of the clip. */
  get position() {
    return this.playing ? this.#at(this.context.currentTime - (this.context.outputLatency || 0)) : this.offset;
  }

  async play() {
    if (!this.buffers || this.playing) return;
    await this.context.resume();
    if (this.playing) return;
    if (this.offset >= this.duration - 0.02) this.offset = this.loop?.start ?? 0;
    this.#start(this.offset);
  }

  pause() {
    if (!this.playing) return;
    const when = this.graph.stop();
    this.#count(when);
    this.offset = this.#at(when);
    this.playing = false;
    this.onchange();
  }

  /** Go there; behind the end of a loop there is only its beginning. */
  seek(seconds) {
    const inside = Math.min(Math.max(0, seconds), this.duration);
    const to = this.loop && inside >= this.loop.end ? this.loop.start : inside;
    if (this.playing) {
      this.#start(to);
    } else {
      this.offset = to;
      this.onchange();
    }
  }

  /** Loop a region, or none. Playing goes on where it is, or at the region's start where it is outside. */
  setLoop(region) {
    const loop = region && { start: region.start, end: Math.min(region.end, this.duration) };
    const now = this.playing ? this.#at(this.context.currentTime) : this.offset;
    const to = loop && (now < loop.start || now >= loop.end) ? loop.start : now;
    if (this.playing) {
      this.#start(to, loop);
    } else {
      this.loop = loop;
      this.seek(to);
    }
  }

  choose(side) {
    if (side === this.side) return;
    this.#count(this.graph.switchTo(side));
    this.side = side;
    if (this.playing) this.unheard.switches += 1;
    this.onchange();
  }

  /** What sounded and was not taken yet: {a: [[from, to], …], b, switches}. */
  pending() {
    this.#count(this.context.currentTime);
    return this.unheard;
  }

  /** The same, handed over for good. */
  take() {
    const taken = this.pending();
    this.unheard = { a: [], b: [], switches: 0 };
    return taken;
  }

  /** What was taken and did not arrive is pending again. */
  giveBack({ a, b, switches }) {
    this.unheard.a.unshift(...a);
    this.unheard.b.unshift(...b);
    this.unheard.switches += switches;
  }

  #start(offset, loop = this.loop) {
    const when = this.graph.start(this.buffers, offset, loop, () => this.#ended());
    this.#count(when);
    this.loop = loop;
    this.offset = offset;
    this.since = when;
    this.counted = when;
    this.playing = true;
    this.onchange();
  }

  #ended() {
    this.#count(this.context.currentTime);
    this.graph.run = null;
    this.playing = false;
    this.offset = this.duration;
    this.onchange();
  }

  #at(time) {
    const straight = this.offset + Math.max(0, time - this.since);
    if (!this.loop || straight < this.loop.end) return Math.min(straight, this.duration);
    return this.loop.start + ((straight - this.loop.start) % (this.loop.end - this.loop.start));
  }

  // Counted on the audio clock, which stands still while the context sleeps; up to a moment a little ahead of it, where
  // a switch or a stop was scheduled.
  #count(until) {
    if (!this.playing || until <= this.counted) return;
    this.unheard[this.side].push(...passed(this, this.counted - this.since, until - this.since));
    this.counted = until;
  }
}

async function download(url, onprogress) {
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`The clip answered ${response.status}.`);
  const total = Number(response.headers.get("Content-Length")) || 0;
  if (!total || !response.body) return response.arrayBuffer();
  const bytes = new Uint8Array(total);
  const reader = response.body.getReader();
  let at = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (at + value.length > total) throw new Error("The clip is longer than it said.");
    bytes.set(value, at);
    at += value.length;
    onprogress(at / total);
  }
  if (at < total) throw new Error("The clip was cut off.");
  return bytes.buffer;
}
