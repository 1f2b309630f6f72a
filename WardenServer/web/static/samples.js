/** The last minutes of fields as numbers, from what the stream brought; only of fields that somebody looks at. */

import { isStale, valueOf } from "./fields.js";
import { onMessage, state } from "./store.js";

/** Samples that are kept of a field, and the least time between two in seconds. */
export const LENGTH = 120;
const APART = 0.9;

/** A ring of samples; `values` are NaN where there was none. */
export class Ring {
  times = new Float64Array(LENGTH);
  values = new Float64Array(LENGTH);
  count = 0;

  put(time, value) {
    if (this.count > 0 && time - this.times[(this.count - 1) % LENGTH] < APART) return;
    this.times[this.count % LENGTH] = time;
    this.values[this.count % LENGTH] = value;
    this.count += 1;
  }

  /** The time of the oldest sample; Infinity where there is none. */
  get first() {
    return this.count > 0 ? this.times[Math.max(0, this.count - LENGTH) % LENGTH] : Infinity;
  }

  /** Call `each(time, value)` from the oldest to the newest. */
  walk(each) {
    for (let place = Math.max(0, this.count - LENGTH); place < this.count; place += 1) {
      each(this.times[place % LENGTH], this.values[place % LENGTH]);
    }
  }
}

const rings = new Map();

/** The samples of a field from now on. */
export function samplesOf(id) {
  if (!rings.has(id)) rings.set(id, new Ring());
  return rings.get(id);
}

const wanted = new Map();

/** Keep the samples of these fields for a view, also while another one is open, and forget what no view wants. */
export function keepFor(view, ids) {
  wanted.set(view, ids);
  const all = new Set([...wanted.values()].flat());
  for (const id of all) samplesOf(id);
  for (const id of rings.keys()) if (!all.has(id)) rings.delete(id);
}

/** A value as a number for a line; NaN where it is none. */
export function asNumber(value) {
  return typeof value === "number" || typeof value === "boolean" ? Number(value) : NaN;
}

onMessage((time) => {
  for (const [id, ring] of rings) ring.put(time, state.hubGone || isStale(id) ? NaN : asNumber(valueOf(id)));
});
