// The list of a mix's exports: asked for, watched and deleted without leaving the page, so that the mix plays on.

import { get, post } from "./http.js";

const ENDS = ["job-done", "job-failed", "job-cancelled"];

function list() {
  return document.querySelector("[data-exports]");
}

/** The list as the server has it now; the line that had the keyboard's focus keeps it. */
async function renew(kind = document.activeElement?.closest("[data-export]")?.dataset.export) {
  const old = list();
  const html = await (await get(old.dataset.src, "text/html")).text();
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("[data-exports]");
  if (!fresh) return;
  old.replaceWith(document.importNode(fresh, true));
  if (kind) list().querySelector(`[data-export="${CSS.escape(kind)}"] :is(a, button)`)?.focus();
}

async function submit(form) {
  const button = form.querySelector("button");
  const kind = form.closest("[data-export]").dataset.export;
  button.disabled = true;
  try {
    await post(form.action, Object.fromEntries(new FormData(form)));
    await renew(kind);
  } catch (error) {
    list().querySelector("[data-exports-note]").textContent = error.message;
    button.disabled = false;
  }
}

export function startExports() {
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-export-form]");
    if (!form) return;
    event.preventDefault();
    submit(form);
  });
  for (const end of ENDS) {
    document.addEventListener(
      end,
      (event) => {
        if (!event.target.closest("[data-exports]")) return;
        event.stopPropagation(); // the page itself is as it was
        renew().catch((error) => {
          list().querySelector("[data-exports-note]").textContent = error.message;
        });
      },
      { capture: true },
    );
  }
}
