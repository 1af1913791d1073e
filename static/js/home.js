// The first page: the stems of the demo song, drawn from peaks that came with the page.

import "./waveform.js";
import { parsePeaks } from "./peaks.js";

for (const waveform of document.querySelectorAll("aim-waveform[data-peaks]")) {
  const bytes = Uint8Array.from(atob(waveform.dataset.peaks), (letter) => letter.charCodeAt(0));
  waveform.pyramid = parsePeaks(bytes.buffer);
}
