/** A field's line from the history, with what the stream brings since. */

import { fetchJson, query } from "./api.js";
import { part } from "./fields.js";
import { asNumber, LENGTH, Ring, samplesOf } from "./samples.js";
import { changed } from "./store.js";

/** The line of a field over a range, such as "hour", and with a cut as /api/history takes them: empty until the history has answered, or where it has nothing. */
export class Past {
  constructor(id, range, cut) {
    this.id = id;
    this.ring = new Ring();
    this.walk = (each) => this.go(each);
    this.fetch(range, cut);
  }

  async fetch(range, cut) {
    const found = await fetchJson(query("/api/history", { ...part(this.id), range, cut, points: LENGTH })).catch(() => null);
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
