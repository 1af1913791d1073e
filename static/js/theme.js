// Runs in the head before anything is painted, so that no page flashes in the other theme. Not a module on purpose.
(function () {
  "use strict";
  const root = document.documentElement;
  let chosen = null;
  try {
    chosen = window.localStorage.getItem("theme");
  } catch {
    chosen = null; // Storage may be closed in private windows; the system's choice then stands.
  }
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  const system = window.matchMedia("(prefers-color-scheme: light)");
  function show() {
    root.dataset.shownTheme = root.dataset.theme || (system.matches ? "light" : "dark");
  }
  system.addEventListener("change", show);
  show();
  root.dataset.script = "on";
})();
