// The jobs of a page.

import { Feed } from "./feed.js";
import { FINAL, nextView } from "./sequence.js";

export const jobs = new Feed({
  path: "/ws/jobs/",
  kind: "job",
  next: nextView,
  isOver: (view) => FINAL.has(view.state),
  pollUrl: (uuid) => `/api/v1/jobs/${uuid}/`,
});
