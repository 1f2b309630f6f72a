/** A parameter that is a number, over the numbers of the runs. */

import { plain } from "./format.js";
import { loadPlot } from "./plot.js";
import { changed } from "./store.js";
import { colour } from "./theme.js";

const HEIGHT = 240;
const LEAST = 2;
/** Distances of marks on the axis of runs: 1, 2, 5, 10, and so on. */
const STEPS = Array.from({ length: 45 }, (_, place) => [1, 2, 5][place % 3] * 10 ** Math.floor(place / 3));

/** The plot. What it needs is loaded when there is something to draw. */
export class ParameterPlot {
  constructor() {
    Object.assign(this, { chart: null, points: null, place: null, library: null, isLoading: false });
    this.again = () => this.draw();
    addEventListener("themechange", this.again);
    this.observer = new ResizeObserver(() => this.chart && this.place && this.chart.setSize({ width: this.width(), height: HEIGHT }));
  }

  /** Whether there is something to draw. */
  isWorth(points) {
    return numbers(points).length >= LEAST;
  }

  /** Draw points into a place; null where there is none. */
  show(place, points) {
    if (place && !this.library && !this.isLoading) this.load();
    if (!this.library || (place === this.place && points === this.points)) return;
    Object.assign(this, { place, points });
    this.observer.disconnect();
    if (place) this.observer.observe(place);
    this.draw();
  }

  async load() {
    this.isLoading = true;
    this.library = await loadPlot();
    changed();
  }

  draw() {
    this.chart?.destroy();
    this.chart = this.place ? new this.library(this.options(), data(this.points), this.place) : null;
  }

  options() {
    const thin = { stroke: colour("--edge"), width: 1 };
    const axis = { stroke: colour("--quiet"), grid: thin, ticks: thin, values: (chart, splits) => splits.map((value) => plain(value)) };
    const ink = colour("--line-1");
    return {
      width: this.width(), height: HEIGHT, scales: { x: { time: false } }, legend: { show: false }, cursor: { drag: { x: false, y: false } },
      axes: [{ ...axis, label: "Run", incrs: STEPS }, { ...axis, size: 66 }],
      series: [{}, { stroke: ink, width: 2, paths: this.library.paths.stepped({ align: 1 }), points: { show: true, size: 6, fill: ink } }],
    };
  }

  width() {
    return this.place.clientWidth || 300;
  }

  close() {
    removeEventListener("themechange", this.again);
    this.observer.disconnect();
    this.chart?.destroy();
    Object.assign(this, { chart: null, place: null });
  }
}

const numbers = (points) => points.filter(({ number }) => typeof number === "number");

/** Runs and values; what could not be read, or is no number, is a gap. */
const data = (points) => [points.map(({ run }) => Number(run)), points.map(({ number }) => number ?? null)];
