/** A list that the server gives page by page, the newest first. */

import { fetchJson, query } from "./api.js";
import { changed } from "./store.js";

const NUMBER = 50;
const MOST = 1000;

/** The list of a path. `found` is what there is so far, `wanted` what else is asked for. */
export class Pages {
  constructor(path, wanted = {}) {
    Object.assign(this, { path, wanted, found: [], more: false, problem: "", isLoading: true });
  }

  /** Look for new ones, unless people read older ones. */
  again() {
    if (this.found.length <= NUMBER) this.look();
  }

  look() {
    return this.ask({}, (found) => (this.found = found));
  }

  older() {
    return this.ask({ before: this.found.at(-1).number }, (found) => this.found.push(...found));
  }

  want(said) {
    Object.assign(this.wanted, said);
    this.look();
  }

  close() {
    this.asking?.abort();
  }

  async ask(more, take) {
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    try {
      const found = await fetchJson(query(this.path, { ...this.wanted, number: NUMBER, ...more }), { signal: asking.signal });
      take(found);
      Object.assign(this, { more: found.length >= NUMBER && this.found.length < MOST, problem: "", isLoading: false });
    } catch (error) {
      if (asking.signal.aborted) return;
      Object.assign(this, { problem: error.message, isLoading: false });
    }
    changed();
  }
}
