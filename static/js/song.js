// The song page: stems come in, are checked, heard, named; mixes are asked for.

import "./progress.js";
import "./waveform.js";
import { get, pageData, post } from "./http.js";
import { startPlayers } from "./player.js";
import { startDesk } from "./desk.js";
import { UploadDesk } from "./upload.js";

const page = pageData();
const list = document.querySelector("[data-stems]");
const live = document.querySelector("[data-live]");
const zone = document.querySelector("[data-drop]");

if (zone) {
  new UploadDesk({
    zone,
    lines: document.querySelector("[data-upload-lines]"),
    endpoint: page.urls?.tus ?? zone.dataset.tus,
    limits: page.limits ?? {
      chunk_bytes: Number(zone.dataset.chunkBytes) || undefined,
      max_bytes: Number(zone.dataset.maxBytes) || undefined,
    },
    onstem: arrived,
  });
}

startPlayers();
startDesk(document.querySelector("[data-desk]"));
startSlots();
listenToRoles();
listenToRemovals();
listenToSlots();
listenToMixers();
count();

for (const end of ["job-done", "job-failed", "job-cancelled"]) {
  document.addEventListener(end, (event) => {
    const row = event.target.closest("[data-stem]");
    const slot = event.target.closest("[data-slot]");
    if (row) refresh(row.dataset.stem);
    else if (slot) refreshParts([slotOf(slot.dataset.slot), "[data-match]"]);
    else if (event.target.closest("[data-mixes], [data-battles]")) window.location.reload();
  });
}

async function arrived(stem) {
  if (!stem) {
    window.location.reload();
    return;
  }
  await refresh(stem);
}

/** Fetch one stem's row and put it in its place, or at the end. */
async function refresh(uuid) {
  let html;
  try {
    html = await (await get(`/stems/${uuid}/row`, "text/html")).text();
  } catch (error) {
    live.textContent = error.message;
    return;
  }
  const draft = new DOMParser().parseFromString(html, "text/html").querySelector("[data-stem]");
  const old = list.querySelector(`[data-stem="${CSS.escape(uuid)}"]`);
  if (!draft) {
    old?.remove();
  } else {
    const row = document.importNode(draft, true);
    if (old) old.replaceWith(row);
    else list.append(row);
    startPlayers(list);
    const name = row.dataset.name;
    if (row.dataset.state === "ready") refreshParts(["[data-wishes] ul"]);
    if (row.dataset.state === "ready") live.textContent = `${name} is ready.`;
    if (row.dataset.state === "rejected") live.textContent = row.querySelector("[data-error]")?.textContent ?? "";
  }
  count();
}

/** The title of the chosen mixer, where it needs a recording to match and none is chosen. */
function wantsReference(form) {
  const mixer = form?.querySelector("input[name=mixer]:checked");
  if (!mixer?.hasAttribute("data-needs-reference")) return null;
  return new FormData(form).get("reference") ? null : mixer.dataset.title;
}

/** Whether there is enough to mix, said beside the button; the server decides in the end. */
function count() {
  const rows = list ? [...list.querySelectorAll("[data-stem]")] : [];
  const ready = rows.filter((row) => row.dataset.state === "ready").length;
  const checking = rows.filter((row) => row.dataset.state === "checking").length;
  document.querySelector("[data-no-stems]")?.toggleAttribute("hidden", rows.length > 0);
  document.querySelector("[data-has-stems]")?.toggleAttribute("hidden", rows.length === 0);
  zone?.toggleAttribute("data-large", rows.length === 0);
  const matchable = Boolean(document.querySelector("[data-match] input"));
  for (const node of document.querySelectorAll("[data-wants-reference]")) node.hidden = matchable;
  for (const node of document.querySelectorAll("[data-ready-count]")) node.textContent = String(ready);
  for (const button of document.querySelectorAll("[data-needs-stems]")) {
    const least = Number(button.dataset.needsStems);
    const wanting = wantsReference(button.form);
    button.disabled = ready < least || Boolean(wanting);
    const why = document.getElementById(button.getAttribute("aria-describedby"));
    if (!why) continue;
    const missing = least - ready;
    if (missing > 0) {
      why.textContent = checking
        ? "The stems are being checked."
        : `Add ${missing} more ${missing === 1 ? "stem" : "stems"} first.`;
    } else if (wanting) {
      why.textContent = `${wanting} needs a reference. Drop one above and choose it, or choose another mixer.`;
    } else {
      why.textContent = checking ? `${ready} stems are ready, ${checking} still being checked.` : `${ready} stems are ready.`;
    }
  }
}

/** Put parts of this page, as the server would make it now, into their places; what is chosen stays chosen. */
async function refreshParts(selectors) {
  let fresh;
  try {
    const html = await (await get(page.urls.song, "text/html")).text();
    fresh = new DOMParser().parseFromString(html, "text/html");
  } catch (error) {
    live.textContent = error.message;
    return;
  }
  const form = document.querySelector("[data-desk]");
  const chosen = form ? [...new FormData(form)] : [];
  for (const selector of selectors) {
    const [old, draft] = [document.querySelector(selector), fresh.querySelector(selector)];
    if (old && draft) old.replaceWith(document.importNode(draft, true));
  }
  // What is to be matched follows what is there: a new reference is chosen by the server's page.
  const kept = chosen.filter(([name]) => name !== "reference" || !selectors.includes("[data-match]"));
  startDesk(form, kept);
  startPlayers();
  startSlots();
  count();
}

function slotOf(kind) {
  return `[data-slot="${CSS.escape(kind)}"]`;
}

/** A drop zone for each place beside the song that has none yet. */
function startSlots() {
  for (const slot of document.querySelectorAll("[data-slot]:not([data-started])")) {
    slot.setAttribute("data-started", "");
    const dropped = slot.querySelector("[data-slot-drop]");
    if (!dropped) continue;
    new UploadDesk({
      zone: dropped,
      lines: slot.querySelector("[data-slot-lines]"),
      endpoint: page.urls.tus,
      limits: page.limits,
      kind: slot.dataset.slot,
      onstem: () => refreshParts([slotOf(slot.dataset.slot)]),
    });
  }
}

function listenToSlots() {
  document.querySelector("#references")?.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-slot-remove]");
    if (!form) return;
    event.preventDefault();
    const kind = form.closest("[data-slot]").dataset.slot;
    form.querySelector("button").disabled = true;
    try {
      await post(form.action);
    } catch (error) {
      live.textContent = error.message;
    }
    await refreshParts([slotOf(kind), "[data-match]"]);
    document.querySelector(`${slotOf(kind)} input[type=file]`)?.focus();
  });
}

function listenToRoles() {
  list?.addEventListener("change", async (event) => {
    const select = event.target.closest("select[name=role]");
    if (!select) return;
    const row = select.closest("[data-stem]");
    const note = row.querySelector("[data-row-note]");
    const before = row.dataset.role;
    recolour(row, select.value);
    try {
      await post(select.form.action, { role: select.value });
      note.textContent = "";
      row.querySelector("[data-guess]")?.remove();
      live.textContent = `${row.dataset.name}: ${select.selectedOptions[0].textContent.trim()}.`;
    } catch (error) {
      recolour(row, before);
      select.value = before;
      note.textContent = error.message;
    }
  });
}

function recolour(row, role) {
  row.dataset.role = role;
  const waveform = row.querySelector("aim-waveform");
  if (waveform) waveform.dataset.role = role;
}

function listenToRemovals() {
  list?.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-remove]");
    if (!form) return;
    event.preventDefault();
    const row = form.closest("[data-stem]");
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      await post(form.action);
      const next = row.nextElementSibling ?? row.previousElementSibling;
      live.textContent = `${row.dataset.name} is removed.`;
      row.remove();
      (next?.querySelector("button") ?? zone?.querySelector("input"))?.focus();
      count();
    } catch (error) {
      button.disabled = false;
      row.querySelector("[data-row-note]").textContent = error.message;
    }
  });
}

function listenToMixers() {
  const form = document.querySelector("[data-mix-form]");
  form?.addEventListener("change", count);
  form?.addEventListener("submit", () => form.querySelector("[type=submit]").setAttribute("data-busy", ""));
}
