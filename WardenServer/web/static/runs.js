/** Runs: two of them to be compared, differences that were found, and the list of runs. */

import { differenceRows, runRows } from "./runs_lists.js";
import { Pages } from "./runs_pages.js";
import { RunsForm } from "./runs_form.js";
import { replace } from "./route.js";
import { loadSheet } from "./sheet.js";
import { html, nothing, render } from "./vendor/lit-html/lit-html.js";

const LOOK_AGAIN = 10_000;

/** Open the runs in `root`; the address may name two runs and partitions, and what is searched. */
export function open(root, { parameters }) {
  loadSheet("views.css");
  loadSheet("runs.css");
  const form = new RunsForm(parameters);
  const found = new Pages("/api/runs/differences");
  const runs = new Pages("/api/runs", { search: parameters.get("search") ?? "" });
  const again = () => document.hidden || [form, found, runs].forEach((each) => each.again());
  const timer = setInterval(again, LOOK_AGAIN);
  [found, runs].forEach((each) => each.look());
  return {
    update: () => render(content(form, found, runs), root),
    close() {
      clearInterval(timer);
      [form, found, runs].forEach((each) => each.close());
    },
    follow: (route) => form.begin(route.parameters),
  };
}

const content = (form, found, runs) => html`
  <h1>Runs</h1>
  ${form.content()}
  <p><a href="#/parameter">The past of a parameter</a></p>
  <section aria-label="Differences">
    <h2>What changed</h2>
    ${list(found, differenceRows, "Nothing has changed yet.")}
  </section>
  <section aria-label="Runs">
    <h2>All runs</h2>
    <div class="bar"><label>Number or note <input type="search" maxlength="255" .value=${runs.wanted.search} @change=${(event) => search(runs, event.target.value)}></label></div>
    ${list(runs, runRows, "There are no such runs.")}
  </section>`;

function search(runs, text) {
  replace("runs", { search: text });
  runs.want({ search: text });
}

const list = (pages, rows, none) => html`
  <p class="problem" role="alert">${pages.problem}</p>
  ${pages.found.length ? rows(pages) : html`<p class="quiet">${pages.isLoading ? "Looking …" : pages.problem ? "" : none}</p>`}
  ${pages.more ? html`<button @click=${() => pages.older()}>Older ones</button>` : nothing}`;
