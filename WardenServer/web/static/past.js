/** A field's line from the history, with what the stream brings since. */

import { fetchJson, query } from "./api.js";
import { part } from "./fields.js";
import { asNumber, LENGTH, Ring, samplesOf } from "./samples.js";
import { changed } from "./store.js";

/** The line of a field over a range, such as "hour": empty until the history has answered, or where it has nothing. */
export class Past {
  constructor(id, range) {
    this.id = id;
    this.ring = new Ring();
    this.walk = (each) => this.go(each);
    this.fetch(range);
  }

  async fetch(range) {
    const found = await fetchJson(query("/api/history", { ...part(this.id), range, points: LENGTH })).catch(() => null);
    const values = found?.mean ?? found?.value ?? [];
    values.forEach((value, place) => this.ring.put(found.time[place], asNumber(value)));
    changed();
  }

  /** Call `each(time, value)` from the oldest to the newest. */
  go(each) {
    const live = samplesOf(this.id);
    this.ring.walk((time, value) => time < live.first && each(time, value));
    live.walk(each);
  }
}
