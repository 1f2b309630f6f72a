/** The view of tables: the matrix of pairs of one metric over a period. */

import { fetchJson, query } from "./api.js";
import { fetchAbout, PATIENCE } from "./ping_about.js";
import { inWords, legend } from "./ping_classes.js";
import { choice, form } from "./ping_form.js";
import { Kept } from "./ping_kept.js";
import { grid, matrixOf, ready } from "./ping_matrix.js";
import { stateLine } from "./ping_state.js";
import { summary } from "./ping_summary.js";
import { address, replace } from "./route.js";
import { changed } from "./store.js";
import { html, nothing, render } from "./vendor/lit-html/lit-html.js";

/** What is shown where the address says nothing. `point` "" is the mean of all. */
const USUAL = { metric: "packet_loss", size: "100", by: "", tick: "hourly", day: "", from: "", to: "", only: "", ex: "", point: "", order: "" };
/** What the server is asked for. */
const ASKED = ["metric", "size", "by", "tick", "day", "from", "to", "only", "ex"];
const ORDERS = { "": "by name", worst: "worst first" };
const LOOK_AGAIN = 300_000;

/** Open the matrix in `root`. */
export function openMatrix(root, parameters) {
  const view = new Tables(root);
  view.begin(parameters);
  const timer = setInterval(() => document.hidden || view.look(), LOOK_AGAIN);
  return {
    update: () => view.update(),
    close: () => (clearInterval(timer), view.close()),
    follow: (route) => view.begin(route.parameters),
  };
}

class Tables {
  constructor(root) {
    Object.assign(this, { root, about: null, table: null, problem: "", isLoading: true, kept: new Kept() });
    this.want = (said) => this.take(said);
  }

  begin(parameters) {
    this.wanted = Object.fromEntries(Object.entries(USUAL).map(([name, usual]) => [name, parameters.get(name) ?? usual]));
    this.look();
  }

  close() {
    this.asking?.abort();
  }

  /** Change what is wanted, and keep it in the address; the server is asked where it has to be. */
  take(said) {
    this.wanted = { ...this.wanted, ...said };
    replace("ping", this.wanted);
    if (Object.keys(said).some((name) => ASKED.includes(name))) this.look();
    else changed();
  }

  async look() {
    this.asking?.abort();
    const { signal } = (this.asking = new AbortController());
    this.isLoading = true;
    changed();
    const { table = null, problem } = await this.ask(signal).catch((error) => ({ problem: error.message }));
    if (signal.aborted) return;
    Object.assign(this, { table, problem, isLoading: false });
    changed();
  }

  async ask(signal) {
    this.about ??= await fetchAbout();
    this.wanted.by ||= this.about.by[0];
    return { table: await fetchJson(query("/api/ping/table", this.asked()), { signal, patience: PATIENCE }), problem: "" };
  }

  asked() {
    return Object.fromEntries(ASKED.map((name) => [name, this.wanted[name]]));
  }

  update() {
    render(html`<h1>Network</h1>${stateLine()}<div class="tables"></div>`, this.root);
    const place = this.root.querySelector(".tables");
    const { about, table, wanted, problem, isLoading } = this;
    if (this.kept.show(place, () => this.content(), [about, table, wanted, problem, isLoading])) ready(place);
  }

  content() {
    const { about, table, problem, isLoading } = this;
    return html`
      ${about ? form(this) : nothing}
      <p class="problem" role="alert">${problem}</p>
      <p class="quiet" role="status">${isLoading ? "Looking …" : table && table.rows.length === 0 ? "There are no such pairs." : ""}</p>
      ${about && table?.rows.length ? this.found(table) : nothing}`;
  }

  found(table) {
    const { wanted } = this;
    const metric = { classes: [], ...this.about.metrics.find(({ name }) => name === table.metric) };
    const matrix = matrixOf(table, wanted.point, wanted.order, metric);
    return html`
      <div class="bar">
        ${choice("Shown", wanted.point, ["", ...table.points], (point) => this.take({ point }), { "": "mean of all points" })}
        ${choice("Order", wanted.order, Object.keys(ORDERS), (order) => this.take({ order }), ORDERS)}
        <a href=${query("/api/ping/table", { ...this.asked(), day: table.day, format: "tsv" })}>Table as TSV</a>
      </div>
      ${legend(metric, [...matrix.values.values()])}
      ${matrix.leftOut ? html`<p><b>Not all is shown:</b> ${matrix.leftOut}. Narrow it with From and To.</p>` : nothing}
      ${grid(matrix, metric, (from, to) => this.pair(table, from, to), inWords)}
      ${summary(table)}`;
  }

  /** The address of a pair: a week up to the day that is chosen, or to the newest. */
  pair({ metric, size, by }, from, to) {
    return address("ping", "pair", { metric, size, by, from, to, last: this.wanted.day });
  }
}
