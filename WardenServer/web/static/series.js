/** A field over a time, as a plot can draw it. */

import { fetchJson, query } from "./api.js";
import { part, valueOf } from "./fields.js";
import { state } from "./store.js";
import { now } from "./time.js";

const LITTLE = 1e-3;

/**
 * Ask the history for a field. `entries` are the fields that are known, also retired ones; `range` and `cut` are as
 * /api/history takes them.
 *
 * Returns {id, name, unit, entry, level, shift, begin, end, time, value, low, high, gaps, labels}: `low` and `high` are
 * null where the values are raw; of text and states the values are places in `labels`. Times are moved by `shift` seconds.
 */
export async function fetchSeries(id, entries, range, { points, cut, shift = 0, name = id, signal }) {
  const found = await fetchJson(query("/api/history", { ...part(id, entries), range, points, cut }), { signal });
  const entry = entries[id] ?? {};
  const about = { id, name, unit: entry.unit ?? found.unit ?? "", entry, level: found.level, shift };
  const [begin, end] = [found.begin + shift, found.end + shift];
  const series = { ...about, begin, end, time: [], value: [], low: found.min ? [] : null, high: found.max ? [] : null, gaps: [], labels: null };
  fill(series, found);
  return series;
}

/** A range for /api/history, `shift` seconds before the bounds. */
export const rangeOf = ([from, to], shift = 0) => `${(from - shift).toFixed(3)}..${(to - shift).toFixed(3)}`;

function fill(series, found) {
  const { shift } = series;
  series.gaps = found.gaps.map((gap) => ({ ...gap, begin: gap.begin + shift, end: gap.end && gap.end + shift }));
  series.labels = labelsOf(found.value ?? found.mean ?? [], found.before?.[1]);
  begin(series, found);
  found.time.forEach((time, place) => add(series, time + shift, (found.value ?? found.mean)[place], found.min?.[place], found.max?.[place]));
  for (const gap of series.gaps) cut(series, gap);
}

/** A raw series begins with the last value before, unless nobody looked then. */
function begin(series, { before, level }) {
  const inGap = series.gaps.some((gap) => gap.begin <= series.begin && series.begin <= gap.end);
  if (before && level === "raw" && !inGap) add(series, series.begin, before[1]);
}

/** Add a sample at the end. */
export function add(series, time, value, low = null, high = null) {
  const number = asPlace(series, value);
  series.time.push(time);
  series.value.push(number);
  series.low?.push(low ?? number);
  series.high?.push(high ?? number);
}

function asPlace({ labels }, value) {
  if (value === null || value === undefined || Array.isArray(value)) return null;
  if (!labels) return typeof value === "number" ? value : null;
  if (!labels.includes(String(value))) labels.push(String(value));
  return labels.indexOf(String(value));
}

function labelsOf(values, before) {
  const one = [before, ...values].find((value) => value !== null && value !== undefined);
  return typeof one === "string" || typeof one === "boolean" ? (typeof one === "boolean" ? ["false", "true"] : []) : null;
}

/** Let the line end where a gap begins: the last value holds until then. */
function cut(series, gap) {
  const place = series.time.findIndex((time) => time > gap.begin);
  const at = place < 0 ? series.time.length : place;
  if (at === 0) return;
  const columns = [[series.time, gap.begin, gap.begin + LITTLE], ...["value", "low", "high"].map((name) => [series[name], series[name]?.[at - 1], null])];
  for (const [column, first, second] of columns) column?.splice(at, 0, first, second);
}

/** Add what the stream has brought since, and forget what is before `from`. */
export function follow(series, from) {
  if (series.shift) return;
  const value = valueOf(series.id);
  const stamp = state.documents[part(series.id).key]?.timestamp ?? now();
  if (value !== undefined && stamp > (series.time.at(-1) ?? 0)) add(series, stamp, value);
  const old = series.time.findIndex((time) => time >= from) - 1; // the last one before holds into the window
  if (old > 0) for (const column of [series.time, series.value, series.low, series.high]) column?.splice(0, old);
}
