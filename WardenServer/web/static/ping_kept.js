/** A part of a view that is large and seldom changes: it is not rendered each second with the rest. */

import { render } from "./vendor/lit-html/lit-html.js";

/** The part. `of` is what it was made of last. */
export class Kept {
  constructor() {
    Object.assign(this, { place: null, of: [] });
  }

  /** Render `content()` into a place if that, or something that it is made of, is another than last time; says whether. */
  show(place, content, of) {
    if (place === this.place && of.every((each, number) => each === this.of[number])) return false;
    Object.assign(this, { place, of });
    if (place) render(content(), place);
    return place !== null;
  }
}
