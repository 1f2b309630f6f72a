/** Fills the elements of pages of one's own: <span data-warden="value" data-key="K" data-field="F"> and others. */

import { isStale, join, valueOf } from "./fields.js";
import { withUnit } from "./format.js";
import { Past } from "./past.js";
import { loadPlot, Plot } from "./plot.js";
import { bounds, live } from "./plot_window.js";
import { address } from "./route.js";
import { fetchSeries, follow } from "./series.js";
import { loadSheet } from "./sheet.js";
import { drawSparkline } from "./sparkline.js";
import { start, state, subscribe } from "./store.js";
import { now } from "./time.js";

const SPANS = { hour: 3600, day: 86400, week: 7 * 86400, month: 30 * 86400, year: 365 * 86400, all: 366 * 86400 };
const POINTS = 600;
const HEIGHT = 260;
const AGAIN = 60_000;

/** What fills each kind of element: called once, it returns what is called whenever something has changed. */
const KINDS = { value, plot, sparkline, sparkrow, plotlink };

function begin() {
  for (const name of ["colours.css", "elements.css"]) loadSheet(name);
  const places = [...document.querySelectorAll("[data-warden]")];
  const updates = places.map((place) => KINDS[place.dataset.warden]?.(place, about(place))).filter(Boolean);
  subscribe(() => updates.forEach((update) => update()));
  start();
}

/** What an element is about. `length` is that of a range that ends now in seconds, undefined where it is a fixed one. */
function about({ dataset: { key, field = "value", range = "day", label, cut } }) {
  return { id: join(key, field), range, length: SPANS[range], label, cut };
}

function add(place, tag, kind = "") {
  const made = Object.assign(document.createElement(tag), { className: kind });
  place.append(made);
  return made;
}

function value(place, { id }) {
  return () => {
    const isOld = isStale(id);
    place.textContent = withUnit(valueOf(id), state.fields[id]) + (isOld ? " ◷ stale" : "");
    place.classList.toggle("stale", isOld);
    place.title = valueOf(id) === undefined ? `Memcached has no ${id} now` : id;
  };
}

function sparkline(place, { id, range, length = SPANS.day, cut }) {
  const canvas = add(place, "canvas", "spark");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${id}, ${range}`);
  let past = null;
  return () => {
    past ??= state.heard ? new Past(id, range, cut) : null;
    if (past) drawSparkline(canvas, past.walk, now() - length, now());
  };
}

function sparkrow(place, said) {
  plotlink(add(place, "span", "label"), said);
  const updates = [value(add(place, "b"), said), sparkline(add(place, "span"), said)];
  return () => updates.forEach((update) => update());
}

function plotlink(place, { id, range, length, label }) {
  const [from, to] = length ? [] : range.split("..").map((time) => Number(time) || Date.parse(time) / 1000 || now());
  const link = add(place, "a");
  link.href = `/${address("plots", "", { field: id, span: length, from, to })}`;
  link.textContent = label || id;
}

function plot(place, said) {
  const figure = add(place, "div", "plot");
  figure.setAttribute("role", "img");
  figure.setAttribute("aria-label", `Plot of ${said.id}, ${said.range}`);
  const shown = { ...said, figure, problem: add(place, "span", "wrong-tag"), series: null, plot: null };
  loadPlot().then((uPlot) => (shown.plot = new Plot(uPlot, figure, { height: HEIGHT })));
  return () => {
    if (state.heard && !(performance.now() - shown.asked < AGAIN)) ask(shown);
    if (shown.plot && shown.series) draw(shown);
  };
}

async function ask(shown) {
  const { id, range, cut, problem, asked, length } = shown;
  if (asked && !length) return;
  shown.asked = performance.now();
  try {
    shown.series = await fetchSeries(id, state.fields, range, { points: POINTS, cut });
    problem.textContent = "";
  } catch (error) {
    problem.textContent = error.message;
  }
}

/** A range that ends now goes on with what the stream brings; one with a cut or a fixed end stays. */
function draw({ plot: drawn, series, length, cut }) {
  const view = length ? bounds(live(length)) : [series.begin, series.end];
  if (length && !cut) follow(series, view[0]);
  drawn.show([series], view);
}

begin();
