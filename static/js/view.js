// Which part of a recording is seen, in seconds, and where the marks of its ruler stand. No page in here.

const STEPS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600];
const NARROWEST_S = 0.25;

/** Keep a view inside of the recording. */
export function within(start, end, duration) {
  const length = Math.min(Math.max(end - start, Math.min(NARROWEST_S, duration)), duration);
  const from = Math.min(Math.max(start, 0), duration - length);
  return { start: from, end: from + length };
}

/** Zoom by a factor (above 1 goes closer) so that the moment `anchor` stays where it is on the screen. */
export function zoomed(view, factor, anchor, duration) {
  const length = (view.end - view.start) / factor;
  const share = (anchor - view.start) / (view.end - view.start);
  const start = anchor - share * Math.max(length, Math.min(NARROWEST_S, duration));
  return within(start, start + length, duration);
}

/** Turn the page when the playhead leaves the view; the same object where nothing changes. */
export function following(view, time, duration) {
  const length = view.end - view.start;
  if (length >= duration - 1e-6 || (time >= view.start && time <= view.end)) return view;
  return within(time - length * 0.1, time + length * 0.9, duration);
}

/** Times of the ruler's marks: round ones, at least `apart` pixels from each other. */
export function rulerMarks(view, width, apart = 76) {
  const perPixel = (view.end - view.start) / Math.max(1, width);
  const step = STEPS_S.find((candidate) => candidate >= perPixel * apart) ?? STEPS_S[STEPS_S.length - 1];
  const marks = [];
  for (let index = Math.max(0, Math.ceil(view.start / step - 1e-9)); index * step <= view.end; index += 1) {
    marks.push(index * step);
  }
  return { step, marks };
}
