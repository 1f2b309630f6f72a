/** Fills the elements of pages of one's own: <span data-warden="value" data-key="K" data-field="F"> and others. */

import { isStale, join, valueOf } from "./fields.js";
import { withUnit } from "./format.js";
import { Past } from "./past.js";
import { loadPlot, Plot } from "./plot.js";
import { bounds, live } from "./plot_window.js";
import { address } from "./route.js";
import { fetchSeries, follow } from "./series.js";
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
  for (const name of ["colours.css", "elements.css"]) {
    document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: `/static/${name}` }));
  }
  const places = [...document.querySelectorAll("[data-warden]")];
  const updates = places.map((place) => KINDS[place.dataset.warden]?.(place, about(place))).filter(Boolean);
  subscribe(() => updates.forEach((update) => update()));
  start();
}

function about({ dataset: { key, field = "value", range = "day", label } }) {
  return { id: join(key, field), range: range in SPANS ? range : "day", label };
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

function sparkline(place, { id, range }) {
  const canvas = add(place, "canvas", "spark");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${id}, the last ${range}`);
  let past = null;
  return () => {
    past ??= state.heard ? new Past(id, range) : null;
    if (past) drawSparkline(canvas, past.walk, now() - SPANS[range], now());
  };
}

function sparkrow(place, said) {
  plotlink(add(place, "span", "label"), said);
  const updates = [value(add(place, "b"), said), sparkline(add(place, "span"), said)];
  return () => updates.forEach((update) => update());
}

function plotlink(place, { id, range, label }) {
  const link = add(place, "a");
  link.href = `/${address("plots", "", { field: id, span: SPANS[range] })}`;
  link.textContent = label || id;
}

function plot(place, { id, range, label }) {
  const shown = { series: null, window: live(SPANS[range]) };
  if (label) add(place, "span", "label").textContent = label;
  const figure = add(place, "div", "plot");
  figure.setAttribute("role", "img");
  figure.setAttribute("aria-label", `Plot of ${id}, the last ${range}`);
  const problem = add(place, "span", "wrong-tag");
  loadPlot().then((uPlot) => (shown.plot = new Plot(uPlot, figure, { height: HEIGHT })));
  return () => {
    if (state.heard && !(performance.now() - shown.asked < AGAIN)) ask(shown, id, problem);
    draw(shown);
  };
}

async function ask(shown, id, problem) {
  shown.asked = performance.now();
  try {
    shown.series = await fetchSeries(id, state.fields, bounds(shown.window), { points: POINTS });
    problem.textContent = "";
  } catch (error) {
    problem.textContent = error.message;
  }
}

function draw({ plot: drawn, series, window }) {
  if (!drawn || !series) return;
  follow(series, bounds(window)[0]);
  drawn.show([series], bounds(window));
}

begin();
