/** The past of a parameter: since when it has been so, and in which runs it was how. */

import { fetchJson, query } from "./api.js";
import { reason } from "./diff_acknowledge.js";
import { visible } from "./format.js";
import { ParameterPlot } from "./parameter_plot.js";
import { ParameterSearch } from "./parameter_search.js";
import { timeline, when } from "./parameter_table.js";
import { loadSheet } from "./sheet.js";
import { changed } from "./store.js";
import { fullTime } from "./time.js";
import { html, nothing, render } from "./vendor/lit-html/lit-html.js";

const NUMBERS = [100, 1000];
const PATIENCE = 15_000;

/** Open the past of the parameter that the address names in `root`; without one, the search for it. */
export function open(root, { parameters }) {
  for (const name of ["views.css", "runs.css"]) loadSheet(name);
  const view = new Parameter(root);
  view.begin(parameters);
  return { update: () => view.update(), close: () => view.close(), follow: (route) => (view.begin(route.parameters), changed()) };
}

class Parameter {
  constructor(root) {
    Object.assign(this, { root, search: new ParameterSearch(), plot: new ParameterPlot() });
  }

  begin(parameters) {
    [this.partition, this.parameter] = ["partition", "parameter"].map((name) => parameters.get(name) ?? "");
    Object.assign(this, { past: null, problem: "", number: NUMBERS[0] });
    if (this.isNamed) this.look();
  }

  get isNamed() {
    return this.partition !== "" && this.parameter !== "";
  }

  close() {
    this.asking?.abort();
    this.search.close();
    this.plot.close();
  }

  async look() {
    this.asking?.abort();
    const { signal } = (this.asking = new AbortController());
    try {
      const { partition, parameter, number } = this;
      const past = await fetchJson(query("/api/runs/past", { partition, parameter, number }), { signal, patience: PATIENCE });
      Object.assign(this, { past, problem: "" });
    } catch (error) {
      if (signal.aborted) return;
      this.problem = error.message;
    }
    changed();
  }

  older() {
    this.number = NUMBERS[1];
    this.look();
  }

  update() {
    render(this.content(), this.root);
    this.plot.show(this.root.querySelector(".plot"), this.past?.points ?? []);
  }

  content() {
    return html`
      <h1 class="id">${this.isNamed ? html`${visible(this.parameter)} <span class="quiet">in ${visible(this.partition)}</span>` : "The past of a parameter"}</h1>
      <p><a href="#/runs">All runs</a></p>
      ${this.search.content()}
      <p class="problem" role="alert">${this.problem}</p>
      ${this.isNamed && !this.past && !this.problem ? html`<p class="quiet">Looking …</p>` : nothing}
      ${this.past ? this.known(this.past) : nothing}`;
  }

  known(past) {
    const { spans, points, more, acknowledged } = past;
    if (!points.length) return html`<p class="quiet">No run has this parameter.</p>`;
    return html`
      ${now(past)}
      ${this.plot.isWorth(points) ? html`<div class="plot" role="img" aria-label="The value over the numbers of the runs; the table below has the values"></div>` : nothing}
      ${spans.length ? timeline(past, this) : nothing}
      ${more && this.number < NUMBERS[1] ? html`<button @click=${() => this.older()}>Older ones</button>` : nothing}
      ${acknowledged.length ? html`<section class="panel" aria-label="Known changes"><h2>Known changes</h2><ul class="plain">${acknowledged.map(reason)}</ul></section>` : nothing}`;
  }
}

/** Since when it has been so; and what could not be read last. */
function now({ spans: [newest], spans, points, more }) {
  const last = points.at(-1);
  return html`
    <section class="panel" aria-label="Since when">
      ${newest ? html`<p>It has been <b class="value">${visible(newest.value)}</b> since ${more && spans.length === 1 ? "at least " : ""}run ${newest.since.run}${when(newest.since)}${time(newest.since.at)}.</p>` : nothing}
      ${last.unavailable === undefined ? nothing : html`<p class="bad">✕ It could not be read in run ${last.run}: ${visible(last.unavailable)}</p>`}
    </section>`;
}

const time = (at) => (at === null ? "" : `, ${fullTime(at)}`);
