// One socket for all jobs on the page: a snapshot for each, then events; where the socket is closed, polling.

import { get } from "./http.js";
import { FINAL, nextView } from "./sequence.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15000;
const POLL_MS = 2500;
const SIGNED_OUT = new Set([4001, 4401]);

class JobFeed {
  constructor() {
    this.watched = new Map(); // uuid -> {view, callbacks}
    this.wait = FIRST_WAIT_MS;
    this.socket = null;
    this.poller = null;
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.watched.size) this.#poll();
    });
  }

  /** Call back with the job's view now (if known) and after each change. Answers a function that ends it. */
  watch(uuid, callback, first = null) {
    const entry = this.watched.get(uuid) ?? { view: null, callbacks: new Set() };
    this.watched.set(uuid, entry);
    entry.callbacks.add(callback);
    if (first) this.accept(first);
    else if (entry.view) callback(entry.view);
    if (!entry.view || !FINAL.has(entry.view.state)) this.#ask(uuid);
    return () => entry.callbacks.delete(callback);
  }

  /** An event from anywhere: the socket, a poll, an answer to a cancel. */
  accept(event) {
    const entry = this.watched.get(event.uuid);
    if (!entry) return;
    const view = nextView(entry.view, event);
    if (!view) return;
    entry.view = view;
    for (const callback of entry.callbacks) callback(view);
  }

  #open() {
    return [...this.watched].filter(([, entry]) => !entry.view || !FINAL.has(entry.view.state)).map(([uuid]) => uuid);
  }

  #ask(uuid) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ watch: [uuid] }));
    else this.#connect();
  }

  #connect() {
    if (this.socket || this.retry) return;
    const address = new URL("/ws/jobs/", window.location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    this.socket = new WebSocket(address);
    this.socket.addEventListener("open", () => {
      this.wait = FIRST_WAIT_MS;
      this.#stopPolling();
      const open = this.#open();
      if (open.length) this.socket.send(JSON.stringify({ watch: open }));
    });
    this.socket.addEventListener("message", (message) => {
      const said = JSON.parse(message.data);
      if (said.type === "job") this.accept(said.job);
      if (said.type === "refused") this.watched.delete(said.uuid);
    });
    this.socket.addEventListener("close", (event) => this.#closed(event.code));
  }

  #closed(code) {
    this.socket = null;
    if (SIGNED_OUT.has(code) || !this.#open().length) return;
    this.#startPolling();
    this.retry = setTimeout(() => {
      this.retry = null;
      if (this.#open().length) this.#connect();
    }, this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(LONGEST_WAIT_MS, this.wait * 2);
  }

  #startPolling() {
    if (!this.poller) this.poller = setInterval(() => this.#poll(), POLL_MS);
  }

  #stopPolling() {
    clearInterval(this.poller);
    this.poller = null;
  }

  async #poll() {
    const open = this.#open();
    if (!open.length) this.#stopPolling();
    if (document.hidden) return;
    for (const uuid of open) {
      try {
        const response = await get(`/api/v1/jobs/${uuid}/`);
        this.accept(await response.json());
      } catch (error) {
        if (error.status === 404) this.watched.delete(uuid);
      }
    }
  }
}

export const jobs = new JobFeed();
