/** The overview: the hub in one glance, what is wrong, and every agent, the worst first. */

import { activeAlarms, counts, inOrder, remark, shownState, SIGNS } from "./agents.js";
import { Rows } from "./agent_rows.js";
import { mainField } from "./fields.js";
import { shownHub } from "./header.js";
import { keepFor } from "./samples.js";
import { changed, state } from "./store.js";
import { clock, shortTime } from "./time.js";
import { html, nothing, render } from "./vendor/lit-html/lit-html.js";

const MOST_ALARMS = 20;

/** Do something of actions.js, which is loaded then. */
const act = (verb, ...said) => async () => (await import("./actions.js"))[verb](...said);

/** Open the overview in `root`. */
export function open(root) {
  const rows = new Rows(changed);
  let wanted = "";
  let version = -1;
  const filter = (text) => {
    wanted = text;
    changed();
  };
  return {
    update() {
      if (version !== state.fieldsVersion) keepFor("overview", Object.keys(state.agents).map(mainField).filter(Boolean));
      version = state.fieldsVersion;
      const names = fitting(wanted);
      render(content(wanted, filter, names.length === 0), root);
      rows.show(root.querySelector(".agents tbody"), names);
    },
    close: () => rows.close(),
  };
}

const content = (wanted, filter, isEmpty) => html`
  <h1 class="hidden">Overview</h1>
  ${hubPanel()}
  ${wrong()}
  <section aria-label="Agents">
    <div class="bar">
      <label>Filter <input type="search" data-filter placeholder="name, state or text" .value=${wanted}
        @input=${(event) => filter(event.target.value)}></label>
      ${counts().map(([shown, number]) => html`
        <button class="chip state-${shown.replace(" ", "-")}" @click=${() => filter(wanted === shown ? "" : shown)}
          aria-pressed=${wanted === shown}>${SIGNS[shown]} ${number} ${shown}</button>`)}
    </div>
    ${table(isEmpty)}
  </section>`;

/** The agents that fit to the filter, in their order. */
function fitting(wanted) {
  const text = wanted.trim().toLowerCase();
  const names = inOrder();
  if (!text) return names;
  return names.filter((name) => fits(name, text));
}

function fits(name, text) {
  const agent = state.agents[name];
  return [name, agent.key, shownState(agent), remark(agent)].some((said) => said?.toLowerCase().includes(text));
}

/** The table. Its rows are grids, so that each is laid out by itself; the roles say that it is a table all the same. */
const table = (isEmpty) => html`
  <table class="agents" role="table">
    <thead role="rowgroup"><tr role="row">
      <th scope="col" role="columnheader" class="state-column">State</th><th scope="col" role="columnheader">Agent</th><th scope="col" role="columnheader">Value</th>
      <th scope="col" role="columnheader" class="wide">Two minutes</th><th scope="col" role="columnheader" class="number">Age</th>
      <th scope="col" role="columnheader" class="number wide">Next run</th><th scope="col" role="columnheader" class="number wide" title="99 of 100 runs begin within this time">Late</th>
      <th scope="col" role="columnheader" class="says">What it says</th>
    </tr></thead>
    <tbody role="rowgroup"></tbody>
  </table>
  ${isEmpty ? html`<p class="quiet">${Object.keys(state.agents).length ? "No agent fits to the filter." : "No agent is known."}</p>` : nothing}`;

const hubPanel = () => html`
  <section class="panel hub" aria-label="Hub">
    <span class="state large hub-${shownHub()}">${shownHub()}</span>
    <p>${said()}</p>
    ${state.hub ? facts(state.hub) : nothing}
    <span class="buttons">
      <button @click=${act("actOnHub", "start")}>Start</button>
      <button @click=${act("actOnHub", "stop")}>Stop</button>
      <button @click=${act("actOnHub", "reload")}>Reload</button>
    </span>
  </section>`;

function said() {
  if (!state.hub) return "Nothing is known of the hub yet.";
  return shownHub() === "UNKNOWN" ? "This is what the hub said last:" : (state.hub.status ?? "").split("\n")[0];
}

const facts = (hub) => html`
  <dl class=${shownHub() === "UNKNOWN" ? "stale" : ""}>
    <div><dt>Said at</dt><dd>${clock(hub.timestamp)}</dd></div>
    <div><dt>Tick</dt><dd>${hub.tick} s, ${hub.ticks} so far, ${hub.missed} missed</dd></div>
    <div><dt>Late (p99)</dt><dd>${(hub.lateness_p99 * 1000).toFixed(1)} ms</dd></div>
    <div><dt>Memcached</dt><dd>${hub.memcached_ok ? "answers" : html`<b class="bad">✕ away</b>`}</dd></div>
  </dl>`;

/** What is wrong besides the agents: problems, notes and alarms. */
function wrong() {
  const alarms = activeAlarms();
  const problems = [...(state.hub?.problems ?? []), ...(state.problem && !state.hubGone ? [state.problem] : [])];
  const notes = state.hub?.notes ?? [];
  if (alarms.length + problems.length + notes.length === 0) return nothing;
  return html`
    <section class="panel wrong" aria-label="What is wrong">
      <ul>
        ${problems.map((text) => html`<li><b class="bad">✕ Problem</b> ${text}</li>`)}
        ${alarms.slice(0, MOST_ALARMS).map(alarmLine)}
        ${alarms.length > MOST_ALARMS ? html`<li>… and ${alarms.length - MOST_ALARMS} more alarms.</li>` : nothing}
        ${notes.map((text) => html`<li><b>Note</b> ${text}</li>`)}
      </ul>
    </section>`;
}

const alarmLine = ([name, alarm]) => html`
  <li>
    <b class="severity-${alarm.severity}">▲ ${alarm.severity}</b> <b>${name}</b> ${alarm.text}
    <span class="quiet">since ${shortTime(alarm.since)}${alarm.acknowledged ? ", acknowledged" : ""}${alarm.quiet ? `, ${alarm.quiet}` : ""}</span>
    ${alarm.acknowledged ? nothing : html`<button class="small" @click=${act("acknowledge", name)}>Acknowledge</button>`}
    ${alarm.muted_until
      ? html`<button class="small" @click=${act("unmute", alarm.rule)}>Unmute</button>`
      : html`<button class="small" @click=${act("mute", alarm.rule)}>Mute</button>`}
  </li>`;
