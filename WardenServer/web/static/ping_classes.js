/** Classes of values, from good to bad: by colour, by sign and by name. */

import { plain } from "./format.js";
import { html, nothing } from "./vendor/lit-html/lit-html.js";

/** Colours in ping.css: the last one is for what is worst. */
const LEVELS = 6;

/** Whether greater values are better: limits of the classes fall then. */
export function isFalling(classes) {
  return classes.length > 2 && classes[1].below < classes[0].below;
}

/** The place of a value's class among them; -1 where it has none. */
export function placeOf(classes, value) {
  if (value === null) return -1;
  const falls = isFalling(classes);
  return classes.findIndex(({ below }) => below === null || (falls ? value >= below : value < below));
}

/** The name of the colour of a class. */
export function levelOf(classes, place) {
  return place < 0 ? "" : `level-${Math.round((place * (LEVELS - 1)) / Math.max(1, classes.length - 1))}`;
}

/** A value in few digits. */
export const short = (value) => plain(value, { format: "%.3g" });

/** A value with unit and class, as text. */
export function inWords({ unit, classes }, value) {
  if (value === null) return "no value";
  const place = placeOf(classes, value);
  return `${short(value)}${unit ? ` ${unit}` : ""}${place < 0 ? "" : `, ${classes[place].name}`}`;
}

/** What the colours and signs mean; `values` are those that are shown, to be counted. */
export function legend({ unit, classes }, values) {
  if (classes.length === 0) return nothing;
  const places = values.map((value) => placeOf(classes, value));
  const number = (place) => places.filter((each) => each === place).length;
  return html`
    <ul class="legend classes" aria-label="Classes">${classes.map(({ name, sign }, place) => html`
      <li><span class="sign ${levelOf(classes, place)}">${sign}</span> <b>${name}</b> <span class="quiet">${reach(classes, place, unit)}</span>: ${number(place)}</li>`)}
      <li><span class="sign">—</span> <b>no value</b>: ${number(-1)}</li>
    </ul>`;
}

function reach(classes, place, unit) {
  const isLast = classes[place].below === null;
  const limit = `${classes[isLast ? place - 1 : place].below}${unit ? ` ${unit}` : ""}`;
  return isLast === isFalling(classes) ? `below ${limit}` : `from ${limit} on`;
}
