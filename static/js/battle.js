// The battle page: preparing, listening, voting; after the vote the same player goes on with names beside it.

import "./progress.js";
import "./waveform.js";
import { AbPlayer } from "./ab-player.js";
import { mostDifferent } from "./differ.js";
import { clock } from "./format.js";
import { pageData, post } from "./http.js";
import { Listening } from "./listening.js";
import { bindVolume, takesKeys } from "./player.js";
import { showSaid } from "./said.js";
import { voteNeeds } from "./votes.js";

const page = pageData();
const floor = document.querySelector("[data-battle]");

for (const end of ["job-done", "job-failed", "job-cancelled"]) {
  document.addEventListener(end, () => window.location.reload());
}
if (floor && page.clips) listen();
for (const said of document.querySelectorAll("[data-said]")) showSaid(said);

function listen() {
  const find = (name) => floor.querySelector(`[data-${name}]`);
  const waveform = floor.querySelector("aim-waveform");
  const play = find("play");
  const cards = { a: find("card-a"), b: find("card-b") };
  const bar = document.querySelector("[data-vote-bar]");
  const live = document.querySelector("[data-live]");
  const player = new AbPlayer(show);
  const votes = bar && page.ballot ? voteBar(bar, player, live) : null;

  for (const side of ["a", "b"]) cards[side].addEventListener("click", () => choose(side));
  play.addEventListener("click", toggle);
  find("loop").addEventListener("click", () => waveform.toggleLoop());
  bindVolume(find("volume"), (level) => player.setVolume(level));
  waveform.addEventListener("seek", (event) => player.buffers && player.seek(event.detail.time));
  waveform.addEventListener("toggle", toggle);
  waveform.addEventListener("loopchange", (event) => loopTo(event.detail.loop));
  document.addEventListener("keydown", keys);
  document.addEventListener("visibilitychange", () => votes?.show());
  if (floor.dataset.start === "b") player.choose("b");
  waveform.load(page.clips.peaks);
  load();

  async function load() {
    const note = find("player-note");
    try {
      await player.load(page.clips.a, page.clips.b, (fraction) => {
        note.textContent = `Loading both clips, ${Math.round(fraction * 100)} %`;
      });
    } catch {
      note.textContent = "The clips did not load. Reload the page and try again.";
      return;
    }
    note.textContent = "";
    play.disabled = false;
    floor.setAttribute("data-ready", "");
    find("length").textContent = clock(player.duration);
    loopTo(waveform.loop ?? mostDifferent(player.buffers.a, player.buffers.b));
    show();
  }

  function loopTo(loop) {
    waveform.loop = loop;
    find("loop").setAttribute("aria-pressed", String(Boolean(loop)));
    if (player.buffers) player.setLoop(loop);
  }

  function toggle() {
    if (!player.buffers) return;
    if (player.playing) player.pause();
    else player.play();
    votes?.report();
  }

  function choose(side) {
    const was = player.side;
    player.choose(side);
    if (!player.playing && player.buffers) player.play();
    if (was === side) return;
    live.textContent = `${side.toUpperCase()} is playing.`;
    votes?.report();
  }

  function keys(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    const key = event.key.toLowerCase();
    const typing = event.target.closest?.("input:not([type=range]), textarea, select, dialog");
    if (typing) return;
    const step = event.shiftKey ? 1 : 5;
    const deeds = { a: () => choose("a"), b: () => choose("b"), l: () => waveform.toggleLoop() };
    if (!takesKeys(event.target)) deeds[" "] = toggle;
    if (event.target.type !== "range") {
      deeds.arrowleft = () => player.buffers && player.seek(player.position - step);
      deeds.arrowright = () => player.buffers && player.seek(player.position + step);
    }
    if (/^[1-5]$/.test(key) && !event.repeat) deeds[key] = () => votes?.press(key);
    if (!deeds[key]) return;
    event.preventDefault();
    deeds[key]();
  }

  function show() {
    play.toggleAttribute("data-playing", player.playing);
    play.setAttribute("aria-label", player.playing ? "Pause" : "Play");
    floor.toggleAttribute("data-sounding", player.playing);
    waveform.dataset.side = player.side;
    for (const side of ["a", "b"]) cards[side].setAttribute("aria-pressed", String(player.side === side));
    tick();
    if (player.playing && !show.running) run();
  }

  function run() {
    show.running = player.playing;
    tick();
    if (player.playing) requestAnimationFrame(run);
  }

  function tick() {
    waveform.time = player.position;
    const words = clock(player.position);
    if (find("time").textContent !== words) find("time").textContent = words;
    votes?.show();
  }
}

function voteBar(bar, player, live) {
  const missing = bar.querySelector("[data-missing]");
  const error = bar.querySelector("[data-vote-error]");
  const buttons = [...bar.querySelectorAll("button[name=choice]")];
  const meters = { a: bar.querySelector("[data-heard-a]"), b: bar.querySelector("[data-heard-b]") };
  const listening = new Listening(page.heard_url, page.ballot, player, answered);
  let sent = false;
  let said = "";

  for (const side of ["a", "b"]) meters[side].max = page.ballot.least.side_s;
  bar.addEventListener("submit", (event) => {
    event.preventDefault();
    vote(event.submitter);
  });

  function show() {
    if (sent) return;
    const tally = listening.tally();
    const needs = voteNeeds(tally, page.ballot.least, listening.missing);
    if (needs.due) listening.reportSoon();
    if (missing.textContent !== needs.missing) missing.textContent = needs.missing;
    if (needs.said && needs.said !== said) {
      if (said) live.textContent = needs.said;
      said = needs.said;
    }
    bar.toggleAttribute("data-open", needs.ready);
    for (const button of buttons) button.disabled = !needs.ready;
    for (const side of ["a", "b"]) meters[side].value = Math.min(meters[side].max, tally[side]);
  }

  // In another window one may have voted already; what cannot be counted is said, since no vote will follow.
  function answered() {
    const problem = listening.problem;
    if (problem?.code === "already_voted" && !sent) window.location.reload();
    if (!sent) say(problem && problem.code !== "too_many_reports" ? problem.message : "");
    show();
  }

  function say(words) {
    if (error.textContent !== words) error.textContent = words;
    error.hidden = !words;
  }

  async function vote(button) {
    if (sent || !button || button.disabled) return;
    sent = true;
    for (const each of buttons) each.disabled = true;
    button.setAttribute("data-chosen", "");
    missing.textContent = "Your vote is on its way";
    say("");
    try {
      await listening.finish();
      await post(page.vote_url, { token: page.ballot.token, choice: button.value });
      window.location.reload();
    } catch (problem) {
      if (problem.code === "already_voted") {
        window.location.reload();
        return;
      }
      button.removeAttribute("data-chosen");
      sent = false;
      listening.open();
      say(problem.message);
      show();
    }
  }

  show();
  return { show, report: () => listening.reportSoon(), press: (key) => vote(buttons.find((button) => button.getAttribute("aria-keyshortcuts") === key)) };
}
