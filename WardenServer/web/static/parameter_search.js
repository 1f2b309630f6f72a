/** A search for a parameter, with those that fit as links. */

import { fetchJson, query } from "./api.js";
import { visible } from "./format.js";
import { address } from "./route.js";
import { changed } from "./store.js";
import { html, nothing } from "./vendor/lit-html/lit-html.js";

const NUMBER = 50;
const PAUSE = 250;

/** The search; `found` is null before somebody has written something. */
export class ParameterSearch {
  constructor() {
    Object.assign(this, { text: "", found: null, problem: "" });
  }

  write(text) {
    this.text = text;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), PAUSE);
  }

  close() {
    clearTimeout(this.timer);
    this.asking?.abort();
  }

  async look() {
    this.asking?.abort();
    const { signal } = (this.asking = new AbortController());
    try {
      const found = this.text ? await fetchJson(query("/api/runs/parameters", { match: this.text, number: NUMBER }), { signal }) : null;
      Object.assign(this, { found, problem: "" });
    } catch (error) {
      if (signal.aborted) return;
      this.problem = error.message;
    }
    changed();
  }

  content() {
    const { found } = this;
    return html`
      <search class="bar"><label>Parameter <input type="search" data-filter maxlength="255" autocomplete="off" placeholder="PARTITION:PARAMETER" .value=${this.text} @input=${(event) => this.write(event.target.value)}></label></search>
      <p class="problem" role="alert">${this.problem}</p>
      <p class="quiet" role="status">${found && !found.length ? "There is no such parameter." : ""}</p>
      ${found?.length ? html`<ul class="found">${found.map(link)}</ul>` : nothing}
      ${found?.length === NUMBER ? html`<p class="quiet">There may be more; write more of the name.</p>` : nothing}`;
  }
}

const link = ({ partition, parameter }) => html`
  <li><a href=${address("parameter", "", { partition, parameter })}>${visible(partition)}:${visible(parameter)}</a></li>`;
