// The wires of an A/B player, for any AudioContext, a live one or an offline one. No page in here.
//
// Two sources start at one moment with one offset and one loop. One constant source x drives both gains (A = 1 - x,
// B = x), so that they can never disagree: where both clips are equal, nothing is heard of a switch. Every ramp begins
// in the future and none is cut short: what is scheduled into the past begins in its middle, which is a click.

export const FADE_S = 0.008;
export const EDGE_S = 0.004;
export const AHEAD_S = 0.02;

export class AbGraph {
  constructor(context) {
    this.context = context;
    this.side = "a";
    this.settled = 0; // when the last scheduled switch is over
    this.run = null;
    this.volume = context.createGain();
    this.volume.connect(context.destination);
    this.gains = { a: context.createGain(), b: context.createGain() };
    this.gains.a.gain.value = 1;
    this.gains.b.gain.value = 0;
    this.x = context.createConstantSource();
    this.x.offset.value = 0;
    const inverse = context.createGain();
    inverse.gain.value = -1;
    this.x.connect(inverse);
    inverse.connect(this.gains.a.gain);
    this.x.connect(this.gains.b.gain);
    this.x.start();
    for (const gain of Object.values(this.gains)) gain.connect(this.volume);
  }

  /** Fade to a side, as soon as the fade before is over. Returns when it begins. */
  switchTo(side) {
    const when = Math.max(this.context.currentTime + AHEAD_S, this.settled);
    if (side === this.side) return when;
    this.side = side;
    const to = side === "a" ? 0 : 1;
    this.x.offset.setValueAtTime(1 - to, when);
    this.x.offset.linearRampToValueAtTime(to, when + FADE_S);
    this.settled = when + FADE_S;
    return when;
  }

  /** Start both clips, or start them anew elsewhere: the old run fades out where the new one fades in. */
  start(buffers, offset, loop, onended = () => {}) {
    const when = this.#leave();
    const run = { edge: {}, sources: [], open: when + EDGE_S };
    for (const side of ["a", "b"]) {
      const edge = this.context.createGain();
      edge.gain.setValueAtTime(0, when);
      edge.gain.linearRampToValueAtTime(1, run.open);
      edge.connect(this.gains[side]);
      const source = this.context.createBufferSource();
      source.buffer = buffers[side];
      if (loop) Object.assign(source, { loop: true, loopStart: loop.start, loopEnd: loop.end });
      source.connect(edge);
      source.start(when, offset);
      run.edge[side] = edge;
      run.sources.push(source);
    }
    run.sources[0].onended = () => {
      if (this.run === run) onended();
    };
    this.run = run;
    return when;
  }

  /** Fade out and end. Returns when the fade begins. */
  stop() {
    const when = this.#leave();
    this.run = null;
    return when;
  }

  #leave() {
    const when = Math.max(this.context.currentTime + AHEAD_S, this.run?.open ?? 0);
    if (!this.run) return when;
    for (const side of ["a", "b"]) {
      this.run.edge[side].gain.setValueAtTime(1, when);
      this.run.edge[side].gain.linearRampToValueAtTime(0, when + EDGE_S);
    }
    for (const source of this.run.sources) source.stop(when + EDGE_S);
    return when;
  }
}
