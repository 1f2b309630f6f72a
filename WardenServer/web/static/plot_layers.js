/** What lies on a plot beside the lines: gaps with their reasons, limits, and the line of now. */

import { colour } from "./theme.js";
import { now } from "./time.js";

const LIMITS = [
  ["min_alarm", "--alarm"], ["max_alarm", "--alarm"], ["min_warning", "--warning"], ["max_warning", "--warning"],
];
const LEAST_WIDTH = 3;

/** The limits that a field's entry names: [{name, value, ink}]. */
export function limitsOf({ entry, shift, labels }) {
  if (shift || labels) return [];
  const said = LIMITS.map(([name, ink]) => ({ name, ink, value: entry?.[name] === undefined ? NaN : Number(entry[name]) }));
  return said.filter(({ value }) => Number.isFinite(value));
}

function letters(pen, ink) {
  Object.assign(pen, { fillStyle: colour(ink), font: `${12 * devicePixelRatio}px system-ui, sans-serif`, textBaseline: "top", textAlign: "left" });
}

/** The gaps of all series, each once: {begin, end, reason}. Those of a second period count as gaps of their own. */
export function gapsOf(series) {
  const key = ({ begin, end, reason }) => `${Math.round(begin)} ${Math.round(end ?? 0)} ${reason}`;
  return [...new Map(series.flatMap(({ gaps }) => gaps).map((gap) => [key(gap), gap])).values()];
}

/** Shade each gap, and write its reason into it where there is room; the list below has all. */
export function drawGaps(chart, series) {
  for (const gap of gapsOf(series)) drawGap(chart, gap);
}

function drawGap(chart, { begin, end, reason }) {
  const { ctx: pen, bbox } = chart;
  const [left, right] = [begin, end ?? now()].map((time) => clip(chart.valToPos(time, "x", true), bbox));
  if (right - left < 1) return;
  pen.save();
  pen.fillStyle = colour("--plain-ground");
  pen.fillRect(left, bbox.top, Math.max(right - left, LEAST_WIDTH), bbox.height);
  letters(pen, "--quiet");
  const [pad, room] = [4 * devicePixelRatio, right - left];
  if (pen.measureText(reason).width + 2 * pad < room) pen.fillText(reason, left + pad, bbox.top + pad);
  pen.restore();
}

const clip = (place, { left, width }) => Math.min(left + width, Math.max(left, place));

/** Draw each limit as a dashed line with its name. */
export function drawLimits(chart, series) {
  series.forEach((one, place) => {
    const { scale } = chart.series[lineNumber(series, place)];
    for (const limit of limitsOf(one)) drawLimit(chart, scale, limit, series.length > 1 ? `${one.entry.field} ` : "");
  });
}

/** The number of a series' line in uPlot, where a band counts as two more. */
export function lineNumber(series, place) {
  return 1 + series.slice(0, place).reduce((sum, { low }) => sum + (low ? 3 : 1), 0);
}

function drawLimit(chart, scale, { name, value, ink }, begin) {
  const { ctx: pen, bbox } = chart;
  const height = chart.valToPos(value, scale, true);
  if (!(height >= bbox.top && height <= bbox.top + bbox.height)) return;
  pen.save();
  line(pen, colour(ink), [bbox.left, height], [bbox.left + bbox.width, height], [10, 4]);
  letters(pen, ink);
  pen.fillText(`${begin}${name.replace("_", " ")} ${value}`, bbox.left + 6 * devicePixelRatio, height + 2 * devicePixelRatio);
  pen.restore();
}

function line(pen, ink, from, to, dash) {
  Object.assign(pen, { strokeStyle: ink, lineWidth: 1.2 * devicePixelRatio });
  pen.setLineDash(dash.map((length) => length * devicePixelRatio));
  pen.beginPath();
  pen.moveTo(...from);
  pen.lineTo(...to);
  pen.stroke();
}

/** Draw the line of now, where now is in the plot. */
export function drawNow(chart) {
  const { ctx: pen, bbox } = chart;
  const left = chart.valToPos(now(), "x", true);
  if (!(left >= bbox.left && left <= bbox.left + bbox.width)) return;
  pen.save();
  line(pen, colour("--good"), [left, bbox.top], [left, bbox.top + bbox.height], [2, 3]);
  letters(pen, "--good");
  pen.textAlign = "right";
  pen.fillText("now", left - 4 * devicePixelRatio, bbox.top + bbox.height - 18 * devicePixelRatio);
  pen.restore();
}
