/** The data of a plot as a table and as CSV. */

import { plain } from "./format.js";
import { gapsOf } from "./plot_layers.js";
import { local, zoneName } from "./time.js";
import { html, nothing } from "./vendor/lit-html/lit-html.js";

const MOST_ROWS = 200;
const MOST_GAPS = 20;

/** The columns: [{name, series, part}], where a roll-up has its least and greatest values beside the mean. */
function columns(series) {
  return series.flatMap((one) => {
    const unit = one.unit ? ` (${one.unit})` : "";
    const parts = one.low ? [["value", " mean"], ["low", " min"], ["high", " max"]] : [["value", ""]];
    return parts.map(([part, end]) => ({ name: `${one.name}${end}${unit}`, series: one, part }));
  });
}

/** Time and values of each row, the oldest first; undefined where a series has no sample then. */
function rows(series) {
  const found = new Map();
  columns(series).forEach(({ series: one, part }, place) => {
    one.time.forEach((time, number) => {
      if (!found.has(time)) found.set(time, []);
      found.get(time)[place] = shown(one, one[part][number]);
    });
  });
  return [...found].sort(([one], [other]) => one - other);
}

function shown({ labels }, value) {
  return labels && value !== null && value !== undefined ? labels[value] : value;
}

/** The table, the newest first. */
export function table(series) {
  const all = rows(series);
  const newest = all.slice(-MOST_ROWS).reverse();
  return html`
    <div class="data" role="region" aria-label="Data table" tabindex="0"><table>
      <caption>${all.length > newest.length ? `The newest ${newest.length} of ${all.length} rows; CSV has all.` : `${all.length} rows.`}</caption>
      <thead><tr><th scope="col">Time (${zoneName()})</th>${columns(series).map(({ name }) => html`<th scope="col" class="number">${name}</th>`)}</tr></thead>
      <tbody>${newest.map(([time, values]) => html`
        <tr><th scope="row">${written(time)}</th>${columns(series).map(({ series: one }, place) => html`
          <td class="number">${values[place] === undefined ? "" : plain(values[place], one.entry)}</td>`)}</tr>`)}
      </tbody>
    </table></div>`;
}

/** Gaps as a list; those of a second period are in the plot only. */
export function gapList(series) {
  const gaps = gapsOf(series.filter(({ shift }) => !shift));
  if (gaps.length === 0) return nothing;
  return html`<ul class="gaps">${gaps.slice(0, MOST_GAPS).map(({ begin, end, reason }) => html`
    <li><b>Gap</b> ${written(begin)} to ${end ? written(end) : "now"}: ${reason}</li>`)}</ul>`;
}

const written = (time) => local(time).replace("T", " ");

/** The data as CSV: Unix seconds, time in the zone, and the values. */
export function csv(series) {
  const head = ["unix_seconds", `time (${zoneName()})`, ...columns(series).map(({ name }) => name)];
  const width = head.length - 2;
  const lines = rows(series).map(([time, values]) => [time, local(time), ...Array.from({ length: width }, (_, place) => values[place])]);
  return [head, ...lines].map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** A cell; text that a spreadsheet would take for a formula is kept as text. */
function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
