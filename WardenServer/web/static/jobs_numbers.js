/** How the queue is, in numbers, and its processors. */

import { visible } from "./format.js";
import { address } from "./route.js";
import { state } from "./store.js";
import { now, shortTime, span } from "./time.js";
import { html, nothing } from "./vendor/lit-html/lit-html.js";

const LIMITS = { WARNING: "◆ warning", ALARM: "▲ alarm" };

/** The numbers as /api/jobs/stats gives them; `isOld` where no newer ones could be had. */
export const numbers = (stats, isOld) => html`
  <section class="panel" aria-label="Numbers">
    <dl class="numbers ${isOld ? "stale" : ""}">${facts(stats).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
  </section>`;

function facts(stats) {
  return [
    ["Waiting", stats.waiting],
    ["Running", stats.running],
    ["Ended in the last hour", stats.done],
    ["Failed in the last hour", stats.failed ? html`<span class="bad">✕ ${stats.failed}</span>` : 0],
    ["Processors", processors(stats)],
    ["Rate", `${rounded(stats.rate)} per hour`],
    ["All done", finish(stats)],
    ["Pair to result", latency(stats)],
    ...(stats.late ? [["Late results", stats.late]] : []),
  ];
}

function finish({ waiting, running, finish: time }) {
  if (waiting + running === 0) return "yes";
  return time === null ? "nobody knows" : `${shortTime(time)}, in ${span(Math.max(0, time - now()))}`;
}

function processors({ processors: live, dead, waiting }) {
  const sign = live === 0 && waiting > 0 ? html`<span class="bad">✕ none is alive</span>` : `${live} alive`;
  return html`${sign}${dead ? html`, <span class="bad">${dead} dead</span>` : nothing}`;
}

/** The mean, the longest, and whether it is beyond a limit, as the hub's field says. */
function latency({ latency: mean, latency_p95: most }) {
  if (mean === null) return "—";
  const quality = state.fields["jobs.latency"]?.quality;
  const sign = LIMITS[quality] ? html` <span class="quality-${quality}">${LIMITS[quality]}</span>` : nothing;
  return html`${rounded(mean)} s, 95 % within ${rounded(most)} s${sign}`;
}

const rounded = (value) => Number(value.toPrecision(3));

/** Each processor with what it has to do. */
export const workers = ({ workers: all }) => html`
  <details class="panel">
    <summary>Processors (${all.length})</summary>
    ${all.length === 0 ? html`<p class="quiet">There is none; start one with <code>warden jobs work</code>.</p>` : table(all)}
  </details>`;

const table = (all) => html`
  <table class="jobs">
    <thead><tr><th scope="col">State</th><th scope="col">Name</th><th scope="col" class="number">Waiting</th><th scope="col" class="number">Running</th><th scope="col">Seen</th></tr></thead>
    <tbody>${all.map((each) => html`
      <tr>
        <td><span class="state ${each.state === "dead" ? "state-failing" : each.state === "live" ? "state-good" : "state-stale"}">${each.state}</span></td>
        <th scope="row" class="id"><a href=${address("jobs", "", { owner: each.name })}>${visible(each.name)}</a></th>
        <td class="number">${each.waiting} <span class="narrow">waiting</span></td><td class="number">${each.running} <span class="narrow">running</span></td>
        <td class="when">${each.seen === null ? "never" : shortTime(each.seen)}</td>
      </tr>`)}</tbody>
  </table>`;
