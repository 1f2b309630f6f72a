/** The header: state of the hub, ways to the views, clock, theme and login. */

import { activeAlarms } from "./agents.js";
import { showKeys } from "./keys.js";
import { me } from "./me.js";
import { pages } from "./pages.js";
import { address } from "./route.js";
import { changed, isSilent, state } from "./store.js";
import { nextTheme, theme } from "./theme.js";
import { clock, now, zoneName, zoneShort } from "./time.js";
import { html } from "./vendor/lit-html/lit-html.js";

const VIEWS = [["", "Overview"], ["plots", "Plots"], ["events", "Events"], ["jobs", "Jobs"], ["runs", "Runs"], ["ping", "Network"], ["wall", "Wall"]];
/** Views of which only some hubs have something to show, and parts of views. */
const OPTIONAL = ["jobs", "runs", "ping"];
const PARTS = { diff: "runs", parameter: "runs" };
const THEMES = { system: "◐ System", light: "○ Light", dark: "● Dark" };

/** What the hub's state is to be shown as: its own, or that nobody knows. */
export function shownHub() {
  if (isSilent() || state.hubGone || !state.hub) return "UNKNOWN";
  return state.hub.state;
}

/** The header of a view. */
export const header = (route) => html`
  <a class="home" href="#/"><span class="state hub-${shownHub()}">${shownHub()}</span> <b>${state.instance || "Warden"}</b></a>
  <nav aria-label="Views">
    ${VIEWS.filter(([view]) => !OPTIONAL.includes(view) || state[view]).map(([view, name]) => html`
      <a href=${address(view)} aria-current=${(PARTS[route.view] ?? route.view) === view ? "page" : "false"}>${name}</a>`)}
    ${pages.map(({ name, title }) => html`<a href=${`/pages/${encodeURIComponent(name)}`}>${title}</a>`)}
  </nav>
  ${alarmSign()}
  <time title=${zoneName()}>${clock(now())} <small>${zoneShort(now())}</small></time>
  <span class="tools">
    <button @click=${switchTheme} aria-label=${`Theme: ${theme()}`} title="Light, dark, or as the system says (t)">${THEMES[theme()]}</button>
    ${me.may_change ? html`<button @click=${() => act("logout")}>Log out</button>` : html`<button @click=${() => act("login")}>Log in</button>`}
    <button @click=${showKeys} aria-label="Keys" title="Keys (?)">?</button>
  </span>`;

function alarmSign() {
  const number = activeAlarms().length;
  return number === 0 ? null : html`<a class="alarms" href="#/">▲ ${number} ${number === 1 ? "alarm" : "alarms"}</a>`;
}

/** Log in or out; what it takes is loaded then. */
async function act(verb) {
  await (await import("./login.js"))[verb]();
}

function switchTheme() {
  nextTheme();
  changed();
}
