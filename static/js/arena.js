// The arena: battles that are being prepared open by themselves when they are ready.

import "./boards.js";
import "./progress.js";

for (const end of ["job-done", "job-failed", "job-cancelled"]) {
  document.addEventListener(end, () => window.location.reload());
}
for (const form of document.querySelectorAll("form[data-busy-on-submit]")) {
  form.addEventListener("submit", () => form.querySelector("[type=submit]").setAttribute("data-busy", ""));
}
