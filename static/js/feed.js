// One socket for all things of one kind on a page: a snapshot for each, then events; where it is closed, polling.

import { get } from "./http.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15000;
const SIGNED_OUT = new Set([4001, 4401]);

/** The next view of a thing whose events all count: whichever has the higher sequence, or null where it is not new. */
export function newer(last, event) {
  return last && event.sequence <= last.sequence ? null : event;
}

export class Feed {
  /**
   * `kind` is what the socket calls a thing, `namedBy` the field that names it. `next(last, event)` is its next view or
   * null, `isOver(view)` whether no more will come. `pollUrl(name)` answers the same by HTTP; without it nothing is polled.
   */
  constructor({ path, kind, namedBy = "uuid", next = newer, isOver = () => false, pollUrl = null, pollMs = 2500 }) {
    Object.assign(this, { path, kind, namedBy, next, isOver, pollUrl, pollMs });
    this.watched = new Map(); // name -> {view, callbacks}
    this.wait = FIRST_WAIT_MS;
    this.socket = null;
    this.poller = null;
    this.retry = null;
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.pollUrl && this.watched.size) this.#poll();
    });
  }

  /** Call back with the thing's view now (if known) and after each change. Answers a function that ends it. */
  watch(name, callback, first = null) {
    const entry = this.watched.get(name) ?? { view: null, callbacks: new Set() };
    this.watched.set(name, entry);
    entry.callbacks.add(callback);
    if (first) this.accept(first);
    else if (entry.view) callback(entry.view);
    if (!entry.view || !this.isOver(entry.view)) this.#ask(name);
    return () => entry.callbacks.delete(callback);
  }

  /** An event from anywhere: the socket, a poll, an answer to a cancel. */
  accept(event) {
    const entry = this.watched.get(event[this.namedBy]);
    if (!entry) return;
    const view = this.next(entry.view, event);
    if (!view) return;
    entry.view = view;
    for (const callback of entry.callbacks) callback(view);
  }

  #open() {
    return [...this.watched].filter(([, entry]) => !entry.view || !this.isOver(entry.view)).map(([name]) => name);
  }

  #ask(name) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ watch: [name] }));
    else this.#connect();
  }

  #connect() {
    if (this.socket || this.retry) return;
    const address = new URL(this.path, window.location.href);
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
      if (said.type === this.kind) this.accept(said[this.kind]);
      if (said.type === "refused") this.watched.delete(said[this.namedBy]);
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
    if (!this.poller && this.pollUrl) this.poller = setInterval(() => this.#poll(), this.pollMs);
  }

  #stopPolling() {
    clearInterval(this.poller);
    this.poller = null;
  }

  async #poll() {
    const open = this.#open();
    if (!open.length) this.#stopPolling();
    if (document.hidden) return;
    for (const name of open) {
      try {
        const response = await get(this.pollUrl(name));
        this.accept(await response.json());
      } catch (error) {
        if (error.status === 404) this.watched.delete(name);
      }
    }
  }
}
