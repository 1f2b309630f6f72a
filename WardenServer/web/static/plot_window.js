/** The time that a plot shows: a span that ends now and goes with it, or a fixed period. In Unix seconds. */

import { now } from "./time.js";

/** The least and the most that can be shown, in seconds. */
export const LEAST = 60;
export const MOST = 366 * 86400;

/** Spans to choose, with their names. */
export const SPANS = [
  [60, "1 min"], [600, "10 min"], [3600, "1 h"], [8 * 3600, "8 h"], [86400, "1 d"], [7 * 86400, "1 w"],
  [30 * 86400, "1 month"], [365 * 86400, "1 y"],
];
const DEFAULT = 3600;
const AHEAD = 0.04;

const fitting = (span) => Math.min(MOST, Math.max(LEAST, span || DEFAULT));

/** The last `span` seconds, and on. */
export const live = (span) => ({ span: fitting(span), end: null });

/** From a time to a time. */
export const fixed = (from, to) => ({ span: fitting(to - from), end: from + fitting(to - from) });

/** The window that the parameters of an address name. */
export function fromParameters(parameters) {
  const [from, to, span] = ["from", "to", "span"].map((name) => Number(parameters.get(name)));
  return from > 0 && to > from ? fixed(from, to) : live(span);
}

/** The parameters of an address for a window. */
export function toParameters(view) {
  return view.end === null ? { span: view.span } : { from: round(view.end - view.span), to: round(view.end) };
}

const round = (time) => Number(time.toFixed(3));

/** Begin and end; a live window goes a little beyond now. */
export function bounds(view) {
  const end = view.end ?? now() + AHEAD * view.span;
  return [view.end === null ? end - (1 + AHEAD) * view.span : end - view.span, end];
}

/** The window around the same middle, `factor` times as long; a live one stays live. */
export function zoom(view, factor) {
  const span = fitting(view.span * factor);
  return { span, end: view.end === null ? null : Math.min(view.end + (span - view.span) / 2, now()) };
}

/** The window moved by a share of its length; one that reaches now is live. */
export function move(view, share) {
  const end = (view.end ?? now()) + share * view.span;
  return { span: view.span, end: end >= now() ? null : end };
}
