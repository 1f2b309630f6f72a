/** A plot: uPlot with our series, loaded when the first one is needed. */

import { drawGaps, drawLimits, drawNow, limitsOf } from "./plot_layers.js";
import { plain } from "./format.js";
import { loadSheet } from "./sheet.js";
import { colour } from "./theme.js";
import { zoneName } from "./time.js";

const COLOURS = 6;
const DASHES = [[], [8, 4], [2, 3], [12, 3, 2, 3], [5, 5], [1, 5]];
const NARROW = 600;
const MARGIN = 0.06;
/** For uPlot.join: a null ends the line until the next sample, whatever times other series have between. */
const NULLS_EXPAND = 2;
/** Marks on the axis of time by their distance in seconds, with what stands below where a year or a day begins. */
const DAY_BELOW = ["\n{D} {MMM} {YYYY}", null, "\n{D} {MMM}", null, null, null, 1];
const MARKS = [
  [365 * 86400, "{YYYY}", null, null, null, null, null, null, 1],
  [28 * 86400, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [86400, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [60, "{HH}:{mm}", ...DAY_BELOW],
  [1, "{HH}:{mm}:{ss}", ...DAY_BELOW],
];

let library = null;

/** Load uPlot; returns its class. */
export function loadPlot() {
  library ??= Promise.all([import("./vendor/uplot/uPlot.esm.js"), loadSheet("vendor/uplot/uPlot.min.css"), loadSheet("plots.css")]);
  return library.then(([module]) => module.default);
}

/** The colour of a series by its place, and its dashes: so that colour is not the only sign. */
export const inkOf = (place) => `--line-${(place % COLOURS) + 1}`;
export const dashOf = (place) => DASHES[Math.floor(place / COLOURS) % DASHES.length];

/** A plot in `root`. `onZoom(from, to)` is called when people drag over it, `onCursor(time)` when they point at a time. */
export class Plot {
  constructor(uPlot, root, { onZoom = null, onCursor = () => {}, height = 360 } = {}) {
    Object.assign(this, { uPlot, root, onZoom, onCursor, height, kind: "", chart: null, series: [] });
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(root);
    this.recolour = () => (this.kind = "");
    addEventListener("themechange", this.recolour);
  }

  /** Show series from a time to a time. */
  show(series, [from, to]) {
    this.series = series;
    const kind = JSON.stringify([series.map(({ name, unit, low, labels }) => [name, unit, low !== null, labels?.length])]);
    const data = this.join();
    if (kind !== this.kind) this.build(data);
    else this.chart.setData(data, false);
    this.kind = kind;
    this.chart.batch(() => this.chart.setScale("x", { min: from, max: to }));
  }

  /** All series on one axis of time. */
  join() {
    const tables = this.series.map(({ time, value, low, high }) => [time, value, ...(low ? [low, high] : [])]);
    return tables.length ? this.uPlot.join(tables, tables.map((table) => table.map(() => NULLS_EXPAND))) : [[]];
  }

  build(data) {
    this.chart?.destroy();
    this.chart = new this.uPlot(this.options(), data, this.root);
  }

  resize() {
    const width = this.root.clientWidth;
    if (this.chart && width > 0 && width !== this.chart.width) this.chart.setSize({ width, height: this.height });
  }

  /** End it. */
  destroy() {
    this.observer.disconnect();
    removeEventListener("themechange", this.recolour);
    this.chart?.destroy();
    this.chart = null;
  }

  options() {
    const [lines, bands] = this.lines();
    return {
      width: this.root.clientWidth || 300, height: this.height, series: [{}, ...lines], bands,
      scales: { x: { time: true }, ...this.scales() }, axes: this.axes(), legend: { show: false },
      tzDate: (time) => this.uPlot.tzDate(new Date(time * 1000), zoneName()),
      cursor: { drag: { x: this.onZoom !== null, y: false, setScale: false }, y: false, points: { size: 7 } },
      hooks: {
        drawAxes: [(chart) => drawGaps(chart, this.series)],
        draw: [(chart) => drawLimits(chart, this.series), drawNow],
        setSelect: [(chart) => this.select(chart)],
        setCursor: [(chart) => this.onCursor(chart.cursor.idx === null ? null : chart.posToVal(chart.cursor.left, "x"))],
      },
    };
  }

  select(chart) {
    const { left, width } = chart.select;
    if (width < 4) return;
    this.onZoom?.(chart.posToVal(left, "x"), chart.posToVal(left + width, "x"));
    chart.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  }

  lines() {
    const [lines, bands] = [[], []];
    this.series.forEach((series, place) => {
      const ink = colour(inkOf(place));
      lines.push(this.line(series, ink, dashOf(place)));
      if (!series.low) return;
      const edge = { scale: scaleOf(series), stroke: "transparent", width: 0, points: { show: false } };
      lines.push(edge, { ...edge });
      bands.push({ series: [lines.length, lines.length - 1], fill: withAlpha(ink, 0.22) });
    });
    return [lines, bands];
  }

  line(series, ink, dash) {
    const paths = series.low ? this.uPlot.paths.linear() : this.uPlot.paths.stepped({ align: 1 });
    const faded = series.shift ? { stroke: withAlpha(ink, 0.8), dash: [4, 4] } : { stroke: ink, dash };
    return { label: series.name, scale: scaleOf(series), width: 2, paths, points: { show: false }, ...faded };
  }

  scales() {
    return Object.fromEntries(this.series.map((series) => [scaleOf(series), { range: (chart, low, high) => this.range(scaleOf(series), low, high) }]));
  }

  /** The range of a scale: all values, and limits that are not far away. */
  range(scale, low, high) {
    if (low === null || low === undefined) return [0, 1];
    const reach = high - low || Math.abs(high) || 1;
    const limits = this.series.filter((series) => scaleOf(series) === scale).flatMap(limitsOf).map(({ value }) => value);
    const near = limits.filter((value) => value > low - reach && value < high + reach);
    const [least, most] = [Math.min(low, ...near), Math.max(high, ...near)];
    const margin = (most - least || Math.abs(most) || 1) * MARGIN;
    return [least - margin, most + margin];
  }

  axes() {
    const ink = { stroke: colour("--quiet"), grid: { stroke: withAlpha(colour("--quiet"), 0.2) }, ticks: { stroke: withAlpha(colour("--quiet"), 0.2) } };
    const firsts = new Map(this.series.map((series) => [scaleOf(series), series]).reverse());
    const several = [...firsts].reverse();
    const shown = this.root.clientWidth < NARROW ? several.slice(0, 1) : several.slice(0, 4);
    return [{ ...ink, values: MARKS, space: 70 }, ...shown.map(([scale, series], place) => axis(scale, series, place, ink))];
  }
}

/** Series of one unit share a scale; states and text have each their own. */
function scaleOf({ id, unit, labels }) {
  return labels ? `states ${id}` : `unit ${unit}`;
}

function axis(scale, { unit, labels, id }, place, ink) {
  const names = labels && { splits: () => labels.map((_, number) => number), values: () => labels.map((text) => text.slice(0, 12)), size: 90 };
  const grid = place > 0 ? { show: false } : ink.grid;
  return { ...ink, grid, scale, side: place % 2 ? 1 : 3, label: labels ? id : unit || undefined, size: 66, values: (chart, splits) => splits.map((value) => plain(value)), ...names };
}

function withAlpha(ink, alpha) {
  return ink.startsWith("rgb(") ? ink.replace("rgb(", "rgba(").replace(")", `, ${alpha})`) : `color-mix(in srgb, ${ink} ${alpha * 100}%, transparent)`;
}
