/** The fields of an agent as a table: value, unit, quality, age, a small plot, and why a value is missing. */

import { fetchJson, query } from "./api.js";
import { ageOf, fieldsOf, isStale, part, saidWhy, valueOf } from "./fields.js";
import { plain } from "./format.js";
import { Past } from "./past.js";
import { address } from "./route.js";
import { keepFor } from "./samples.js";
import { drawSparkline } from "./sparkline.js";
import { changed, state } from "./store.js";
import { now, shortTime, span } from "./time.js";
import { html, nothing } from "./vendor/lit-html/lit-html.js";

const HOUR = 3600;
const MOST_LINES = 100;

/** The table. `reasons` holds what /api/why has said, by id. */
export const fieldRows = (agent, reasons) => html`
  <table class="fields">
    <thead><tr>
      <th scope="col">Field</th><th scope="col" class="number">Value</th><th scope="col">Unit</th><th scope="col">Quality</th>
      <th scope="col" class="number">Age</th><th scope="col" class="wide">Last hour</th><th scope="col" class="wide">Document</th>
    </tr></thead>
    <tbody>${fieldsOf(agent).map((id) => row(id, state.fields[id], reasons))}</tbody>
  </table>`;

function row(id, entry, reasons) {
  const value = valueOf(id);
  const why = reasons.get(id) ?? saidWhy(id);
  const isMissing = value === null || value === undefined;
  return html`
    <tr>
      <th scope="row"><a href=${address("plots", "", { field: id })} title=${entry.doc ?? nothing}>${entry.label ?? entry.field}</a></th>
      <td class="number ${isStale(id) ? "stale" : ""}">${plain(value, entry)} ${isStale(id) ? html`<span class="stale-sign">◷ stale</span>` : nothing}
        ${isMissing && !reasons.has(id) ? whyButton(id, reasons) : nothing}</td>
      <td>${entry.unit ?? ""}</td>
      <td class="quality-${entry.quality}">${entry.quality}</td>
      <td class="number">${age(ageOf(id))}</td>
      <td class="wide"><canvas class="spark" data-id=${id} aria-hidden="true"></canvas></td>
      <td class="wide quiet">${part(id).key}</td>
    </tr>
    ${isMissing && why ? html`<tr class="why"><td colspan="7">${why}</td></tr>` : nothing}`;
}

const age = (seconds) => (seconds === null ? "—" : span(seconds));

const whyButton = (id, reasons) => html`
  <button class="small" @click=${() => askWhy(id, reasons)} aria-label=${`Why has ${id} no value?`}>Why?</button>`;

async function askWhy(id, reasons) {
  try {
    const { text, since, cure } = await fetchJson(query("/api/why", part(id)));
    reasons.set(id, [text, since && `Since ${shortTime(since)}.`, cure].filter(Boolean).join(" "));
  } catch (error) {
    reasons.set(id, error.message);
  }
  changed();
}

/** The small plots of an agent's fields: the last hour from the history, and what the stream brings. */
export function fieldSparks(agent) {
  const pasts = new Map();
  const watch = () => {
    const ids = fieldsOf(agent).filter((id) => !Array.isArray(valueOf(id))).slice(0, MOST_LINES);
    keepFor("agent", ids);
    for (const id of ids) if (!pasts.has(id)) pasts.set(id, new Past(id, "hour"));
  };
  return {
    draw() {
      watch();
      for (const canvas of document.querySelectorAll("canvas[data-id]")) draw(canvas, pasts.get(canvas.dataset.id));
    },
    end: () => pasts.clear(),
  };
}

function draw(canvas, past) {
  if (past && canvas.clientWidth) drawSparkline(canvas, past.walk, now() - HOUR, now());
}
