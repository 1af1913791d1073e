// The mix page: live while it is made, then the sound.

import "./progress.js";
import "./waveform.js";
import { startExports } from "./exports.js";
import { spacePlays, startPlayers } from "./player.js";

const [main] = startPlayers();
if (main) spacePlays(main);
startExports();

// A mix can be heard before the last of its files is written: the page is made anew as soon as there is sound. While it
// sounds it is left alone; what the end brings (the FLAC) comes with the next look.
document.addEventListener("job-change", (event) => {
  if (!main && event.detail.job.target?.ready) window.location.reload();
});
for (const end of ["job-done", "job-failed", "job-cancelled"]) {
  document.addEventListener(end, () => {
    if (!main || !main.playing) window.location.reload();
    else main.audio.addEventListener("pause", () => window.location.reload(), { once: true });
  });
}
