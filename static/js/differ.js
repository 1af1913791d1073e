// Where two clips differ most: there the loop begins. No page in here.
//
// The levels of four bands are compared in decibels, block by block, so that loud places do not win by being loud. It
// is the same for (A, B) and (B, A) and so tells nothing of who is who.

const BLOCK_S = 0.1;
const EDGES_HZ = [150, 600, 2400];
const FLOOR = 1e-7; // of mean square: below it there is nothing to hear
const QUIET_DB = 40; // below the loudest block: pauses and tails, where nobody listens for a difference

/** The stretch {start, end} of so many seconds in which two buffers differ most; all of clips that are hardly longer. */
export function mostDifferent(a, b, seconds = 6) {
  const duration = Math.min(a.duration, b.duration);
  if (duration < 1.5 * seconds) return { start: 0, end: duration };
  const [one, other] = [levels(a), levels(b)];
  const blocks = Math.min(one.length, other.length);
  const loudest = Array.from({ length: blocks }, (_, block) => Math.max(...one[block], ...other[block]));
  const least = loudest.reduce((most, level) => Math.max(most, level), -Infinity) - QUIET_DB;
  const apart = loudest.map((level, block) =>
    level < least ? 0 : one[block].reduce((sum, mine, band) => sum + Math.abs(mine - other[block][band]), 0),
  );
  const width = Math.round(seconds / BLOCK_S);
  let sum = 0;
  let best = { sum: -1, block: 0 };
  for (let block = 0; block < blocks; block += 1) {
    sum += apart[block] - (block >= width ? apart[block - width] : 0);
    if (block >= width - 1 && sum > best.sum + 1e-9) best = { sum, block: block - width + 1 };
  }
  const start = best.block * BLOCK_S;
  return { start, end: Math.min(duration, start + seconds) };
}

/** The level of each band in dB for each block, over the middle of all channels. */
function levels(buffer) {
  const channels = Array.from({ length: buffer.numberOfChannels }, (_, index) => buffer.getChannelData(index));
  const size = Math.round(BLOCK_S * buffer.sampleRate);
  const share = EDGES_HZ.map((edge) => 1 - Math.exp((-2 * Math.PI * edge) / buffer.sampleRate));
  const low = new Float64Array(EDGES_HZ.length);
  const found = [];
  for (let from = 0; from + size <= buffer.length; from += size) {
    const power = new Float64Array(EDGES_HZ.length + 1);
    for (let at = from; at < from + size; at += 1) {
      let rest = 0;
      for (const channel of channels) rest += channel[at];
      for (let band = 0; band < low.length; band += 1) {
        low[band] += share[band] * (rest - low[band]);
        power[band] += low[band] ** 2;
        rest -= low[band];
      }
      power[low.length] += rest ** 2;
    }
    found.push(Array.from(power, (value) => 10 * Math.log10(value / size + FLOOR)));
  }
  return found;
}
