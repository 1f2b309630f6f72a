/** The spans of runs in which a parameter had the same value, the newest first. */

import { visible } from "./format.js";
import { address } from "./route.js";
import { fullTime } from "./time.js";
import { html, nothing } from "./vendor/lit-html/lit-html.js";

const MOST_RUNS = 200;

/** The table; `where` has partition and parameter. */
export const timeline = ({ spans, acknowledged }, where) => html`
  <table class="runs timeline">
    <caption class="hidden">Changes, the newest first</caption>
    <thead><tr><th scope="col" class="number">Since run</th><th scope="col">Time</th><th scope="col">Value</th><th scope="col">Runs</th><th scope="col">Change</th></tr></thead>
    <tbody>${spans.map((span, place) => row(span, spans[place + 1], spans, acknowledged, where))}</tbody>
  </table>`;

const row = (span, before, spans, acknowledged, where) => html`
  <tr>
    <th scope="row" class="number"><span class="narrow">Since run </span>${span.from}${when(span.since)}</th>
    <td class="when">${span.since.at === null ? "" : fullTime(span.since.at)}</td>
    <td class="text value">${visible(span.value)}</td>
    <td>${sharing(span, spans)}</td>
    <td>
      ${before ? html`<a href=${between(before, span, where)} aria-label=${`What changed from run ${before.to} to run ${span.from}`}>What changed</a>` : nothing}
      ${acknowledged.filter(({ run }) => run === span.from).map(({ reason }) => html`<div><span class="state state-good">✓ known</span> ${visible(reason)}</div>`)}
    </td>
  </tr>`;

/** When in its run a value came. */
export const when = ({ phase }) => ({ way: " (while open)", end: " (at its end)" })[phase] ?? "";

/** The comparison across a change; it may have come while a run was open. */
function between(before, span, { partition }) {
  const isWithin = before.to === span.from;
  const cameLate = before.since.run === before.to && before.since.phase !== "start";
  const old = cameLate && !isWithin ? `${before.to}:end` : before.to;
  return address("diff", "", { old, new: isWithin ? `${span.from}:end` : span.from, partition });
}

/** The runs of a span, and all others with the same value. */
function sharing(span, spans) {
  const others = spans.filter((each) => each !== span && each.group === span.group).flatMap(({ runs }) => runs);
  return html`
    <details>
      <summary>${span.runs.length} ${span.runs.length === 1 ? "run" : "runs"}${others.length ? `, and ${others.length} others with the same value` : ""}</summary>
      <p>${some(span.runs)}</p>
      ${others.length ? html`<p>Others: ${some(others)}</p>` : nothing}
    </details>`;
}

const some = (runs) => runs.slice(0, MOST_RUNS).join(", ") + (runs.length > MOST_RUNS ? ` and ${runs.length - MOST_RUNS} more` : "");
