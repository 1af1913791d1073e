// tus 1.0: one file in chunks, resumed at the byte after a cut. The network is handed in, so that this runs in a test.
//
// `send(method, url, {headers, body, onprogress, signal})` answers {status, header(name), text}; status 0 is a lost line.

export const CHUNK_BYTES = 4 * 2 ** 20;
const VERSION = "1.0.0";
const WAITS_MS = [500, 1000, 2000, 4000, 8000, 15000, 30000];

/** A refusal that trying again does not change. */
export class Refused extends Error {
  constructor(answer) {
    super(`The server answered ${answer.status}.`);
    this.status = answer.status;
    this.text = answer.text;
  }
}

export class Stopped extends Error {}

/** UTF-8 in base64, as Upload-Metadata wants it. */
export function metadata(pairs) {
  return Object.entries(pairs)
    .map(([name, value]) => `${name} ${btoa(String.fromCharCode(...new TextEncoder().encode(value)))}`)
    .join(",");
}

export class TusUpload {
  /**
   * options: send, endpoint, file ({name, size, slice}), url (of an earlier try, or null), onurl(url), onprogress(bytes),
   * onwait(true|false), wait(ms, signal), signal, chunkBytes, kind (of what is no stem: "reference" or "rough_mix").
   */
  constructor(options) {
    Object.assign(this, { chunkBytes: CHUNK_BYTES, url: null, onurl() {}, onprogress() {}, onwait() {} }, options);
    this.offset = 0;
  }

  /**
   * Answers {stem, job} of the finished upload, `stem` being the reference where that was sent; null for both where the last answer was lost on its way and the server
   * told no more than that it has everything. Throws Refused or Stopped.
   */
  async run() {
    if (this.url) await this.#find();
    if (!this.url) await this.#create();
    while (this.offset < this.file.size) {
      const end = Math.min(this.file.size, this.offset + this.chunkBytes);
      await this.#patch(this.file.slice(this.offset, end));
    }
    return { stem: this.last.header("X-Stem") ?? this.last.header("X-Reference"), job: this.last.header("X-Job") };
  }

  async #create() {
    const answer = await this.#insist("POST", this.endpoint, () => ({
      headers: { "Upload-Length": String(this.file.size), "Upload-Metadata": metadata(this.#about()) },
    }));
    this.url = answer.header("Location");
    this.offset = 0;
    this.onurl(this.url);
  }

  #about() {
    return this.kind ? { filename: this.file.name, kind: this.kind } : { filename: this.file.name };
  }

  // A remembered upload that the server no longer knows is begun anew.
  async #find() {
    try {
      await this.#sync();
    } catch (error) {
      if (!(error instanceof Refused) || ![403, 404, 410].includes(error.status)) throw error;
      this.url = null;
      this.onurl(null);
    }
  }

  async #sync() {
    this.#keep(await this.#insist("HEAD", this.url, () => ({ headers: {} })));
  }

  async #patch(chunk) {
    const before = this.offset;
    for (let attempt = 0; ; attempt += 1) {
      const answer = await this.#once("PATCH", this.url, {
        headers: { "Upload-Offset": String(this.offset), "Content-Type": "application/offset+octet-stream" },
        body: chunk,
        onprogress: (bytes) => this.onprogress(this.offset + bytes),
      });
      if (answer.status === 204 || answer.status === 200) {
        this.#keep(answer);
        return;
      }
      if (!passes(answer.status) && answer.status !== 409) throw new Refused(answer);
      if (answer.status === 409 && attempt >= WAITS_MS.length) throw new Refused(answer);
      await this.#pause(attempt);
      await this.#sync();
      if (this.offset !== before) return;
    }
  }

  #keep(answer) {
    this.last = answer;
    this.offset = Number(answer.header("Upload-Offset"));
    this.onprogress(this.offset);
  }

  // Lost lines and a busy server are waited for; with growing patience, and without end for a lost line.
  async #insist(method, url, options) {
    for (let attempt = 0; ; attempt += 1) {
      const answer = await this.#once(method, url, options());
      if (answer.status >= 200 && answer.status < 300) return answer;
      if (!passes(answer.status) || (answer.status !== 0 && attempt >= WAITS_MS.length)) throw new Refused(answer);
      await this.#pause(attempt);
    }
  }

  async #once(method, url, options) {
    if (this.signal?.aborted) throw new Stopped();
    const headers = { "Tus-Resumable": VERSION, ...options.headers };
    const answer = await this.send(method, url, { ...options, headers, signal: this.signal });
    if (this.signal?.aborted) throw new Stopped();
    return answer;
  }

  async #pause(attempt) {
    this.onwait(true);
    await this.wait(WAITS_MS[Math.min(attempt, WAITS_MS.length - 1)], this.signal);
    this.onwait(false);
    if (this.signal?.aborted) throw new Stopped();
  }
}

/** Whether an answer may be another one later. */
function passes(status) {
  return status === 0 || status === 423 || status === 429 || status >= 500;
}
