/** Jobs: how the queue is, its past, the list of jobs, and one job with all that happened to it. */

import { fetchJson } from "./api.js";
import { loadSheet } from "./sheet.js";
import { changed, state } from "./store.js";
import { html, render } from "./vendor/lit-html/lit-html.js";
import { JobList } from "./jobs_list.js";
import { numbers, workers } from "./jobs_numbers.js";
import { OneJob } from "./jobs_one.js";
import { JobsPlot } from "./jobs_plot.js";

const LOOK_AGAIN = 5000;

/** Open the jobs in `root`; where the address names an id, that job. */
export function open(root, { name, parameters }) {
  loadSheet("views.css");
  loadSheet("jobs.css");
  return name ? openOne(root, name) : openQueue(root, parameters);
}

function openOne(root, id) {
  const job = new OneJob(id);
  const timer = setInterval(() => document.hidden || job.look(), LOOK_AGAIN);
  job.look();
  return { update: () => render(job.content(), root), close: () => clearInterval(timer) };
}

function openQueue(root, parameters) {
  const held = { stats: null, problem: "" };
  const [list, plot] = [new JobList(parameters), new JobsPlot()];
  const again = () => {
    if (document.hidden) return;
    look(held);
    list.again();
  };
  const timer = setInterval(again, LOOK_AGAIN);
  look(held);
  return {
    update() {
      render(content(held, list, plot), root);
      plot.show(root.querySelector(".plot"));
    },
    close() {
      clearInterval(timer);
      list.close();
      plot.close();
    },
    follow: (route) => list.begin(route.parameters),
  };
}

async function look(held) {
  try {
    Object.assign(held, { stats: await fetchJson("/api/jobs/stats"), problem: "" });
  } catch (error) {
    held.problem = error.message;
  }
  changed();
}

const content = (held, list, plot) => html`
  <h1>Jobs</h1>
  <p class="problem" role="alert">${held.problem}</p>
  ${held.stats ? numbers(held.stats, held.problem !== "") : html`<p class="quiet">${held.problem ? "" : "Looking …"}</p>`}
  ${state.fields["jobs.waiting"] ? past(plot) : null}
  ${held.stats ? workers(held.stats) : null}
  ${list.content(held.stats?.failed ?? 0)}`;

const past = (plot) => html`
  <section class="past" aria-label="The last day">
    ${plot.legend()}
    <div class="plot" role="img" aria-label="Jobs over the last day"></div>
  </section>`;
