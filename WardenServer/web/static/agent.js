/** One agent: its fields, its runs, its stack when it hangs, its source, and what can be done. */

import { actOnAgent } from "./actions.js";
import { arrays, drawArrays } from "./arrays.js";
import { nextRun, remark, shownState, SIGNS } from "./agents.js";
import { fetchJson, query } from "./api.js";
import { eventLines } from "./event_lines.js";
import { ageOfAgent, fieldsOf } from "./fields.js";
import { fieldRows, fieldSparks } from "./field_rows.js";
import { milliseconds } from "./format.js";
import { withToken } from "./login.js";
import { address } from "./route.js";
import { loadSheet } from "./sheet.js";
import { changed, state } from "./store.js";
import { now, shortTime, span } from "./time.js";
import { html, nothing, render } from "./vendor/lit-html/lit-html.js";

const EVENTS = 10;
const LOOK_AGAIN = 5000;

/** Open the view of an agent in `root`. */
export function open(root, { name }) {
  loadSheet("views.css");
  const held = { stack: null, events: [], source: null, problem: "", reasons: new Map() };
  const sparks = fieldSparks(name);
  const timer = setInterval(() => look(name, held), LOOK_AGAIN);
  look(name, held);
  return {
    update() {
      render(content(name, state.agents[name], held), root);
      sparks.draw();
      drawArrays(name);
    },
    close() {
      clearInterval(timer);
      sparks.end();
    },
  };
}

/** Ask for what the stream does not bring: the stack, and the newest events. */
async function look(name, held) {
  if (document.hidden) return;
  const path = `/api/agents/${encodeURIComponent(name)}`;
  const [about, events] = await Promise.allSettled([
    fetchJson(path), fetchJson(query("/api/events", { agent: name, number: EVENTS })),
  ]);
  held.stack = about.value?.stack ?? null;
  held.events = events.value ?? held.events;
  changed();
}

const content = (name, agent, held) => html`
  <h1><span class="quiet">Agent</span> ${name}</h1>
  ${agent ? known(name, agent, held) : html`<p class="panel">The hub has no agent ${name}. <a href="#/">All agents</a></p>`}`;

const known = (name, agent, held) => html`
  ${runs(name, agent)}
  ${held.stack ? stack(held.stack) : nothing}
  <section class="panel" aria-label="Fields">
    <h2>Fields <a class="aside" href=${address("plots", "", { field: fieldsOf(name).slice(0, 6) })}>Plot them</a></h2>
    ${fieldRows(name, held.reasons)}
  </section>
  ${arrays(name)}
  <section class="panel" aria-label="Events">
    <h2>Newest events <a class="aside" href=${address("events", "", { agent: name })}>All events</a></h2>
    ${held.events.length ? eventLines(held.events) : html`<p class="quiet">It has told nothing.</p>`}
  </section>
  ${source(name, held)}`;

function runs(name, agent) {
  const shown = shownState(agent);
  return html`
    <section class="panel hub" aria-label="Runs">
      <span class="state large state-${shown.replace(" ", "-")}">${SIGNS[shown]} ${shown}</span>
      <dl>${facts(agent).map(([what, said]) => html`<div><dt>${what}</dt><dd>${said}</dd></div>`)}</dl>
      <span class="buttons">
        ${[["run", "Run now"], ["start", "Start"], ["stop", "Stop"]].map(([verb, text]) => html`
          <button @click=${() => actOnAgent(name, verb)}>${text}</button>`)}
      </span>
      ${remark(agent) ? html`<p class="full ${agent.last_error ? "problem" : ""}">${remark(agent)}${since(agent)}</p>` : nothing}
    </section>`;
}

const since = (agent) => (agent.since ? ` (since ${shortTime(agent.since)})` : "");

function facts(agent) {
  const [next, age] = [nextRun(agent), ageOfAgent(agent)];
  return [
    ["Runs", agent.runs], ["Failures", agent.failures], ["Left out", agent.skipped],
    ["Every", every(agent)],
    ["Last run", age === null ? "none yet" : `${span(age)} ago`],
    ["Next run", next === null ? "—" : `in ${span(next - now())}`],
    ...(agent.tries_every ? [["Tried every", `${agent.tries_every} s`]] : []),
    ["Late (p99)", milliseconds(agent.lateness_p99)], ["Processor", `${Math.round((agent.cpu ?? 0) * 100)} %`],
    ["Document", agent.key],
  ];
}

/** How often it runs: each interval, or at a time of each day, or of a day of each month. */
function every({ at, interval }) {
  if (!at) return `${interval} s`;
  const [time, day] = at.split(" ").reverse();
  return day ? `month on day ${day} at ${time} UTC` : `day at ${time} UTC`;
}

const stack = (lines) => html`
  <section class="panel wrong" aria-label="Stack">
    <h2>It hangs here</h2>
    <pre tabindex="0">${lines.join("\n")}</pre>
  </section>`;

const source = (name, held) => html`
  <section class="panel" aria-label="Source">
    <h2>Source and settings</h2>
    ${held.source ? shownSource(held.source) : html`<button @click=${() => showSource(name, held)}>Show</button>`}
    <p class="problem" role="alert">${held.problem}</p>
  </section>`;

const shownSource = ({ file, source: text, settings }) => html`
  <p>${file}</p>
  <h3>Settings</h3>
  <pre tabindex="0">${JSON.stringify(settings, null, 2)}</pre>
  <h3>Source</h3>
  <pre tabindex="0">${text}</pre>`;

async function showSource(name, held) {
  try {
    held.source = await withToken(() => fetchJson(`/api/agents/${encodeURIComponent(name)}/source`));
    held.problem = "";
  } catch (error) {
    held.problem = error.message;
  }
  changed();
}
