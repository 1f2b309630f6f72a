/** Plots: any fields together, over any time, beside another period, live, and to share. */

import { fetchJson } from "./api.js";
import { loadPlot, Plot } from "./plot.js";
import { controls, fillPeriod } from "./plot_controls.js";
import * as times from "./plot_window.js";
import { replace } from "./route.js";
import { fetchSeries, follow, rangeOf } from "./series.js";
import { unpack } from "./share.js";
import { changed, state } from "./store.js";
import { span } from "./time.js";
import { render } from "./vendor/lit-html/lit-html.js";

const LEAST_POINTS = 300;
const MOST_POINTS = 2000;
/** Milliseconds after which a live plot asks the history anew, at least and at most. */
const AGAIN = [30_000, 900_000];
const MOST_FIELDS = 12;

/** Open the plots in `root`. */
export function open(root, { parameters }) {
  const view = new Plots(root);
  view.begin(parameters);
  return { update: () => view.update(), close: () => view.close(), follow: (route) => view.begin(route.parameters) };
}

/**
 * The view. `window` is what time it shows (see plot_window), `shift` how many seconds before is the second period,
 * `isTouched` whether somebody is writing another period.
 */
class Plots {
  constructor(root) {
    Object.assign(this, { root, plot: null, entries: {}, series: [], problem: "", pointed: null, isTable: false, isLoading: false });
    this.keys = (event) => this.press(event);
    addEventListener("keydown", this.keys);
    this.ready = this.load();
  }

  async load() {
    [this.uPlot, this.entries] = await Promise.all([loadPlot(), fetchJson("/api/fields").catch(() => state.fields)]);
    changed();
  }

  /** Show what the parameters of an address say. */
  begin(parameters) {
    this.fields = [...new Set(parameters.getAll("field"))].slice(0, MOST_FIELDS);
    this.window = times.fromParameters(parameters);
    this.shift = Number(parameters.get("before")) || 0;
    this.packed = parameters.get("data");
    this.look();
  }

  close() {
    removeEventListener("keydown", this.keys);
    clearTimeout(this.timer);
    this.asking?.abort();
    this.plot?.destroy();
  }

  /** Change what is shown, and keep it in the address. */
  want(said) {
    Object.assign(this, said, { packed: null, isTouched: false });
    replace("plots", { field: this.fields, ...times.toParameters(this.window), before: this.shift || "" });
    this.look();
  }

  async look() {
    clearTimeout(this.timer);
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    Object.assign(this, { isLoading: true, problem: "" });
    changed();
    await this.ready;
    try {
      await (this.packed ? this.takePacked() : this.ask(asking.signal));
    } catch (error) {
      if (!asking.signal.aborted) this.problem = error.message;
    }
    if (asking.signal.aborted) return;
    this.isLoading = false;
    this.lookLater();
    changed();
  }

  lookLater() {
    const [least, most] = AGAIN;
    const again = () => (document.hidden ? this.lookLater() : this.look());
    if (this.isLive) this.timer = setTimeout(again, Math.min(most, Math.max(least, this.window.span * 10)));
  }

  get isLive() {
    return this.window.end === null && !this.packed;
  }

  async takePacked() {
    const { from, to, series } = await unpack(this.packed);
    Object.assign(this, { window: times.fixed(from, to), series, fields: series.map(({ id }) => id) });
  }

  /** Ask the history for each field, and for each once more where there is a second period. */
  async ask(signal) {
    const points = Math.min(MOST_POINTS, Math.max(LEAST_POINTS, this.root.clientWidth));
    const bounds = times.bounds(this.window);
    const found = await Promise.allSettled(this.wanted().map(({ id, shift, name }) =>
      fetchSeries(id, this.entries, rangeOf(bounds, shift), { points, signal, shift, name })));
    if (signal.aborted) return;
    this.series = found.filter(({ status }) => status === "fulfilled").map(({ value }) => value);
    this.problem = found.filter(({ status }) => status === "rejected").map(({ reason }) => reason.message).join(" ");
  }

  wanted() {
    const { shift } = this;
    const second = (id) => (shift ? [{ id, shift, name: `${id}, ${span(shift)} before` }] : []);
    return this.fields.flatMap((id) => [{ id, shift: 0, name: id }, ...second(id)]);
  }

  update() {
    const bounds = times.bounds(this.window);
    if (this.isLive) for (const series of this.series) follow(series, bounds[0]);
    render(controls(this), this.root);
    if (!this.isTouched) fillPeriod(this.root, bounds);
    this.draw(bounds);
  }

  draw(bounds) {
    const place = this.root.querySelector(".plot");
    if (!this.uPlot || this.series.length === 0) return;
    this.plot ??= new Plot(this.uPlot, place, {
      height: Math.max(260, Math.min(520, innerHeight * 0.55)),
      onZoom: (from, to) => this.want({ window: times.fixed(from, to) }),
      onCursor: (time) => this.point(time),
    });
    this.plot.show(this.series, bounds);
  }

  /** Show the data as a table, or not. */
  showTable(isTable) {
    this.isTable = isTable;
    changed();
  }

  point(time) {
    if (time === this.pointed) return;
    this.pointed = time;
    changed();
  }

  press(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest?.("input, select, textarea, dialog")) return;
    const wanted = {
      "+": () => times.zoom(this.window, 0.5), "-": () => times.zoom(this.window, 2),
      ArrowLeft: () => times.move(this.window, -0.5), ArrowRight: () => times.move(this.window, 0.5),
    }[event.key];
    if (wanted) this.want({ window: wanted() });
  }
}
