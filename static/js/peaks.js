// The peaks pyramid ("AMPK", version 1): bytes in, columns to draw out. Knows nothing of the page.

const HEADER_BYTES = 20;
const LEVEL_BYTES = 8;
const FULL_SCALE = 127;

/**
 * Read a pyramid. Levels come finest first: {samplesPerBin, bins, min: Int8Array, max: Int8Array, rms: Uint8Array}.
 * Throws where the bytes are no peaks, of another version, or cut off.
 */
export function parsePeaks(buffer) {
  const view = new DataView(buffer);
  if (buffer.byteLength < HEADER_BYTES || view.getUint32(0, false) !== 0x414d504b) {
    throw new Error("These bytes are no peaks.");
  }
  const version = view.getUint16(4, true);
  if (version !== 1) throw new Error(`Peaks of version ${version} cannot be read here.`);
  const count = view.getUint16(6, true);
  const sampleRate = view.getUint32(8, true);
  const frames = Number(view.getBigUint64(12, true));
  let at = HEADER_BYTES + count * LEVEL_BYTES;
  if (buffer.byteLength < at) throw new Error("These peaks are cut off.");
  const levels = [];
  for (let index = 0; index < count; index += 1) {
    const samplesPerBin = view.getUint32(HEADER_BYTES + index * LEVEL_BYTES, true);
    const bins = view.getUint32(HEADER_BYTES + index * LEVEL_BYTES + 4, true);
    if (buffer.byteLength < at + 3 * bins) throw new Error("These peaks are cut off.");
    levels.push({
      samplesPerBin,
      bins,
      min: new Int8Array(buffer, at, bins),
      max: new Int8Array(buffer, at + bins, bins),
      rms: new Uint8Array(buffer, at + 2 * bins, bins),
    });
    at += 3 * bins;
  }
  return { sampleRate, frames, duration: sampleRate ? frames / sampleRate : 0, levels };
}

/** The coarsest level that still has a bin for each column, so that little is read and nothing is blurred. */
export function levelFor(pyramid, framesPerColumn) {
  let chosen = pyramid.levels[0];
  for (const level of pyramid.levels) {
    if (level.samplesPerBin <= framesPerColumn) chosen = level;
  }
  return chosen;
}

/**
 * Fold the part from startFrame to endFrame into `width` columns.
 * Answers Float32Arrays min and max (-1 to 1) and rms (0 to 1), and clipped (Uint8Array, 1 where full scale was met).
 */
export function columns(pyramid, startFrame, endFrame, width) {
  const out = {
    min: new Float32Array(width),
    max: new Float32Array(width),
    rms: new Float32Array(width),
    clipped: new Uint8Array(width),
  };
  if (!pyramid.levels.length || width < 1 || endFrame <= startFrame) return out;
  const step = (endFrame - startFrame) / width;
  const level = levelFor(pyramid, step);
  for (let column = 0; column < width; column += 1) {
    const from = startFrame + column * step;
    const first = Math.max(0, Math.floor(from / level.samplesPerBin));
    const last = Math.min(level.bins, Math.max(first + 1, Math.ceil((from + step) / level.samplesPerBin)));
    fold(level, first, last, column, out);
  }
  return out;
}

function fold(level, first, last, column, out) {
  let low = 0;
  let high = 0;
  let energy = 0;
  for (let bin = first; bin < last; bin += 1) {
    if (bin === first || level.min[bin] < low) low = level.min[bin];
    if (bin === first || level.max[bin] > high) high = level.max[bin];
    energy += level.rms[bin] * level.rms[bin];
  }
  if (last <= first) return;
  out.min[column] = Math.max(-1, low / FULL_SCALE);
  out.max[column] = Math.min(1, high / FULL_SCALE);
  out.rms[column] = Math.sqrt(energy / (last - first)) / 255;
  out.clipped[column] = low === -128 || high === 127 ? 1 : 0;
}

/** The highest level in the whole recording, 0 to 1. */
export function highest(pyramid) {
  const level = pyramid.levels[pyramid.levels.length - 1];
  let top = 0;
  for (let bin = 0; level && bin < level.bins; bin += 1) {
    top = Math.max(top, level.max[bin], -level.min[bin]);
  }
  return Math.min(1, top / FULL_SCALE);
}
