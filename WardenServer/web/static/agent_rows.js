/** The rows of the overview: only those on the screen are drawn again as time goes by. */

import { isBad, nextRun, remark, shownState, SIGNS } from "./agents.js";
import { ageOfAgent, isStale, mainField, valueOf } from "./fields.js";
import { milliseconds, withUnit } from "./format.js";
import { address } from "./route.js";
import { samplesOf } from "./samples.js";
import { drawSparkline } from "./sparkline.js";
import { state } from "./store.js";
import { now, span } from "./time.js";
import { html, render } from "./vendor/lit-html/lit-html.js";

/** Seconds that a line shows, and the least milliseconds between two drawings of the lines. */
const SHOWN = 120;
const APART = 900;

/** The rows in a table, one for each agent; `changed` is called when others come onto the screen. */
export class Rows {
  constructor(changed) {
    this.rows = new Map();
    this.drawn = -APART;
    this.observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) target.isSeen = isIntersecting;
      changed();
    }, { rootMargin: "100px" });
  }

  /** Show the rows of these agents, in this order. */
  show(body, names) {
    const wanted = new Set(names);
    for (const [name, row] of this.rows) if (!wanted.has(name)) this.drop(name, row);
    names.forEach((name, place) => put(body, place, this.rows.get(name) ?? this.make(name)));
    for (const name of names) draw(name, this.rows.get(name));
    if (performance.now() - this.drawn < APART) return;
    this.drawn = performance.now();
    for (const name of names) drawLine(name, this.rows.get(name)); // apart: they ask for widths, which costs a layout
  }

  make(name) {
    const row = document.createElement("tr");
    row.role = "row";
    row.dataset.agent = name;
    this.rows.set(name, row);
    this.observer.observe(row);
    return row;
  }

  drop(name, row) {
    this.observer.unobserve(row);
    row.remove();
    this.rows.delete(name);
  }

  close() {
    this.observer.disconnect();
  }
}

/** Move as little as can be: a row that moves may lose the focus. */
function put(body, place, row) {
  const there = body.children[place] ?? null;
  if (there === row) return;
  if (there?.nextSibling === row) body.append(there);
  else body.insertBefore(row, there);
}

/** Draw a row that is on the screen; another one only where its state has changed. */
function draw(name, row) {
  const shown = shownState(state.agents[name]);
  if (!row.isSeen && row.shown === shown) return;
  row.shown = shown;
  row.className = isBad(shown) ? "bad-row" : "";
  render(cells(name, state.agents[name], shown), row);
}

function drawLine(name, row) {
  const id = mainField(name);
  const canvas = row.isSeen && row.querySelector("canvas");
  if (id && canvas?.clientWidth) drawSparkline(canvas, (each) => samplesOf(id).walk(each), now() - SHOWN, now());
}

function cells(name, agent, shown) {
  const id = mainField(name);
  const next = nextRun(agent);
  return html`
    <td role="cell" class="state-column"><span class="state state-${shown.replace(" ", "-")}">${SIGNS[shown]} <span class="word">${shown}</span></span></td>
    <th scope="row" role="rowheader"><a href=${address("agent", name)}>${name}</a></th>
    <td role="cell" class=${id && isStale(id) ? "stale" : ""}>${id ? value(id) : "—"}</td>
    <td role="cell" class="wide"><canvas class="spark" aria-hidden="true"></canvas></td>
    <td role="cell" class="number">${age(agent)}</td>
    <td role="cell" class="number wide">${next === null ? "—" : dueIn(next)}</td>
    <td role="cell" class="number wide">${milliseconds(agent.lateness_p99)}</td>
    <td role="cell" class="says" title=${remark(agent)}>${remark(agent)}</td>`;
}

function value(id) {
  const text = withUnit(valueOf(id), state.fields[id]);
  return isStale(id) ? html`${text} <span class="stale-sign">◷ stale</span>` : text;
}

function age(agent) {
  const seconds = ageOfAgent(agent);
  return seconds === null ? "—" : span(seconds);
}

function dueIn(next) {
  return next - now() < 1 ? "now" : `in ${span(next - now())}`;
}
