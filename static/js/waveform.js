// <aim-waveform src="…/peaks" label="Bass DI" interactive ruler loopable fit>: a recording drawn from its peaks pyramid.
//
// Events: "seek" {time}, "toggle" (space), "loopchange" {loop: {start, end} | null}, "loaded", "failed".
// Properties: time, duration, loop, color by CSS (--wave).

import { clock, spokenTime } from "./format.js";
import { columns, highest, parsePeaks } from "./peaks.js";
import { following, rulerMarks, within, zoomed } from "./view.js";

const RULER_PX = 22;
const MOST_LIFT = 8; // "fit" lifts a quiet stem by at most 18 dB, so that silence stays silence
const LOOP_LENGTH_S = 8;

class Waveform extends HTMLElement {
  #pyramid = null;
  #view = { start: 0, end: 0 };
  #time = 0;
  #loop = null;
  #lastLoop = null;
  #lift = 1;
  #queued = false;
  #pointers = new Map();
  #pinch = null;
  #grip = null;

  connectedCallback() {
    if (!this.canvas) this.#build();
    this.resizes = new ResizeObserver(() => this.#draw());
    this.resizes.observe(this);
    this.themes = new MutationObserver(() => this.redraw());
    this.themes.observe(document.documentElement, { attributeFilter: ["data-theme", "data-shown-theme"] });
    this.recolours = new MutationObserver(() => this.redraw());
    this.recolours.observe(this, { attributeFilter: ["data-role", "data-side", "class"] });
    if (this.hasAttribute("src") && !this.#pyramid) this.#whenSeen(() => this.#pyramid || this.load(this.getAttribute("src")));
  }

  disconnectedCallback() {
    this.resizes?.disconnect();
    this.themes?.disconnect();
    this.recolours?.disconnect();
    this.sight?.disconnect();
  }

  // ---- what pages use ----

  get duration() {
    return this.#pyramid?.duration ?? 0;
  }

  get time() {
    return this.#time;
  }

  set time(seconds) {
    this.#time = Math.min(Math.max(0, seconds || 0), this.duration || Infinity);
    if (this.#pyramid && !this.#pointers.size && !this.#grip) {
      const view = following(this.#view, this.#time, this.duration);
      if (view !== this.#view) this.#show(view);
    }
    this.#placeHead();
  }

  get loop() {
    return this.#loop;
  }

  set loop(loop) {
    this.#loop = loop;
    if (loop) this.#lastLoop = loop;
    this.#placeLoop();
  }

  async load(url) {
    try {
      const response = await fetch(url, { credentials: "same-origin" });
      if (!response.ok) throw new Error(String(response.status));
      this.pyramid = parsePeaks(await response.arrayBuffer());
      this.dispatchEvent(new CustomEvent("loaded", { bubbles: true }));
    } catch {
      this.note.textContent = "The waveform did not load. Playing still works.";
      this.note.hidden = false;
      this.dispatchEvent(new CustomEvent("failed", { bubbles: true }));
    }
  }

  set pyramid(pyramid) {
    this.#pyramid = pyramid;
    this.#view = { start: 0, end: pyramid.duration };
    const top = highest(pyramid);
    this.#lift = this.hasAttribute("fit") && top > 0 ? Math.min(MOST_LIFT, 0.96 / top) : 1;
    this.note.hidden = true;
    this.surface?.setAttribute("aria-valuemax", String(Math.round(pyramid.duration * 10) / 10));
    this.redraw();
    this.#placeLoop();
  }

  zoom(factor, anchor = this.#anchor()) {
    if (this.#pyramid) this.#show(zoomed(this.#view, factor, anchor, this.duration));
  }

  showAll() {
    if (this.#pyramid) this.#show({ start: 0, end: this.duration });
  }

  /** Loop on and off: the last region, or some seconds from the playhead on. */
  toggleLoop() {
    if (!this.#pyramid || !this.hasAttribute("loopable")) return;
    const start = Math.min(this.#time, Math.max(0, this.duration - LOOP_LENGTH_S));
    const fresh = { start, end: Math.min(this.duration, start + LOOP_LENGTH_S) };
    this.#changeLoop(this.#loop ? null : (this.#lastLoop ?? fresh));
  }

  redraw() {
    if (this.#queued) return;
    this.#queued = true;
    requestAnimationFrame(() => {
      this.#queued = false;
      this.#draw();
    });
  }

  // ---- building ----

  #build() {
    this.canvas = part("canvas", "waveform__canvas");
    this.hoverLine = part("div", "waveform__hover");
    this.hoverTime = part("span", "waveform__hover-time");
    this.hoverLine.append(this.hoverTime);
    this.loopBox = part("div", "waveform__loop");
    this.loopBox.removeAttribute("aria-hidden");
    this.loopBox.hidden = true;
    for (const edge of ["start", "end"]) this.loopBox.append(this.#handle(edge));
    this.head = part("div", "waveform__head");
    this.note = part("span", "waveform__note");
    this.note.hidden = true;
    const label = this.getAttribute("label") ?? "Waveform";
    if (!this.hasAttribute("interactive")) {
      this.append(this.canvas, this.note);
      this.setAttribute("role", "img");
      this.setAttribute("aria-label", label);
      return;
    }
    // The slider lies under the loop's handles and not around them: what is inside of a slider is not read out.
    this.surface = document.createElement("div");
    this.surface.className = "waveform__surface";
    this.surface.tabIndex = 0;
    for (const [name, value] of [
      ["role", "slider"],
      ["aria-label", `${label}, position`],
      ["aria-valuemin", "0"],
      ["aria-valuemax", "0"],
    ]) {
      this.surface.setAttribute(name, value);
    }
    this.append(this.canvas, this.surface, this.hoverLine, this.loopBox, this.head, this.note);
    this.#placeHead();
    this.#listen();
  }

  #handle(edge) {
    const handle = part("button", `waveform__handle waveform__handle--${edge}`);
    handle.type = "button";
    handle.setAttribute("role", "slider");
    handle.setAttribute("aria-label", edge === "start" ? "Loop start" : "Loop end");
    handle.addEventListener("pointerdown", (event) => {
      event.stopPropagation();
      this.#grip = edge;
      handle.setPointerCapture(event.pointerId);
    });
    handle.addEventListener("pointermove", (event) => {
      if (this.#grip === edge) this.#moveEdge(edge, this.#timeAt(event.clientX), false);
    });
    const release = () => {
      if (this.#grip !== edge) return;
      this.#grip = null;
      this.#changeLoop(this.#loop);
    };
    handle.addEventListener("pointerup", release);
    handle.addEventListener("pointercancel", release);
    handle.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -0.1, ArrowRight: 0.1 }[event.key];
      if (!step || !this.#loop) return;
      event.preventDefault();
      event.stopPropagation();
      this.#moveEdge(edge, this.#loop[edge] + step * (event.shiftKey ? 10 : 1), true);
    });
    return handle;
  }

  #listen() {
    this.addEventListener("pointerdown", (event) => this.#down(event));
    this.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) this.addEventListener(name, (event) => this.#up(event));
    this.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.addEventListener("keydown", (event) => this.#key(event));
  }

  #whenSeen(then) {
    this.sight = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      this.sight.disconnect();
      then();
    }, { rootMargin: "400px" });
    this.sight.observe(this);
  }

  // ---- hands ----

  #down(event) {
    if (event.button > 0 || !this.#pyramid) return;
    this.#pointers.set(event.pointerId, event.clientX);
    this.setPointerCapture(event.pointerId);
    if (this.#pointers.size === 2) {
      const [one, two] = this.#pointers.values();
      this.#pinch = { apart: Math.max(20, Math.abs(one - two)), anchor: this.#timeAt((one + two) / 2), view: this.#view };
    } else {
      this.#seek(this.#timeAt(event.clientX));
    }
  }

  #move(event) {
    this.#hover(event);
    if (!this.#pointers.has(event.pointerId)) return;
    this.#pointers.set(event.pointerId, event.clientX);
    if (this.#pinch && this.#pointers.size === 2) {
      const [one, two] = this.#pointers.values();
      const factor = Math.max(20, Math.abs(one - two)) / this.#pinch.apart;
      this.#show(zoomed(this.#pinch.view, factor, this.#pinch.anchor, this.duration));
    } else if (!this.#pinch) {
      this.#seek(this.#timeAt(event.clientX));
    }
  }

  #up(event) {
    this.#pointers.delete(event.pointerId);
    if (!this.#pointers.size) this.#pinch = null;
  }

  #hover(event) {
    if (event.pointerType === "touch") return;
    const box = this.getBoundingClientRect();
    const x = Math.min(Math.max(0, event.clientX - box.left), box.width);
    this.hoverLine.style.transform = `translateX(${Math.round(x)}px)`;
    this.hoverLine.toggleAttribute("data-flip", x > box.width - 72);
    this.hoverTime.textContent = clock(this.#timeAt(event.clientX), true);
  }

  // A plain wheel belongs to the page until the waveform has been touched; with Ctrl (a pinch on a trackpad) it zooms at once.
  #wheel(event) {
    if (!this.#pyramid) return;
    const length = this.#view.end - this.#view.start;
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      if (length >= this.duration) return;
      event.preventDefault();
      const shift = (event.deltaX / this.clientWidth) * length;
      this.#show(within(this.#view.start + shift, this.#view.end + shift, this.duration));
    } else if (event.ctrlKey || event.metaKey || document.activeElement === this.surface) {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), this.#timeAt(event.clientX));
    }
  }

  #key(event) {
    if (event.target !== this.surface || event.altKey || event.ctrlKey || event.metaKey) return;
    const step = event.shiftKey ? 1 : 5;
    const deeds = {
      " ": () => this.dispatchEvent(new CustomEvent("toggle", { bubbles: true })),
      ArrowLeft: () => this.#seek(this.#time - step),
      ArrowRight: () => this.#seek(this.#time + step),
      ArrowDown: () => this.#seek(this.#time - step),
      ArrowUp: () => this.#seek(this.#time + step),
      PageDown: () => this.#seek(this.#time - 20),
      PageUp: () => this.#seek(this.#time + 20),
      Home: () => this.#seek(0),
      End: () => this.#seek(this.duration),
      l: () => this.toggleLoop(),
      L: () => this.toggleLoop(),
      "+": () => this.zoom(2),
      "=": () => this.zoom(2),
      "-": () => this.zoom(0.5),
      0: () => this.showAll(),
    };
    const deed = deeds[event.key];
    if (!deed) return;
    event.preventDefault();
    event.stopPropagation();
    deed();
  }

  #seek(seconds) {
    this.time = Math.min(Math.max(0, seconds), this.duration);
    this.dispatchEvent(new CustomEvent("seek", { bubbles: true, detail: { time: this.#time } }));
  }

  #moveEdge(edge, time, final) {
    const least = 0.25;
    const loop = { ...this.#loop };
    if (edge === "start") loop.start = Math.min(Math.max(0, time), loop.end - least);
    else loop.end = Math.max(Math.min(this.duration, time), loop.start + least);
    if (final) this.#changeLoop(loop);
    else this.loop = loop;
  }

  #changeLoop(loop) {
    this.loop = loop;
    this.dispatchEvent(new CustomEvent("loopchange", { bubbles: true, detail: { loop } }));
  }

  // ---- picture ----

  #show(view) {
    this.#view = view;
    this.redraw();
    this.#placeHead();
    this.#placeLoop();
  }

  #anchor() {
    const inView = this.#time >= this.#view.start && this.#time <= this.#view.end;
    return inView ? this.#time : (this.#view.start + this.#view.end) / 2;
  }

  #timeAt(clientX) {
    const box = this.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (clientX - box.left) / Math.max(1, box.width)));
    return this.#view.start + share * (this.#view.end - this.#view.start);
  }

  #xOf(seconds) {
    const length = this.#view.end - this.#view.start;
    return length ? ((seconds - this.#view.start) / length) * this.clientWidth : 0;
  }

  #placeHead() {
    if (!this.surface) return;
    const x = this.#time > 0 ? Math.min(this.#xOf(this.#time), this.clientWidth - 1) : this.#xOf(0) + 1;
    this.head.hidden = x < -1 || x > this.clientWidth + 1;
    this.head.style.transform = `translateX(${x.toFixed(2)}px)`;
    this.toggleAttribute("data-moved", this.#time > 0);
    const now = Math.round(this.#time * 10) / 10;
    if (this.spoken === Math.floor(now) && this.spokenOf === this.duration) return;
    this.spoken = Math.floor(now);
    this.spokenOf = this.duration;
    this.surface.setAttribute("aria-valuenow", String(now));
    this.surface.setAttribute("aria-valuetext", `${spokenTime(this.spoken)} of ${spokenTime(this.duration)}`);
  }

  #placeLoop() {
    if (!this.loopBox) return;
    this.loopBox.hidden = !this.#loop || !this.#pyramid;
    if (this.loopBox.hidden) return;
    const from = this.#xOf(this.#loop.start);
    this.loopBox.style.transform = `translateX(${from.toFixed(2)}px)`;
    this.loopBox.style.width = `${Math.max(2, this.#xOf(this.#loop.end) - from).toFixed(2)}px`;
    for (const [handle, edge] of [[this.loopBox.children[0], "start"], [this.loopBox.children[1], "end"]]) {
      handle.setAttribute("aria-valuemax", String(this.duration));
      handle.setAttribute("aria-valuenow", this.#loop[edge].toFixed(1));
      handle.setAttribute("aria-valuetext", `${this.#loop[edge].toFixed(1)} seconds`);
      handle.title = `Loop ${edge} ${clock(this.#loop[edge], true)}`;
    }
  }

  #draw() {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.round(this.clientWidth * ratio);
    const height = Math.round(this.clientHeight * ratio);
    if (!width || !height) return;
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    const style = getComputedStyle(this);
    const pen = this.canvas.getContext("2d");
    pen.clearRect(0, 0, width, height);
    const ruler = this.hasAttribute("ruler") ? RULER_PX * ratio : 0;
    const middle = Math.round(ruler + (height - ruler) / 2);
    pen.fillStyle = style.getPropertyValue("--line").trim();
    pen.fillRect(0, middle, width, Math.max(1, Math.round(ratio / 2)));
    if (this.#pyramid) {
      this.#drawSound(pen, width, middle, (height - ruler) / 2 - 3 * ratio, ratio, style);
      if (ruler) this.#drawRuler(pen, ruler, ratio, style);
    }
    this.#placeHead();
    this.#placeLoop();
  }

  #drawSound(pen, width, middle, half, ratio, style) {
    const rate = this.#pyramid.sampleRate;
    const sound = columns(this.#pyramid, this.#view.start * rate, this.#view.end * rate, width);
    const lift = this.#lift;
    const cut = (level) => Math.max(-1, Math.min(1, level * lift)) * half;
    const thin = Math.max(1, ratio);
    pen.fillStyle = style.color;
    pen.globalAlpha = 0.42;
    pen.beginPath();
    for (let x = 0; x < width; x += 1) {
      const top = cut(sound.max[x]);
      const tall = top - cut(sound.min[x]);
      pen.rect(x, middle - Math.max(top, thin / 2), 1, Math.max(thin, tall));
    }
    pen.fill();
    pen.globalAlpha = 1;
    pen.beginPath();
    for (let x = 0; x < width; x += 1) {
      const inside = Math.min(Math.abs(cut(sound.rms[x])), Math.max(cut(sound.max[x]), -cut(sound.min[x])));
      if (inside > 0.25) pen.rect(x, middle - inside, 1, 2 * inside);
    }
    pen.fill();
    pen.fillStyle = style.getPropertyValue("--clip").trim();
    for (let x = 0; x < width; x += 1) {
      if (!sound.clipped[x]) continue;
      pen.fillRect(x - ratio / 2, middle - half - 2 * ratio, 2 * ratio, 4 * ratio);
      pen.fillRect(x - ratio / 2, middle + half - 2 * ratio, 2 * ratio, 4 * ratio);
    }
  }

  #drawRuler(pen, ruler, ratio, style) {
    const { step, marks } = rulerMarks(this.#view, this.clientWidth);
    pen.font = `${11 * ratio}px ${style.fontFamily}`;
    pen.textBaseline = "middle";
    for (const mark of marks) {
      const x = Math.round(this.#xOf(mark) * ratio);
      pen.fillStyle = style.getPropertyValue("--line-strong").trim();
      pen.fillRect(x, ruler - 6 * ratio, Math.max(1, Math.round(ratio)), 6 * ratio);
      pen.fillStyle = style.getPropertyValue("--quiet").trim();
      const words = clock(mark, step < 1);
      const room = pen.measureText(words).width;
      if (x + room + 6 * ratio < this.canvas.width) pen.fillText(words, x + 5 * ratio, ruler / 2);
    }
  }
}

function part(tag, className) {
  const node = document.createElement(tag);
  node.className = className;
  if (tag !== "button") node.setAttribute("aria-hidden", "true");
  return node;
}

customElements.define("aim-waveform", Waveform);
