/** The list of jobs, newest first, with filters. */

import { fetchJson, query } from "./api.js";
import { visible } from "./format.js";
import { prioritize, retry, retryFailed } from "./jobs_actions.js";
import { me } from "./me.js";
import { address, replace } from "./route.js";
import { changed } from "./store.js";
import { shortTime } from "./time.js";
import { html, nothing } from "./vendor/lit-html/lit-html.js";

const NUMBER = 100;
const MOST = 1000;
const LONGEST = 200;

/** States, each with its sign: colour is never the only one. */
export const SIGNS = { waiting: "…", running: "▶", done: "●", failed: "✕" };

/** The list, as the parameters of an address say. */
export class JobList {
  constructor(parameters) {
    this.begin(parameters);
  }

  begin(parameters) {
    this.wanted = Object.fromEntries(["state", "match", "owner"].map((name) => [name, parameters.get(name) ?? ""]));
    Object.assign(this, { jobs: [], more: false, problem: "", isLoading: true });
    this.look();
  }

  close() {
    this.asking?.abort();
  }

  /** Look once more, unless people read older ones. */
  again() {
    if (this.jobs.length <= NUMBER) this.look();
  }

  look() {
    return this.ask({}, (found) => (this.jobs = found));
  }

  older() {
    return this.ask({ before: this.jobs.at(-1).number }, (found) => this.jobs.push(...found));
  }

  async ask(more, take) {
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    try {
      const found = await fetchJson(query("/api/jobs", { ...this.wanted, number: NUMBER, ...more }), { signal: asking.signal });
      take(found);
      Object.assign(this, { more: found.length >= NUMBER && this.jobs.length < MOST, problem: "", isLoading: false });
    } catch (error) {
      if (asking.signal.aborted) return;
      Object.assign(this, { problem: error.message, isLoading: false });
    }
    changed();
  }

  /** Change what is wanted, and keep it in the address. */
  want(said) {
    Object.assign(this.wanted, said);
    replace("jobs", this.wanted);
    this.look();
  }

  /** The list; `failed` is how many have failed lately. */
  content(failed) {
    return html`
      <section aria-label="Jobs">
        ${this.filters()}
        ${me.may_change && (failed || this.wanted.state === "failed") ? html`<p><button @click=${() => this.do(retryFailed)}>Retry all that have failed</button></p>` : nothing}
        <p class="problem" role="alert">${this.problem}</p>
        ${this.jobs.length ? this.table() : html`<p class="quiet">${this.isLoading ? "Looking …" : "There are no such jobs."}</p>`}
        ${this.more ? html`<button @click=${() => this.older()}>Older ones</button>` : nothing}
      </section>`;
  }

  filters() {
    const { state, match, owner } = this.wanted;
    return html`
      <div class="bar">
        <label>State <select @change=${(event) => this.want({ state: event.target.value })}>
          ${["", ...Object.keys(SIGNS)].map((name) => html`<option value=${name} ?selected=${name === state}>${name || "all"}</option>`)}
        </select></label>
        <label>Id or message <input type="search" data-filter maxlength="255" .value=${match} @change=${(event) => this.want({ match: event.target.value })}></label>
        ${owner ? html`<span>of processor ${visible(owner)} <button class="small" @click=${() => this.want({ owner: "" })}>Of all</button></span>` : nothing}
      </div>`;
  }

  table() {
    return html`
      <table class="jobs list">
        <thead><tr>
          <th scope="col">State</th><th scope="col">Id</th><th scope="col" class="wide">Processor</th><th scope="col" class="wide">Queued</th>
          <th scope="col" class="wide">Ended</th>${me.may_change ? html`<th scope="col">Do</th>` : nothing}<th scope="col">Message</th>
        </tr></thead>
        <tbody>${this.jobs.map((job) => this.row(job))}</tbody>
      </table>`;
  }

  row(job) {
    const { id, state, owner, queued, completed, message } = job;
    return html`
      <tr>
        <td><span class="state ${state === "failed" ? "state-failing" : `state-${state}`}">${SIGNS[state]} ${state}</span></td>
        <th scope="row" class="id"><a href=${address("jobs", id)}>${visible(id)}</a></th>
        <td class="wide id owner">${visible(owner ?? "")}</td>
        <td class="wide when">${queued === null ? "" : shortTime(queued)}</td>
        <td class="wide when">${completed === null ? "" : shortTime(completed)}</td>
        ${me.may_change ? html`<td>${actions(job, (act) => this.do(act))}</td>` : nothing}
        <td class="text">${visible(message.slice(-LONGEST).trim())}</td>
      </tr>`;
  }

  /** Do something, then look what came of it. */
  async do(act) {
    await act();
    this.look();
  }
}

/** What can be done with a job; `run` is called with it. */
export function actions({ id, state }, run) {
  if (state === "running") return nothing;
  const [name, act] = state === "waiting" ? ["Prioritize", prioritize] : ["Retry", retry];
  return html`<button class="small" aria-label=${`${name} ${visible(id)}`} @click=${() => run(() => act(id))}>${name}</button>`;
}
