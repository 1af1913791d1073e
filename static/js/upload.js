// The drop zone: files go up by tus, two at a time, each with its own line.

import { megabytes } from "./format.js";
import { csrfToken, errorFrom } from "./http.js";
import { recall, remember } from "./store.js";
import { Refused, Stopped, TusUpload } from "./tus.js";

const AT_ONCE = 2;
const MEMORY = "uploads";
const KEEP_MS = 24 * 3600 * 1000;

export class UploadDesk {
  /**
   * zone: the [data-drop] element; lines: where the lines go; endpoint: the song's tus address;
   * limits: {chunk_bytes, max_bytes, stems_max}; onstem(stem, job): called when a file has arrived;
   * kind: "reference" or "rough_mix" for a zone that takes one such file, and only what is dropped on itself.
   */
  constructor({ zone, lines, endpoint, limits, onstem, kind = null }) {
    Object.assign(this, { zone, lines, endpoint, limits, onstem, kind });
    this.template = document.getElementById("upload-line");
    this.waiting = [];
    this.active = new Set();
    this.input = zone.querySelector("input[type=file]");
    this.#listen();
  }

  get busy() {
    return this.waiting.length + this.active.size > 0;
  }

  add(files) {
    if (this.kind) for (const entry of [...this.waiting, ...this.active]) this.#cancel(entry);
    if (this.kind) this.lines.replaceChildren();
    for (const file of this.kind ? files.slice(0, 1) : files) {
      const line = new Line(this.template, file, () => this.#cancel(entry), () => this.#again(entry));
      const entry = { file, line, stop: new AbortController() };
      this.lines.append(line.node);
      this.lines.hidden = false;
      const refusal = this.#refusal(file);
      if (refusal) line.fail(refusal, false);
      else this.waiting.push(entry);
    }
    this.#next();
  }

  #listen() {
    this.input.addEventListener("change", () => {
      this.add([...this.input.files]);
      this.input.value = "";
    });
    let depth = 0;
    const over = (change) => {
      depth = Math.max(0, depth + change);
      this.zone.toggleAttribute("data-over", depth > 0);
    };
    // The whole page takes stems: a file that misses the zone would otherwise replace the page.
    const target = this.kind ? this.zone : document;
    const listen = (name, act) =>
      target.addEventListener(name, (event) => {
        if (!carriesFiles(event)) return;
        if (this.kind) event.stopPropagation();
        act(event);
      });
    listen("dragenter", () => over(1));
    listen("dragleave", () => over(-1));
    listen("dragover", (event) => event.preventDefault());
    listen("drop", (event) => {
      event.preventDefault();
      depth = 0;
      over(0);
      this.add([...event.dataTransfer.files]);
    });
    window.addEventListener("beforeunload", (event) => {
      if (this.busy) event.preventDefault();
    });
  }

  #refusal(file) {
    if (file.size === 0) return `“${file.name}” is empty. Export it again.`;
    const most = this.limits.max_bytes;
    if (most && file.size > most) {
      return `“${file.name}” has ${megabytes(file.size)}; ${megabytes(most)} is the most. Export it as FLAC, or shorter.`;
    }
    return null;
  }

  #next() {
    while (this.active.size < AT_ONCE && this.waiting.length) {
      const entry = this.waiting.shift();
      this.active.add(entry);
      this.#send(entry).finally(() => {
        this.active.delete(entry);
        this.#next();
      });
    }
  }

  async #send(entry) {
    const { file, line, stop } = entry;
    const key = `${this.endpoint}|${this.kind ?? ""}|${file.name}|${file.size}|${file.lastModified}`;
    const upload = new TusUpload({
      send,
      wait,
      file,
      endpoint: this.endpoint,
      kind: this.kind,
      url: remembered(key),
      chunkBytes: Math.min(4 * 2 ** 20, this.limits.chunk_bytes ?? Infinity),
      signal: stop.signal,
      onurl: (url) => keep(key, url),
      onprogress: (bytes) => line.progress(bytes),
      onwait: (cut) => line.cut(cut),
    });
    entry.upload = upload;
    line.begin();
    try {
      const { stem, job } = await upload.run();
      keep(key, null);
      line.done();
      await this.onstem(stem, job);
      line.node.remove();
      this.lines.hidden = !this.lines.children.length;
    } catch (error) {
      if (error instanceof Stopped) {
        keep(key, null);
      } else if (error instanceof Refused) {
        keep(key, null);
        line.fail(errorFrom(error.status, error.text).message, true);
      } else {
        line.fail("Something broke in this page. Reload it, then choose the file again: it goes on where it was.", true);
      }
    }
  }

  #cancel(entry) {
    entry.stop.abort();
    this.waiting = this.waiting.filter((other) => other !== entry);
    if (entry.upload?.url) send("DELETE", entry.upload.url, { headers: { "Tus-Resumable": "1.0.0" } });
    entry.line.node.remove();
    this.lines.hidden = !this.lines.children.length;
    this.input.focus();
  }

  #again(entry) {
    entry.stop = new AbortController();
    this.waiting.push(entry);
    entry.line.queue();
    this.#next();
  }
}

/** What one file's line shows. */
class Line {
  constructor(template, file, oncancel, onagain) {
    this.file = file;
    this.node = template.content.firstElementChild.cloneNode(true);
    this.stage = this.node.querySelector("[data-stage]");
    this.bar = this.node.querySelector("progress");
    this.error = this.node.querySelector("[data-error]");
    this.retry = this.node.querySelector("[data-again]");
    this.node.querySelector("[data-name]").textContent = file.name;
    this.bar.setAttribute("aria-label", `Upload of ${file.name}`);
    const cancel = this.node.querySelector("[data-cancel-upload]");
    cancel.setAttribute("aria-label", `Cancel ${file.name}`);
    cancel.addEventListener("click", oncancel);
    this.retry.addEventListener("click", onagain);
    this.most = 0;
    this.queue();
  }

  queue() {
    this.error.hidden = true;
    this.retry.hidden = true;
    this.node.removeAttribute("data-failed");
    this.stage.textContent = `${megabytes(this.file.size)}, waiting`;
  }

  begin() {
    this.#say(0);
  }

  progress(bytes) {
    this.most = Math.max(this.most, bytes);
    this.bar.value = (100 * this.most) / this.file.size;
    if (!this.isCut) this.#say(this.most);
  }

  cut(isCut) {
    this.isCut = isCut;
    if (isCut) this.stage.textContent = "The line is cut. It goes on by itself.";
    else this.#say(this.most);
  }

  done() {
    this.bar.value = 100;
    this.stage.textContent = "Arrived";
  }

  fail(sentence, mayRetry) {
    this.node.setAttribute("data-failed", "");
    this.stage.textContent = "";
    this.error.textContent = sentence;
    this.error.hidden = false;
    this.retry.hidden = !mayRetry;
  }

  #say(bytes) {
    this.stage.textContent = `${megabytes(bytes)} of ${megabytes(this.file.size)}`;
  }
}

// fetch tells nothing of how far a body has gone, so this is XMLHttpRequest.
function send(method, url, { headers = {}, body = null, onprogress, signal } = {}) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.withCredentials = true;
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.setRequestHeader("Accept", "application/json");
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    const finish = () =>
      resolve({ status: request.status, text: request.responseText, header: (name) => request.getResponseHeader(name) });
    request.addEventListener("loadend", finish);
    if (onprogress) request.upload.addEventListener("progress", (event) => onprogress(event.loaded));
    signal?.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}

// Waits, but not longer than until the line is back or the musician has cancelled.
function wait(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(end, ms);
    function end() {
      clearTimeout(timer);
      window.removeEventListener("online", end);
      signal?.removeEventListener("abort", end);
      resolve();
    }
    window.addEventListener("online", end);
    signal?.addEventListener("abort", end);
  });
}

function carriesFiles(event) {
  return Boolean(event.dataTransfer && [...event.dataTransfer.types].includes("Files"));
}

function remembered(key) {
  const entry = recall(MEMORY, {})[key];
  return entry && Date.now() - entry.at < KEEP_MS ? entry.url : null;
}

function keep(key, url) {
  const all = recall(MEMORY, {});
  for (const [name, entry] of Object.entries(all)) {
    if (Date.now() - entry.at > KEEP_MS) delete all[name];
  }
  if (url) all[key] = { url, at: Date.now() };
  else delete all[key];
  remember(MEMORY, all);
}
