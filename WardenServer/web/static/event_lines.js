/** Events as a list; from each, the fields that changed most across it. */

import { fetchJson, query } from "./api.js";
import { join } from "./fields.js";
import { withUnit } from "./format.js";
import { address } from "./route.js";
import { changed, state } from "./store.js";
import { shortTime } from "./time.js";
import { html, nothing } from "./vendor/lit-html/lit-html.js";

const SIGNS = { info: "●", warning: "◆", alarm: "▲" };
const AROUND = 300;

/** What was found to have changed across events, by their id: a list, or a sentence. */
const across = new Map();

/** The list of events. */
export const eventLines = (events) => html`
  <ol class="events">${events.map(line)}</ol>`;

const line = (event) => html`
  <li>
    <time>${shortTime(event.timestamp)}</time>
    <b class="severity-${event.severity}">${SIGNS[event.severity] ?? "●"} ${event.severity}</b>
    <a href=${address("agent", event.agent)}>${event.agent}</a>
    <span class="text">${event.text}</span>
    <button class="small" aria-expanded=${across.has(event.id)} @click=${() => toggle(event)}>What changed</button>
    ${across.has(event.id) ? changes(event, across.get(event.id)) : nothing}
  </li>`;

async function toggle({ id, timestamp }) {
  if (across.delete(id)) return changed();
  across.set(id, "Looking …");
  changed();
  try {
    across.set(id, await fetchJson(query("/api/changes", { at: timestamp })));
  } catch (error) {
    across.set(id, error.message);
  }
  changed();
}

function changes(event, found) {
  if (typeof found === "string") return html`<p class="quiet">${found}</p>`;
  if (found.length === 0) return html`<p class="quiet">No field changed across it.</p>`;
  return html`
    <div><table>
      <caption class="hidden">Fields that changed across this event</caption>
      <thead><tr><th scope="col">Field</th><th scope="col" class="number">Before</th><th scope="col" class="number">After</th></tr></thead>
      <tbody>${found.map((change) => changeRow(event, change))}</tbody>
    </table></div>`;
}

function changeRow({ timestamp }, { key, field, before, after }) {
  const id = join(key, field);
  const [from, to] = [timestamp - AROUND, timestamp + AROUND];
  return html`
    <tr>
      <th scope="row"><a href=${address("plots", "", { field: id, from, to })}>${id}</a></th>
      <td class="number">${withUnit(before, state.fields[id])}</td><td class="number">${withUnit(after, state.fields[id])}</td>
    </tr>`;
}
