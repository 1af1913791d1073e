// Boards that stay up to date while one reads them: where one is published anew, its part of the page is fetched again.
//
// [data-board] holds the votes' hash that it shows in data-votes, and lies in a [data-swap], which is what is replaced.

import { Feed } from "./feed.js";
import { get } from "./http.js";

const TOGETHER_MS = 300; // boards are published one after another, and the page is fetched once

const feed = new Feed({ path: "/ws/boards/", kind: "board", namedBy: "board" });
let due = null;

for (const shown of document.querySelectorAll("[data-board]")) {
  feed.watch(shown.dataset.board, (board) => {
    const now = document.querySelector(`[data-board="${CSS.escape(board.board)}"]`);
    if (now && now.dataset.votes !== board.votes_sha256) due ??= setTimeout(refresh, TOGETHER_MS);
  });
}

async function refresh() {
  due = null;
  let page;
  try {
    const response = await get(window.location.href, "text/html");
    page = new DOMParser().parseFromString(await response.text(), "text/html");
  } catch {
    return; // the next board, or the reader's own reload, brings it
  }
  for (const old of document.querySelectorAll("[data-swap]")) {
    const fresh = page.querySelector(`[data-swap="${CSS.escape(old.dataset.swap)}"]`);
    if (fresh) swap(old, document.importNode(fresh, true));
  }
  const live = document.querySelector("[data-live]");
  if (live) live.textContent = "New votes have come in, and the board was computed anew.";
}

/** Replace a part of the page; whoever reads a table by keyboard stays in it, and where they were. */
function swap(old, fresh) {
  const frames = [...old.querySelectorAll("[tabindex]")];
  const places = frames.map((frame) => frame.scrollLeft);
  const held = frames.indexOf(document.activeElement);
  old.replaceWith(fresh);
  const anew = [...fresh.querySelectorAll("[tabindex]")];
  places.forEach((place, index) => {
    if (anew[index]) anew[index].scrollLeft = place;
  });
  anew[held]?.focus({ preventScroll: true });
}
