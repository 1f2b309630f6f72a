/** The queue over the last day, from the history of what the agent jobs_status publishes. */

import { loadPlot, Plot } from "./plot.js";
import { sample } from "./plot_controls.js";
import { bounds, live } from "./plot_window.js";
import { fetchSeries, follow, rangeOf } from "./series.js";
import { changed, state } from "./store.js";
import { html } from "./vendor/lit-html/lit-html.js";

const FIELDS = ["jobs.waiting", "jobs.running", "jobs.done"];
const NAMES = { waiting: "waiting", running: "running", done: "ended in the last hour" };
const DAY = 86400;
const POINTS = 600;
const HEIGHT = 220;
const AGAIN = 60_000;

/** The plot. What it needs is loaded once the hub publishes such fields. */
export class JobsPlot {
  constructor() {
    Object.assign(this, { plot: null, series: [], asked: -Infinity, isLoading: false, isClosed: false });
  }

  /** Draw into a place; null where there is none. */
  show(place) {
    if (!place) return;
    if (performance.now() - this.asked > AGAIN) this.ask();
    if (!this.plot && !this.isLoading) this.load(place);
    if (!this.plot || this.series.length === 0) return;
    const view = bounds(live(DAY));
    for (const series of this.series) follow(series, view[0]);
    this.plot.show(this.series, view);
  }

  /** Which line is what. */
  legend() {
    return html`<ul class="legend">${this.series.map((series, place) => html`<li>${sample(series, place)} ${NAMES[series.entry.field]}</li>`)}</ul>`;
  }

  async load(place) {
    this.isLoading = true;
    const uPlot = await loadPlot();
    if (!this.isClosed) this.plot = new Plot(uPlot, place, { height: HEIGHT });
    changed();
  }

  async ask() {
    this.asked = performance.now();
    const ids = FIELDS.filter((id) => state.fields[id]);
    const range = rangeOf(bounds(live(DAY)));
    const found = await Promise.allSettled(ids.map((id) => fetchSeries(id, state.fields, range, { points: POINTS })));
    this.series = found.filter(({ status }) => status === "fulfilled").map(({ value }) => value);
    changed();
  }

  close() {
    this.isClosed = true;
    this.plot?.destroy();
  }
}
