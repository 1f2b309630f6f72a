/** The matrix of pairs: a row for each source, a column for each target. Arrow keys go from pair to pair. */

import { isFalling, levelOf, placeOf, short } from "./ping_classes.js";
import { visible } from "./format.js";
import { html } from "./vendor/lit-html/lit-html.js";

/** Most rows, and columns, that are shown: more take a browser seconds, and nobody reads them. */
const MOST = 100;
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/**
 * A table as a matrix: {sources, targets, values, leftOut}. `values` are by `keyOf` pair: those of a point or, where it is
 * "", their mean; `leftOut` says what is not shown.
 */
export function matrixOf({ rows, points }, point, order, metric) {
  const place = points.indexOf(point);
  const all = new Map(rows.map(({ source, target, values }) => [keyOf(source, target), place < 0 ? mean(values) : values[place]]));
  const sorted = (side) => inOrder(rows, side, order === "worst" && ((row) => badness(all.get(keyOf(row.source, row.target)), metric)));
  const [sources, targets] = [sorted("source"), sorted("target")];
  const shown = { sources: sources.slice(0, MOST), targets: targets.slice(0, MOST) };
  const pairs = shown.sources.flatMap((source) => shown.targets.map((target) => keyOf(source, target)));
  const values = new Map(pairs.filter((key) => all.has(key)).map((key) => [key, all.get(key)]));
  const parts = Object.entries({ sources, targets }).filter(([, names]) => names.length > MOST);
  return { ...shown, values, leftOut: parts.map(([name, names]) => `${MOST} of ${names.length} ${name}`).join(", ") };
}

const keyOf = (source, target) => `${source}\n${target}`;

function mean(values) {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** How bad a value is, for order only: the greater, the worse; what has no value comes last. */
function badness(value, { classes }) {
  if (value === null) return -Infinity;
  return isFalling(classes) ? -value : value;
}

/** The names on one side, by name, or by the worst of their pairs. */
function inOrder(rows, side, badnessOf) {
  const worst = new Map();
  for (const row of rows) worst.set(row[side], Math.max(worst.get(row[side]) ?? -Infinity, badnessOf ? badnessOf(row) : 0));
  return [...worst.keys()].sort((one, other) => compare(worst.get(other), worst.get(one)) || compare(one, other));
}

const compare = (one, other) => (one < other ? -1 : one > other ? 1 : 0);

/** The matrix as a table. `link` gives the address of a pair, `inWords` what its value is, with the metric. */
export const grid = ({ sources, targets, values }, metric, link, inWords) => html`
  <div class="data matrix" role="region" aria-label="Matrix of pairs">
    <table role="grid" aria-label=${`${metric.name.replaceAll("_", " ")} of pairs; arrow keys go from pair to pair, Enter shows one`} @keydown=${move} @focusin=${remember}>
      <thead><tr><th scope="col" class="corner">From, <span class="to">to</span></th>${targets.map((target) => html`
        <th scope="col" title=${target}><span class="name">${visible(target)}</span></th>`)}</tr></thead>
      <tbody>${sources.map((source) => html`
        <tr><th scope="row" title=${source}><span class="name">${visible(source)}</span></th>${targets.map((target) => {
          const value = values.get(keyOf(source, target));
          return value === undefined ? html`<td></td>` : cell(metric, value, link(source, target), `${visible(source)} to ${visible(target)}: ${inWords(metric, value)}`);
        })}</tr>`)}</tbody>
    </table>
  </div>`;

function cell({ classes }, value, href, said) {
  const place = placeOf(classes, value);
  return html`<td class=${levelOf(classes, place)}><a tabindex="-1" href=${href} aria-label=${said} title=${said}>${short(value)} <span class="mark">${place < 0 ? "" : classes[place].sign}</span></a></td>`;
}

/** Let the Tab key reach one pair of the matrix in `root`: the arrow keys do the rest. */
export function ready(root) {
  const first = root.querySelector(".matrix a");
  if (first && !root.querySelector('.matrix a[tabindex="0"]')) first.tabIndex = 0;
}

/** The Tab key comes back to the pair that had the focus last. */
function remember(event) {
  for (const link of event.currentTarget.querySelectorAll('a[tabindex="0"]')) link.tabIndex = -1;
  event.target.tabIndex = 0;
}

function move(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  const found = toward(event.target.closest("td"), event.key);
  if (!found) return;
  event.preventDefault();
  found.focus();
}

/** The pair to which a key leads from a cell; nothing where it leads nowhere. */
function toward(from, key) {
  if (!from) return null;
  const links = [...from.parentElement.querySelectorAll("a")];
  if (key === "Home" || key === "End") return links.at(key === "Home" ? 0 : -1);
  if (!STEPS[key]) return null;
  const [down, right] = STEPS[key];
  const rows = [...from.closest("tbody").rows];
  let [row, column] = [from.parentElement.sectionRowIndex + down, from.cellIndex + right];
  while (rows[row]?.cells[column] && !rows[row].cells[column].querySelector("a")) [row, column] = [row + down, column + right];
  return rows[row]?.cells[column]?.querySelector("a");
}
