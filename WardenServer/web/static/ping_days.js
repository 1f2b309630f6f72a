/** The days of a period, in UTC, as "2026-11-25". */

import { html } from "./vendor/lit-html/lit-html.js";

export const DAY = 86400;
const SPANS = [["Day", 1], ["Week", 7], ["Month", 30], ["Year", 365]];

/** The begin of a day in Unix seconds. */
export const timeOf = (day) => Date.parse(`${day}T00:00:00Z`) / 1000;

/** The day of a time. */
export const dayOf = (time) => new Date(time * 1000).toISOString().slice(0, 10);

/** So many days later; what is no day stays as it is. */
export const later = (day, days) => (Number.isNaN(timeOf(day)) ? day : dayOf(timeOf(day) + days * DAY));

/** How many days there are from the first to the last. */
export const lengthOf = (first, last) => Math.round((timeOf(last) - timeOf(first)) / DAY) + 1;

/** Fields and buttons to choose the days of a view. */
export function period(view) {
  const date = (name, label) => html`
    <label>${label} <input type="date" required .value=${view.wanted[name]} @change=${(event) => event.target.value && view.take({ [name]: event.target.value })}></label>`;
  return html`
    <div class="bar">
      ${date("first", "From")} ${date("last", "to")} <span class="quiet">UTC</span>
      ${SPANS.map(([name, days]) => html`<button type="button" @click=${() => view.span(days)}>${name}</button>`)}
      <button type="button" @click=${() => view.all()}>All</button>
      <button type="button" aria-label="Earlier" @click=${() => view.shift(-1)}>◀</button>
      <button type="button" aria-label="Later" @click=${() => view.shift(1)}>▶</button>
    </div>`;
}
