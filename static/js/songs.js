// The list of songs: a form that was sent says so at once.

import "./waveform.js";

for (const form of document.querySelectorAll("form[data-busy-on-submit]")) {
  form.addEventListener("submit", () => form.querySelector("[type=submit]").setAttribute("data-busy", ""));
}
