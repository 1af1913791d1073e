// On every page: the theme switch, menus that close, dialogs, notices that can be put away, things to copy,
// forms that are sent once.

const root = document.documentElement;

document.querySelector("[data-theme-switch]")?.addEventListener("click", (event) => {
  const next = root.dataset.shownTheme === "light" ? "dark" : "light";
  try {
    window.localStorage.setItem("theme", next); // Bare, since theme.js reads it before modules exist.
  } catch {
    // The choice then lasts for this page.
  }
  root.dataset.theme = next;
  root.dataset.shownTheme = next;
  event.currentTarget.setAttribute("aria-label", next === "light" ? "Switch to dark" : "Switch to light");
});

for (const menu of document.querySelectorAll("details[data-menu]")) {
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    if (menu.open && !menu.contains(event.target)) menu.open = false;
  });
}

// A button with data-dialog="id" opens that dialog; the dialog's form does what its words say, also without a script.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    event.preventDefault();
    document.getElementById(opener.dataset.dialog)?.showModal();
    return;
  }
  const closer = event.target.closest("[data-close]");
  if (closer) closer.closest("dialog")?.close();
  if (event.target.matches?.("dialog[open]")) event.target.close();
});

for (const notice of document.querySelectorAll("[data-notice]")) {
  notice.querySelector("[data-dismiss]")?.addEventListener("click", () => notice.remove());
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(field.value ?? field.textContent);
      button.querySelector("[data-words]").textContent = "Copied";
    } catch {
      field.select?.();
    }
  });
}

// A second click while the first one's answer is on its way would make a second mix, song or battle. Forms that a script
// sends itself have been stopped before this is asked; a page that comes back from the browser's cache may send again.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  if (event.target.hasAttribute("data-sent")) event.preventDefault();
  else event.target.setAttribute("data-sent", "");
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) form.removeAttribute("data-sent");
});
