/** The wall: large letters, pages that take turns, a clock, and a red border when nothing comes any more. */

import { activeAlarms, counts, inOrder, isBad, shownState, SIGNS } from "./agents.js";
import { problem } from "./banner.js";
import { isStale, mainField, valueOf } from "./fields.js";
import { withUnit } from "./format.js";
import { shownHub } from "./header.js";
import { loadSheet } from "./sheet.js";
import { changed, state } from "./store.js";
import { clock, day, now, shortTime, zoneShort } from "./time.js";
import { html, nothing, render } from "./vendor/lit-html/lit-html.js";

const TURN = 12_000;
const TILE = { width: 260, height: 130, around: 150 };
const MOST_ALARMS = 6;

/** Open the wall in `root`; the parameter `field`, given as often as you like, names fields for a page of their own. */
export function open(root, { parameters }) {
  loadSheet("wall.css");
  const wall = { number: 0, isPaused: false, fields: parameters.getAll("field") };
  const turn = setInterval(() => wall.isPaused || go(wall, 1), TURN);
  const keys = (event) => press(event, wall);
  addEventListener("keydown", keys);
  return {
    update() {
      document.body.classList.toggle("dead", problem() !== "");
      render(content(wall), root);
    },
    close() {
      clearInterval(turn);
      removeEventListener("keydown", keys);
      document.body.classList.remove("dead");
    },
  };
}

function go(wall, step) {
  wall.number += step;
  changed();
}

function pause(wall) {
  wall.isPaused = !wall.isPaused;
  changed();
}

function press(event, wall) {
  if (event.target.closest?.("button, dialog")) return;
  if (event.key === " ") event.preventDefault();
  if (event.key === " ") pause(wall);
  if (event.key === "ArrowRight") go(wall, 1);
  if (event.key === "ArrowLeft") go(wall, -1);
  if (event.key === "Escape") location.hash = "#/";
}

function content(wall) {
  const pages = allPages(wall.fields);
  const number = ((wall.number % pages.length) + pages.length) % pages.length;
  return html`
    <h1 class="hidden">Wall</h1>
    <div class="wall-top">
      <span class="state hub-${shownHub()}">${shownHub()}</span> <b>${state.instance}</b>
      <time>${clock(now())} <small>${zoneShort(now())}</small></time>
    </div>
    <div class="wall-page">${pages[number]()}</div>
    <div class="wall-foot">
      <span>${day(now())}</span>
      <span>Page ${number + 1} of ${pages.length}</span>
      <button @click=${() => pause(wall)}>${wall.isPaused ? "▶ Go on" : "❚❚ Pause"}</button>
      <a href="#/">Leave</a>
    </div>`;
}

/** The pages as functions: a summary, the fields that were asked for, and the agents. */
function allPages(fields) {
  const parted = (all, page) => chunks(all, tilesOnPage()).map((part) => () => html`<div class="tiles">${part.map(page)}</div>`);
  return [summary, ...parted(fields, fieldTile), ...parted(inOrder(), agentTile)];
}

function tilesOnPage() {
  const across = Math.max(1, Math.floor(innerWidth / TILE.width));
  return across * Math.max(1, Math.floor((innerHeight - TILE.around) / TILE.height));
}

function chunks(list, size) {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, page) => list.slice(page * size, (page + 1) * size));
}

const summary = () => html`
  <ul class="wall-counts">${counts().map(([shown, number]) => html`
    <li class="state-${shown.replace(" ", "-")}"><b>${number}</b> ${SIGNS[shown]} ${shown}</li>`)}</ul>
  ${alarms(activeAlarms())}`;

function alarms(active) {
  if (active.length === 0) return html`<p class="wall-alarm quiet">No alarm.</p>`;
  const more = active.length - MOST_ALARMS;
  return html`
    ${active.slice(0, MOST_ALARMS).map(([name, { severity, text, since }]) => html`
      <p class="wall-alarm severity-${severity}">▲ <b>${name}</b> ${text} <span class="quiet">since ${shortTime(since)}</span></p>`)}
    ${more > 0 ? html`<p class="wall-alarm">… and ${more} more.</p>` : nothing}`;
}

function agentTile(name) {
  const shown = shownState(state.agents[name]);
  const id = mainField(name);
  const hasValue = id && (!isBad(shown) || shown === "stale");
  return tile(`${SIGNS[shown]} ${name}`, hasValue ? null : shown, id, isBad(shown) ? `state-${shown}` : "");
}

const fieldTile = (id) => tile(state.fields[id]?.label ?? id, null, id, "");

const tile = (title, said, id, kind) => html`
  <div class="tile ${kind}">
    <span class="name">${title}</span>
    <b>${said ?? withUnit(valueOf(id), state.fields[id])}</b>
    ${said === null && isStale(id) ? html`<span class="stale-sign">◷ stale</span>` : nothing}
  </div>`;
