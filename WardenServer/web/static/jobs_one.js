/** One job: how it is, what to do about it, and all that happened to it. */

import { fetchJson, query } from "./api.js";
import { visible } from "./format.js";
import { prioritize } from "./jobs_actions.js";
import { actions, SIGNS } from "./jobs_list.js";
import { me } from "./me.js";
import { changed } from "./store.js";
import { shortTime } from "./time.js";
import { html, nothing } from "./vendor/lit-html/lit-html.js";

/** The view of an id. */
export class OneJob {
  constructor(id) {
    Object.assign(this, { id, said: null, problem: "" });
  }

  async look() {
    try {
      Object.assign(this, { said: await fetchJson(query("/api/jobs/job", { id: this.id })), problem: "" });
    } catch (error) {
      this.problem = error.message;
    }
    changed();
  }

  async do(act) {
    await act();
    await this.look();
  }

  content() {
    return html`
      <h1 class="id"><span class="quiet">Job</span> ${visible(this.id)}</h1>
      <p><a href="#/jobs">All jobs</a></p>
      <p class="problem" role="alert">${this.problem}</p>
      ${this.said ? this.known(this.said) : html`<p class="quiet">${this.problem ? "" : "Looking …"}</p>`}`;
  }

  known({ job, now, steps }) {
    return html`
      <section class="panel hub" aria-label="How it is">
        ${job ? html`<span class="state large ${job.state === "failed" ? "state-failing" : `state-${job.state}`}">${SIGNS[job.state]} ${job.state}</span>` : nothing}
        <div class="full">${now.map((text) => html`<p>${visible(text)}</p>`)}</div>
        ${job ? facts(job) : nothing}
        ${me.may_change ? html`<span class="buttons">${this.buttons(job)}</span>` : nothing}
      </section>
      <section class="panel" aria-label="What happened">
        <h2>What happened</h2>
        ${steps.length ? html`<ol class="steps">${steps.map(step)}</ol>` : html`<p class="quiet">Nothing is known.</p>`}
      </section>`;
  }

  buttons(job) {
    const ask = html`<button @click=${() => this.do(() => prioritize(this.id))}>Ask for it</button>`;
    return job ? actions(job, (act) => this.do(act)) : ask;
  }
}

const facts = (job) => html`
  <dl class="numbers">
    ${[["Processor", job.owner && visible(job.owner)], ["Priority", job.priority], ["Attempts", job.attempts], ["Files", job.pathname && visible(job.pathname)],
      ["Seen", time(job.found)], ["Queued", time(job.queued)], ["Begun", time(job.started)], ["Ended", time(job.completed)]]
      .filter(([, value]) => value !== null && value !== "")
      .map(([name, value]) => html`<div><dt>${name}</dt><dd class="id">${value}</dd></div>`)}
  </dl>`;

const time = (at) => (at === null ? null : shortTime(at));

const step = ({ at, text }) => html`<li><time class="quiet">${shortTime(at)}</time><span class="text">${lines(text)}</span></li>`;

/** Output of a job keeps its lines. */
const lines = (text) => text.split("\n").map(visible).join("\n");
