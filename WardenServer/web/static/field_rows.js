/** The fields of an agent as a table: value, unit, quality, age, a small plot, and why a value is missing. */

import { fetchJson, query } from "./api.js";
import { ageOf, fieldsOf, isStale, part, saidWhy, valueOf } from "./fields.js";
import { plain } from "./format.js";
import { address } from "./route.js";
import { asNumber, keepOnly, Ring, samplesOf } from "./samples.js";
import { drawSparkline } from "./sparkline.js";
import { changed, state } from "./store.js";
import { now, shortTime, span } from "./time.js";
import { html, nothing } from "./vendor/lit-html/lit-html.js";

const HOUR = 3600;
const MOST_LINES = 100;
const POINTS = 110;

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
  const isMissing = value === null || value === undefined;
  return html`
    <tr>
      <th scope="row"><a href=${address("plots", "", { field: id })} title=${entry.doc ?? nothing}>${entry.label ?? entry.field}</a></th>
      <td class="number ${isStale(id) ? "stale" : ""}">${plain(value, entry)} ${isStale(id) ? html`<span class="stale-sign">◷ stale</span>` : nothing}</td>
      <td>${entry.unit ?? ""}</td>
      <td class="quality-${entry.quality}">${entry.quality}</td>
      <td class="number">${age(ageOf(id))}</td>
      <td class="wide"><canvas class="spark" data-id=${id} aria-hidden="true"></canvas></td>
      <td class="wide quiet">${part(id).key}</td>
    </tr>
    ${isMissing ? whyRow(id, reasons) : nothing}`;
}

const age = (seconds) => (seconds === null ? "—" : span(seconds));

const whyRow = (id, reasons) => html`
  <tr class="why"><td colspan="7">${reasons.has(id) ? reasons.get(id) : html`
    ${saidWhy(id)} <button class="small" @click=${() => askWhy(id, reasons)} aria-label=${`Why has ${id} no value?`}>Why?</button>`}</td></tr>`;

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
    keepOnly(ids);
    for (const id of ids) if (!pasts.has(id)) fetchPast(id, pasts);
  };
  return {
    draw() {
      watch();
      for (const canvas of document.querySelectorAll("canvas[data-id]")) draw(canvas, pasts.get(canvas.dataset.id));
    },
    end: () => pasts.clear(),
  };
}

async function fetchPast(id, pasts) {
  const past = new Ring();
  pasts.set(id, past);
  try {
    const found = await fetchJson(query("/api/history", { ...part(id), range: "hour", points: POINTS }));
    const values = found.mean ?? found.value;
    found.time.slice(-POINTS).forEach((time, place) => past.put(time, asNumber(values.at(place - Math.min(POINTS, values.length)))));
  } catch {
    return; // it has no history: the line is what the stream brings
  }
  changed();
}

function draw(canvas, past) {
  if (!past || !canvas.clientWidth) return;
  const ring = samplesOf(canvas.dataset.id);
  const walk = (each) => {
    past.walk((time, value) => time < ring.first && each(time, value));
    ring.walk(each);
  };
  drawSparkline(canvas, walk, now() - HOUR, now());
}
