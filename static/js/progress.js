// <aim-progress job="…">: a job's stage, percentage and time left, live. The markup comes from partials/_progress.html.
//
// Dispatches "job-change" {job} on every change and "job-done", "job-failed" or "job-cancelled" {job} at the end.

import { timeLeft } from "./format.js";
import { pageData, post } from "./http.js";
import { jobs } from "./jobs.js";
import { FINAL } from "./sequence.js";

const WORDS = { queued: "Waiting for its turn", done: "Done", failed: "Stopped", cancelled: "Cancelled" };

class Progress extends HTMLElement {
  connectedCallback() {
    if (this.unwatch) return;
    this.stage = this.querySelector("[data-stage]");
    this.bar = this.querySelector("progress");
    this.percent = this.querySelector("[data-percent]");
    this.left = this.querySelector("[data-left]");
    this.cancel = this.querySelector("[data-cancel]");
    this.cancel?.addEventListener("submit", (event) => this.#cancel(event));
    const uuid = this.getAttribute("job");
    const data = pageData();
    const first = [data.job, ...(data.jobs ?? [])].find((job) => job?.uuid === uuid) ?? null;
    this.fresh = Boolean(first && !FINAL.has(first.state)) || !first;
    this.unwatch = jobs.watch(uuid, (view) => this.#show(view), first);
  }

  disconnectedCallback() {
    this.unwatch?.();
    this.unwatch = null;
  }

  #show(view) {
    this.dataset.state = view.state;
    const words = view.state === "running" ? view.stage_text || view.stage || "Working" : (WORDS[view.state] ?? "");
    const again = view.attempt > 1 && view.state !== "done" ? ", started again" : "";
    if (this.stage.textContent !== words + again) this.stage.textContent = words + again;
    this.bar.value = view.percent;
    this.percent.textContent = view.state === "queued" ? "" : `${Math.floor(view.percent)} %`;
    this.left.textContent = view.state === "running" ? timeLeft(view.eta_s) : "";
    const over = FINAL.has(view.state);
    if (this.cancel) this.cancel.hidden = over;
    const detail = { job: view };
    this.dispatchEvent(new CustomEvent("job-change", { bubbles: true, detail }));
    // A job that had ended before the page was made is told by the page itself.
    if (over && this.fresh) this.dispatchEvent(new CustomEvent(`job-${view.state}`, { bubbles: true, detail }));
  }

  async #cancel(event) {
    event.preventDefault();
    const button = this.cancel.querySelector("button");
    button.disabled = true;
    this.stage.textContent = "Cancelling";
    try {
      const job = await post(this.cancel.action);
      if (job?.uuid) jobs.accept(job);
    } catch (error) {
      this.stage.textContent = error.message;
      button.disabled = false;
    }
  }
}

customElements.define("aim-progress", Progress);
