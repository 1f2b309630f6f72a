/** The values of a pair with the packets they are made of: as a table, and in words at a time. */

import { inWords, levelOf, placeOf, short } from "./ping_classes.js";
import { DAY, dayOf } from "./ping_days.js";
import { gapsOf } from "./ping_plot.js";
import { html, nothing } from "./vendor/lit-html/lit-html.js";

/** A time of a series as "2026-11-25 13:00", or as its day. */
const written = (time, step) => (step < DAY ? new Date(time * 1000).toISOString().slice(0, 16).replace("T", " ") : dayOf(time));

/** The newest `number` values as a table; `more` shows more of them. */
export function counts(found, metric, number, more) {
  const { values, unit, step } = found;
  const places = [...values.keys()].slice(-number).reverse();
  return html`
    <div class="data" role="region" aria-label="Values" tabindex="0"><table>
      <caption>${places.length < values.length ? `The newest ${places.length} of ${values.length}` : `All ${values.length}`} ${step < DAY ? "hours" : "days: means of their hours, sums of packets"}.</caption>
      <thead><tr><th scope="col">${step < DAY ? "Hour" : "Day"} (UTC)</th><th scope="col" class="number">Value${unit ? ` (${unit})` : ""}</th><th scope="col">Class</th>
        <th scope="col" class="number">Sent</th><th scope="col" class="number">Received</th></tr></thead>
      <tbody>${places.map((place) => row(found, metric, place))}</tbody>
    </table></div>
    ${places.length < values.length ? html`<button class="more" @click=${more}>Older ones</button>` : nothing}`;
}

function row({ values, sent, received, start, step }, { classes }, place) {
  const value = values[place];
  const at = placeOf(classes, value);
  return html`
    <tr><th scope="row">${written(start + place * step, step)}</th><td class="number">${short(value)}</td>
      <td>${at < 0 ? "" : html`<span class="sign ${levelOf(classes, at)}">${classes[at].sign}</span> ${classes[at].name}`}</td>
      <td class="number">${short(sent[place])}</td><td class="number">${short(received[place])}</td></tr>`;
}

/** What there is at a time, in words; "" where the series does not reach. */
export function pointed({ values, sent, received, start, step }, metric, time) {
  const place = Math.floor((time - start) / step);
  if (!(place >= 0 && place < values.length)) return "";
  const packets = sent[place] === null ? "packets are not known" : `${received[place]} of ${sent[place]} packets received`;
  return `${written(start + place * step, step)} UTC: ${inWords(metric, values[place])}; ${packets}`;
}

/** All of it in a sentence: the mean, the packets, and how much is missing. */
export function overall(found, metric) {
  const { values, sent, received, step } = found;
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return "There is no value on these days.";
  const sum = (column) => column.reduce((all, each) => all + (each ?? 0), 0);
  const mean = inWords(metric, sum(known) / known.length);
  const missing = values.length - known.length;
  const unit = step < DAY ? "hours" : "days";
  const packets = sent.some((each) => each !== null) ? `${short(sum(received))} of ${short(sum(sent))} packets received` : "packets are not known";
  return `Mean ${mean}; ${packets}; ${missing ? `${missing} of ${values.length} ${unit} have no value, in ${gapsOf(found).length} gaps` : `all ${values.length} ${unit} have values`}.`;
}
