// Stretches of a clip, [[from, to], …] in seconds, as the server counts them. No page in here.

/** The same stretches, sorted and merged where they touch. */
export function union(ranges) {
  const merged = [];
  for (const [start, end] of [...ranges].sort((one, other) => one[0] - other[0])) {
    const last = merged.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else if (end > start) merged.push([start, end]);
  }
  return merged;
}

export function seconds(ranges) {
  return ranges.reduce((sum, [start, end]) => sum + end - start, 0);
}

/** Seconds that lie in both. */
export function common(one, other) {
  const shared = [];
  for (const [start, end] of union(one)) {
    for (const [begin, close] of union(other)) {
      if (start < close && begin < end) shared.push([Math.max(start, begin), Math.min(end, close)]);
    }
  }
  return seconds(shared);
}

/** Which stretches a playhead that started at `offset` passed from `elapsed` to `until` seconds later, loops and all. */
export function passed({ offset, loop, duration }, elapsed, until) {
  const found = [];
  const end = loop ? loop.end : duration;
  let at = offset + elapsed;
  if (loop && at >= end) at = loop.start + ((at - loop.start) % (end - loop.start));
  for (let left = until - elapsed; left > 1e-6 && found.length < 200; ) {
    const took = Math.min(left, end - at);
    if (took > 0) found.push([at, at + took]);
    if (!loop) break;
    left -= Math.max(0, took);
    at = loop.start;
  }
  return found;
}
