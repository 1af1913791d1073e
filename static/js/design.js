// The page of parts: specimens of the waveform, made of a computed tone so that they need no recording.

import "./waveform.js";

const RATE = 8000;
const BIN = 256;
const SECONDS = 30;

function specimen() {
  const bins = Math.ceil((RATE * SECONDS) / BIN);
  const level = { samplesPerBin: BIN, bins, min: new Int8Array(bins), max: new Int8Array(bins), rms: new Uint8Array(bins) };
  for (let bin = 0; bin < bins; bin += 1) {
    const beat = Math.exp(-(bin % 16) / 7);
    const swell = 0.35 + 0.45 * Math.sin((Math.PI * bin) / bins) ** 2;
    const top = Math.round(126 * swell * (0.3 + 0.7 * beat));
    level.max[bin] = bin === 480 ? 127 : top;
    level.min[bin] = -Math.round(top * 0.92);
    level.rms[bin] = Math.round(top * 0.8);
  }
  return { sampleRate: RATE, frames: RATE * SECONDS, duration: SECONDS, levels: [level] };
}

for (const waveform of document.querySelectorAll("[data-specimen-wave], [data-specimen-rows] aim-waveform")) waveform.pyramid = specimen();

const root = document.querySelector("[data-specimen]");
const stage = root.querySelector("aim-waveform");
root.querySelector("[data-loop]").addEventListener("click", () => stage.toggleLoop());
root.querySelector("[data-zoom-in]").addEventListener("click", () => stage.zoom(2));
root.querySelector("[data-zoom-out]").addEventListener("click", () => stage.zoom(0.5));
