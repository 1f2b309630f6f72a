/** The plot of one pair: values hold for their hour or day, and where there is none is a gap. Times are in UTC, as in all tables. */

import { Plot } from "./plot.js";

const LITTLE = 1e-3;

/** A plot that writes its times in UTC. */
export class PairPlot extends Plot {
  /** Whether it has to be drawn anew, such as in other colours. */
  get isOld() {
    return this.kind === "";
  }

  options() {
    return { ...super.options(), tzDate: (time) => this.uPlot.tzDate(new Date(time * 1000), "UTC") };
  }
}

/** What the server has said of a pair as a line for the plot. */
export function lineOf({ metric, unit, start, step, values }) {
  const line = { id: metric, name: metric, unit, shift: 0, low: null, labels: null, entry: {}, time: [], value: [], gaps: gapsOf({ start, step, values }) };
  values.forEach((value, place) => add(line, start + place * step, step, value, values[place + 1] ?? null));
  return line;
}

/** A value, and the end of the line where none follows. */
function add({ time, value: column }, at, step, value, next) {
  if (value === null) return;
  time.push(at);
  column.push(value);
  if (next !== null) return;
  time.push(at + step, at + step + LITTLE);
  column.push(value, null);
}

/** The times without a value: [{begin, end, reason}]. */
export function gapsOf({ start, step, values }) {
  const gaps = [];
  values.forEach((value, place) => {
    if (value !== null) return;
    if (place > 0 && values[place - 1] === null) gaps.at(-1).end += step;
    else gaps.push({ begin: start + place * step, end: start + (place + 1) * step, reason: "no values" });
  });
  return gaps;
}
