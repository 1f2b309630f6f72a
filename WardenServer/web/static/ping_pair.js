/** The view of one pair: a metric of it over any days, with the packets. */

import { fetchJson, query } from "./api.js";
import { visible } from "./format.js";
import { fetchAbout, PATIENCE } from "./ping_about.js";
import { counts, overall, pointed } from "./ping_counts.js";
import { DAY, dayOf, later, lengthOf, period, timeOf } from "./ping_days.js";
import { what } from "./ping_form.js";
import { Kept } from "./ping_kept.js";
import { lineOf, PairPlot } from "./ping_plot.js";
import { loadPlot } from "./plot.js";
import { address, replace } from "./route.js";
import { changed } from "./store.js";
import { now } from "./time.js";
import { html, nothing, render } from "./vendor/lit-html/lit-html.js";

const USUAL = { metric: "packet_loss", size: "100", by: "site", from: "", to: "", first: "", last: "" };
const [ROWS, MORE] = [200, 1000];
const HEIGHT = 300;

/** Open the pair that the parameters name in `root`. */
export function openPair(root, parameters) {
  const view = new Pair(root);
  view.begin(parameters);
  return { update: () => view.update(), close: () => view.close(), follow: (route) => view.begin(route.parameters) };
}

class Pair {
  constructor(root) {
    Object.assign(this, { root, about: null, found: null, problem: "", isLoading: true, plot: null, rows: ROWS, kept: new Kept() });
    this.want = (said) => this.take(said);
    loadPlot().then((uPlot) => Object.assign(this, { uPlot }) && changed());
  }

  begin(parameters) {
    this.wanted = Object.fromEntries(Object.entries(USUAL).map(([name, usual]) => [name, parameters.get(name) || usual]));
    this.look();
  }

  close() {
    this.isClosed = true;
    this.asking?.abort();
    this.plot?.destroy();
  }

  take(said) {
    this.wanted = { ...this.wanted, ...said };
    this.rows = ROWS;
    replace("ping/pair", this.wanted);
    this.look();
  }

  async look() {
    this.asking?.abort();
    const { signal } = (this.asking = new AbortController());
    this.isLoading = true;
    changed();
    const { found = null, problem } = await this.ask(signal).catch((error) => ({ problem: error.message }));
    if (signal.aborted) return;
    Object.assign(this, { found, problem, isLoading: false });
    changed();
  }

  async ask(signal) {
    this.about ??= await fetchAbout();
    this.complete();
    return { found: await fetchJson(query("/api/ping/series", this.wanted), { signal, patience: PATIENCE }), problem: "" };
  }

  /** Where no days are named: a week up to the newest. */
  complete() {
    const { last, first } = this.wanted;
    const end = last || this.newest();
    if (!last || !first) this.wanted = { ...this.wanted, last: end, first: first || later(end, -6) };
  }

  newest() {
    return this.about.newest[this.wanted.by]?.hourly ?? dayOf(now());
  }

  /** So many days up to the newest. */
  span(days) {
    this.take({ first: later(this.newest(), 1 - days), last: this.newest() });
  }

  /** From the oldest day to the newest. */
  all() {
    this.take({ first: this.about.oldest ?? this.newest(), last: this.newest() });
  }

  /** The same number of days, earlier or later. */
  shift(sign) {
    const { first, last } = this.wanted;
    const days = sign * lengthOf(first, last);
    this.take({ first: later(first, days), last: later(last, days) });
  }

  update() {
    const { about, found, wanted, problem, isLoading, rows } = this;
    if (this.isClosed) return;
    this.kept.show(this.root, () => this.content(), [about, found, wanted, problem, isLoading, rows]);
    this.draw();
  }

  draw() {
    const place = this.root.querySelector(".plot");
    if (this.plot?.root !== place) this.newPlot(place);
    if (!this.plot || (this.drawn === this.found && !this.plot.isOld)) return;
    this.drawn = this.found;
    this.plot.show([lineOf(this.found)], [timeOf(this.wanted.first), timeOf(this.wanted.last) + DAY]);
    this.point(null);
  }

  /** A plot in a place, or none where there is no place for one. */
  newPlot(place) {
    this.plot?.destroy();
    const zoom = (from, to) => this.take({ first: dayOf(from), last: dayOf(to) });
    this.plot = place && this.uPlot ? new PairPlot(this.uPlot, place, { height: HEIGHT, onZoom: zoom, onCursor: (time) => this.point(time) }) : null;
    this.drawn = null;
  }

  point(time) {
    const text = time === null ? "" : pointed(this.found, this.metric(), time);
    render(text || "Point at the plot for its values.", this.root.querySelector(".pointed"));
  }

  metric() {
    return { classes: [], unit: "", ...this.about?.metrics.find(({ name }) => name === this.found?.metric) };
  }

  content() {
    const { about, found, problem, isLoading } = this;
    const { from, to, metric, size, by } = this.wanted;
    return html`
      <h1 class="id">${from && to ? html`${visible(from)} <span class="quiet">to</span> ${visible(to)}` : "A pair"}</h1>
      <p><a href=${address("ping", "", { metric, size, by })}>All pairs</a></p>
      ${about ? html`<form class="panel" aria-label="Period" @submit=${(event) => event.preventDefault()}><div class="bar">${what(this)}</div>${period(this)}</form>` : nothing}
      <p class="problem" role="alert">${problem}</p>
      <p class="quiet" role="status">${isLoading ? "Looking …" : ""}</p>
      ${found ? this.shown(found) : nothing}`;
  }

  shown(found) {
    const metric = this.metric();
    return html`
      <p>${overall(found, metric)}</p>
      <div class="plot" role="img" aria-label=${`Plot of ${found.metric.replaceAll("_", " ")} from ${this.wanted.first} to ${this.wanted.last}; the table below has the values`}></div>
      <p class="pointed quiet"></p>
      ${counts(found, metric, this.rows, () => this.older())}`;
  }

  older() {
    this.rows += MORE;
    changed();
  }
}
