// What is believed of a job's events: late ones are dropped, and the percentage never goes back. No page in here.

export const FINAL = new Set(["done", "failed", "cancelled"]);

/** The next view of a job, or null where the event says nothing new. */
export function nextView(last, event) {
  if (last && FINAL.has(last.state)) return null;
  if (last && event.sequence <= last.sequence) return null;
  const percent = event.state === "done" ? 100 : Math.max(last?.percent ?? 0, event.percent ?? 0);
  return { ...event, percent };
}
