// One recording with its waveform and transport. The markup comes from the server (partials/_transport.html).

import { clock } from "./format.js";
import { recall, remember } from "./store.js";

let sounding = null; // one player sounds at a time

/** Pause whatever sounds, and remember who sounds now: anything with pause(). */
export function takeTheFloor(player) {
  if (sounding && sounding !== player) sounding.pause();
  sounding = player;
}

export class Player {
  constructor(root) {
    this.root = root;
    this.waveform = root.querySelector("aim-waveform");
    this.button = root.querySelector("[data-play]");
    this.times = root.querySelector("[data-time]");
    this.lengths = root.querySelector("[data-length]");
    this.note = root.querySelector("[data-player-note]");
    this.audio = new Audio();
    this.audio.preload = root.dataset.preload ?? "metadata";
    this.audio.src = root.dataset.src;
    this.#listen();
    this.#buttons();
    this.#volume();
  }

  get playing() {
    return !this.audio.paused;
  }

  async play() {
    takeTheFloor(this);
    this.#say("");
    try {
      await this.audio.play();
    } catch (error) {
      if (error.name !== "AbortError") this.#say("This did not play. Reload the page and try again.");
    }
  }

  pause() {
    this.audio.pause();
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  seek(seconds) {
    this.audio.currentTime = seconds;
    this.#tick();
  }

  #listen() {
    this.audio.addEventListener("play", () => this.#state());
    this.audio.addEventListener("pause", () => this.#state());
    this.audio.addEventListener("ended", () => this.#state());
    this.audio.addEventListener("seeked", () => this.#tick());
    this.audio.addEventListener("error", () => this.#say("The sound did not load. Reload the page and try again."));
    this.audio.addEventListener("loadedmetadata", () => this.#length(this.audio.duration));
    this.button?.addEventListener("click", () => this.toggle());
    this.waveform?.addEventListener("seek", (event) => this.seek(event.detail.time));
    this.waveform?.addEventListener("toggle", () => this.toggle());
    this.waveform?.addEventListener("loaded", () => this.#length(this.waveform.duration));
    this.waveform?.addEventListener("loopchange", (event) => {
      const loop = event.detail.loop;
      this.root.querySelector("[data-loop]")?.setAttribute("aria-pressed", String(Boolean(loop)));
      if (loop && (this.audio.currentTime < loop.start || this.audio.currentTime > loop.end)) this.seek(loop.start);
    });
  }

  #buttons() {
    this.root.querySelector("[data-loop]")?.addEventListener("click", () => this.waveform.toggleLoop());
    this.root.querySelector("[data-zoom-in]")?.addEventListener("click", () => this.waveform.zoom(2));
    this.root.querySelector("[data-zoom-out]")?.addEventListener("click", () => this.waveform.zoom(0.5));
  }

  #volume() {
    const slider = this.root.querySelector("[data-volume]");
    this.audio.volume = recall("volume", 1);
    if (!slider) return;
    bindVolume(slider, (level) => {
      this.audio.volume = level;
    });
  }

  #state() {
    this.button?.toggleAttribute("data-playing", this.playing);
    this.button?.setAttribute("aria-label", this.playing ? "Pause" : (this.button.dataset.label ?? "Play"));
    this.root.toggleAttribute("data-sounding", this.playing);
    if (this.playing) this.#run();
    else this.#tick();
  }

  #run() {
    if (!this.playing) return;
    const loop = this.waveform?.loop;
    if (loop && (this.audio.currentTime >= loop.end || this.audio.currentTime < loop.start - 0.3)) {
      this.audio.currentTime = loop.start;
    }
    this.#tick();
    requestAnimationFrame(() => this.#run());
  }

  #tick() {
    const now = this.audio.currentTime;
    if (this.waveform) this.waveform.time = now;
    const words = clock(now);
    if (this.times && this.times.textContent !== words) this.times.textContent = words;
  }

  #length(seconds) {
    if (this.lengths && Number.isFinite(seconds)) this.lengths.textContent = clock(seconds);
  }

  #say(words) {
    if (this.note) this.note.textContent = words;
  }
}

/** A volume slider that remembers; `apply` gets 0 to 1, curved as hearing is. */
export function bindVolume(slider, apply) {
  const show = () => {
    const level = Number(slider.value) / 100;
    slider.setAttribute("aria-valuetext", `${slider.value} percent`);
    apply(level * level);
    return level * level;
  };
  slider.value = String(Math.round(Math.sqrt(recall("volume", 1)) * 100));
  show();
  slider.addEventListener("input", () => remember("volume", show()));
}

/** Every [data-player] under `scope` that has none yet. */
export function startPlayers(scope = document) {
  const players = [];
  for (const root of scope.querySelectorAll("[data-player]:not([data-started])")) {
    root.setAttribute("data-started", "");
    players.push(new Player(root));
  }
  return players;
}

/** Space plays the page's main player, wherever the focus is, unless something there wants the key itself. */
export function spacePlays(player) {
  document.addEventListener("keydown", (event) => {
    if (event.key !== " " || event.defaultPrevented || takesKeys(event.target)) return;
    event.preventDefault();
    player.toggle();
  });
}

export function takesKeys(target) {
  return Boolean(target?.closest?.("input:not([type=range]), textarea, select, button, a, summary, [contenteditable], dialog"));
}
