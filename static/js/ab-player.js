// Two clips that run as one: decoded, started at one moment, switched by an equal-gain fade of 8 ms.
//
// One constant source x drives both gains (A = 1 - x, B = x), so that they can never disagree. Media elements drift by
// many milliseconds and are not used.

const FADE_S = 0.008;
const EDGE_S = 0.004;
const START_AHEAD_S = 0.04;

export class AbPlayer {
  /** `onchange` is called whenever playing, side or position were changed by a deed. */
  constructor(onchange = () => {}) {
    const Context = window.AudioContext ?? window.webkitAudioContext;
    this.context = new Context({ latencyHint: "interactive" });
    this.onchange = onchange;
    this.buffers = null;
    this.side = "a";
    this.playing = false;
    this.loop = null;
    this.heard = { a: 0, b: 0 };
    this.switches = 0;
    this.offset = 0; // where in the clip we stood at `since` (context time)
    this.since = 0;
    this.run = null;
    this.#wire();
  }

  #wire() {
    const context = this.context;
    this.volume = context.createGain();
    this.volume.connect(context.destination);
    this.gainA = context.createGain();
    this.gainB = context.createGain();
    this.gainA.gain.value = 1;
    this.gainB.gain.value = 0;
    const inverse = context.createGain();
    inverse.gain.value = -1;
    this.x = context.createConstantSource();
    this.x.offset.value = 0;
    this.x.connect(inverse);
    inverse.connect(this.gainA.gain);
    this.x.connect(this.gainB.gain);
    this.x.start();
    this.gainA.connect(this.volume);
    this.gainB.connect(this.volume);
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
    this.volume.gain.setTargetAtTime(level, this.context.currentTime, 0.01);
  }

  /** Where the sound is that is heard now, in seconds of the clip. */
  get position() {
    if (!this.playing) return this.offset;
    const latency = this.context.outputLatency || 0;
    return this.#along(Math.max(0, this.context.currentTime - latency - this.since));
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
    this.#count();
    this.offset = this.#along(Math.max(0, this.context.currentTime - this.since));
    this.#stop(this.context.currentTime);
    this.playing = false;
    this.onchange();
  }

  seek(seconds) {
    const to = Math.min(Math.max(0, seconds), this.duration);
    if (this.playing) {
      this.#count();
      this.#start(to);
    } else {
      this.offset = to;
      this.onchange();
    }
  }

  /** Loop a region, or none. Playing goes on where it is, or at the region's start where it is outside. */
  setLoop(loop) {
    const now = this.playing ? this.#along(Math.max(0, this.context.currentTime - this.since)) : this.offset;
    this.loop = loop;
    const outside = loop && (now < loop.start || now >= loop.end);
    this.seek(outside ? loop.start : now);
  }

  choose(side) {
    if (side === this.side) return;
    this.#count();
    this.side = side;
    if (this.playing) this.switches += 1;
    const now = this.context.currentTime;
    const x = this.x.offset;
    const from = x.value;
    x.cancelScheduledValues(now);
    x.setValueAtTime(from, now);
    x.linearRampToValueAtTime(side === "a" ? 0 : 1, now + FADE_S);
    this.onchange();
  }

  /** Seconds of each side so far, that which is sounding included. */
  tally() {
    this.#count();
    return { a: this.heard.a, b: this.heard.b, switches: this.switches };
  }

  // Both sources start at the same future moment, with the same offset and the same loop.
  #start(offset) {
    const when = this.context.currentTime + START_AHEAD_S;
    this.#stop(when);
    const run = { edges: [], sources: [] };
    for (const [side, gain] of [["a", this.gainA], ["b", this.gainB]]) {
      const edge = this.context.createGain();
      edge.gain.setValueAtTime(0, when);
      edge.gain.linearRampToValueAtTime(1, when + EDGE_S);
      edge.connect(gain);
      const source = this.context.createBufferSource();
      source.buffer = this.buffers[side];
      if (this.loop) {
        source.loop = true;
        source.loopStart = this.loop.start;
        source.loopEnd = this.loop.end;
      }
      source.connect(edge);
      source.start(when, offset);
      run.edges.push(edge);
      run.sources.push(source);
    }
    run.sources[0].onended = () => {
      if (this.run === run) this.#ended();
    };
    this.run = run;
    this.offset = offset;
    this.since = when;
    this.counted = when;
    this.playing = true;
    this.onchange();
  }

  #stop(when) {
    const run = this.run;
    this.run = null;
    if (!run) return;
    for (const edge of run.edges) {
      edge.gain.cancelScheduledValues(when);
      edge.gain.setValueAtTime(1, when);
      edge.gain.linearRampToValueAtTime(0, when + EDGE_S);
    }
    for (const source of run.sources) source.stop(when + EDGE_S);
  }

  #ended() {
    this.#count();
    this.run = null;
    this.playing = false;
    this.offset = this.duration;
    this.onchange();
  }

  #along(elapsed) {
    const straight = this.offset + elapsed;
    if (!this.loop || straight < this.loop.end) return Math.min(straight, this.duration);
    const length = this.loop.end - this.loop.start;
    return this.loop.start + ((straight - this.loop.start) % length);
  }

  // Seconds are counted on the audio clock, which stands still while the context sleeps.
  #count() {
    if (!this.playing) return;
    const now = this.context.currentTime;
    if (now > this.counted) this.heard[this.side] += now - this.counted;
    this.counted = Math.max(now, this.counted);
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
