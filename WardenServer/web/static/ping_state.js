/** How the pings of this machine are: a line, where the hub measures. */

import { isStale } from "./fields.js";
import { short } from "./ping_classes.js";
import { visible } from "./format.js";
import { state } from "./store.js";
import { clock } from "./time.js";
import { html, nothing } from "./vendor/lit-html/lit-html.js";

const MOST_NAMES = 50;

/** The line. */
export function stateLine() {
  const { ping } = state.documents;
  if (!ping) return nothing;
  const isOld = state.hubGone || isStale("ping.hosts");
  return html`
    <section class="panel" aria-label="Pings of this machine">
      <div class="hub ${isOld ? "stale" : ""}">${sign(ping)} ${isOld ? html`<span class="stale-sign">◷ stale</span>` : nothing}
        <dl>${facts(ping).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
      </div>
      <p class="problem">${visible(ping.error ?? ping.problem ?? "")}</p>
      ${silent(state.documents["ping.silent"]?.servers ?? [])}
    </section>`;
}

function sign({ hosts, answering, silent: quiet }) {
  if (typeof hosts !== "number" || typeof quiet !== "number") return html`<span class="state">… no round yet</span>`;
  if (quiet > 0) return html`<span class="state state-failing">✕ ${quiet} of ${hosts} hosts silent</span>`;
  return html`<span class="state state-good">● ${answering} of ${hosts} hosts answer</span>`;
}

function facts(ping) {
  const known = [
    ["Loss", ping.loss, (loss) => `${short(loss)} %`], ["Method", ping.method, visible], ["Last round", ping.round, clock],
    ["Took", ping.took, (took) => `${short(took)} s`], ["Next", ping.next, clock], ["Late samples", ping.late || null, short],
    ["Without name", ping.without_name || null, short],
  ];
  return known.filter(([, value]) => value !== null && value !== undefined).map(([name, value, write]) => [name, write(value)]);
}

const silent = (names) => (names.length === 0 ? nothing : html`
  <details><summary>Silent hosts (${names.length})</summary>
    <p>${names.slice(0, MOST_NAMES).map(visible).join(", ")}${names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : ""}</p>
  </details>`);
