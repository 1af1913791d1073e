"""The upload against a server that loses lines, forgets and refuses."""

from __future__ import annotations

from pathlib import Path

from tests.front.node import run

_SERVER = """
import { Refused, Stopped, TusUpload, metadata } from "./tus.js";

/** A tus server in memory; `trouble(method, count)` may answer instead of it. */
function server(trouble = () => null) {
  const state = { stored: [], length: null, log: [], creations: 0 };
  const answer = (status, headers = {}, text = "") => ({ status, text, header: (name) => headers[name] ?? null });
  state.send = async (method, url, { headers, body }) => {
    state.log.push(method);
    assert.equal(headers["Tus-Resumable"], "1.0.0");
    const instead = trouble(method, state.log.filter((each) => each === method).length, state, body);
    if (instead) return answer(...instead);
    if (method === "POST") {
      state.creations += 1;
      state.length = Number(headers["Upload-Length"]);
      state.metadata = headers["Upload-Metadata"];
      return answer(201, { Location: "/uploads/1/" });
    }
    if (method === "HEAD") return answer(200, { "Upload-Offset": String(state.stored.length) });
    if (Number(headers["Upload-Offset"]) !== state.stored.length) return answer(409);
    assert.equal(headers["Content-Type"], "application/offset+octet-stream");
    state.stored.push(...body);
    const done = state.stored.length === state.length;
    const ends = done ? { "X-Stem": "s", "X-Job": "j" } : {};
    return answer(204, { "Upload-Offset": String(state.stored.length), ...ends });
  };
  return state;
}

const bytes = Array.from({ length: 10 }, (_, index) => index);
const file = { name: "Gitarre süß.wav", size: 10, slice: (from, to) => bytes.slice(from, to) };
const waits = [];
const upload = (state, more = {}) => new TusUpload({
  send: state.send, wait: async (ms) => { waits.push(ms); }, endpoint: "/songs/1/uploads/", file, chunkBytes: 4,
  ...more,
});
"""


def test_a_file_goes_up_in_chunks_and_answers_its_stem(tmp_path: Path) -> None:
    run(
        _SERVER
        + """
const state = server();
const seen = [];
assert.deepEqual(await upload(state, { onprogress: (at) => seen.push(at) }).run(), { stem: "s", job: "j" });
assert.deepEqual(state.stored, bytes);
assert.deepEqual(state.log, ["POST", "PATCH", "PATCH", "PATCH"]);
assert.deepEqual(seen, [4, 8, 10]);
assert.equal(state.metadata, metadata({ filename: "Gitarre süß.wav" }));
assert.equal(Buffer.from(state.metadata.split(" ")[1], "base64").toString("utf8"), "Gitarre süß.wav");
""",
        tmp_path,
    )


def test_a_cut_line_resumes_at_the_byte_that_the_server_holds(tmp_path: Path) -> None:
    run(
        _SERVER
        + """
// The second chunk arrives by half, then the line is gone for two more tries.
const state = server((method, count, state, body) => {
  if (method === "PATCH" && count === 2) { state.stored.push(...body.slice(0, 2)); return [0]; }
  if (method === "HEAD" && count <= 2) return [0];
  return null;
});
assert.deepEqual(await upload(state).run(), { stem: "s", job: "j" });
assert.deepEqual(state.stored, bytes);
assert.deepEqual(waits, [500, 500, 1000]);
""",
        tmp_path,
    )


def test_an_upload_that_was_begun_before_a_reload_goes_on(tmp_path: Path) -> None:
    run(
        _SERVER
        + """
const state = server();
state.stored = bytes.slice(0, 6);
state.length = 10;
await upload(state, { url: "/uploads/1/" }).run();
assert.deepEqual(state.stored, bytes);
assert.deepEqual(state.log, ["HEAD", "PATCH"]);
""",
        tmp_path,
    )


def test_an_upload_that_the_server_forgot_begins_anew(tmp_path: Path) -> None:
    run(
        _SERVER
        + """
const state = server((method, count) => (method === "HEAD" && count === 1 ? [404] : null));
const urls = [];
await upload(state, { url: "/uploads/old/", onurl: (url) => urls.push(url) }).run();
assert.equal(state.creations, 1);
assert.deepEqual(urls, [null, "/uploads/1/"]);
assert.deepEqual(state.stored, bytes);
""",
        tmp_path,
    )


def test_a_refusal_is_not_tried_again_and_keeps_its_words(tmp_path: Path) -> None:
    run(
        _SERVER
        + """
const state = server((method) => (method === "POST" ? [413, {}, '{"code":"over_quota","message":"Full."}'] : null));
await assert.rejects(upload(state).run(), (error) => {
  assert.ok(error instanceof Refused);
  return error.status === 413 && /Full/.test(error.text);
});
assert.deepEqual(state.log, ["POST"]);
""",
        tmp_path,
    )


def test_a_cancel_ends_the_waiting(tmp_path: Path) -> None:
    run(
        _SERVER
        + """
const stop = new AbortController();
const state = server(() => [0]);
const run = upload(state, { signal: stop.signal, wait: async () => stop.abort() }).run();
await assert.rejects(run, (error) => error instanceof Stopped);
assert.deepEqual(state.log, ["POST"]);
""",
        tmp_path,
    )


def test_an_answer_that_was_lost_after_the_last_byte_is_still_the_end(tmp_path: Path) -> None:
    run(
        _SERVER
        + """
const state = server((method, count, state, body) => {
  if (method === "PATCH" && count === 3) { state.stored.push(...body); return [0]; }
  return null;
});
assert.deepEqual(await upload(state).run(), { stem: null, job: null });
assert.deepEqual(state.stored, bytes);
""",
        tmp_path,
    )


def test_a_reference_says_what_it_is_and_answers_its_own_name(tmp_path: Path) -> None:
    run(
        _SERVER
        + """
const state = server((method, count, held, body) => {
  if (method !== "PATCH" || count < 3) return null;
  held.stored.push(...body);
  return [204, { "Upload-Offset": String(held.stored.length), "X-Reference": "r", "X-Job": "j" }];
});
assert.deepEqual(await upload(state, { kind: "rough_mix" }).run(), { stem: "r", job: "j" });
assert.equal(state.metadata, metadata({ filename: "Gitarre süß.wav", kind: "rough_mix" }));
""",
        tmp_path,
    )
