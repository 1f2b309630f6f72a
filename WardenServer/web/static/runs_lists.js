/** Rows of differences that were found, and of runs. */

import { post } from "./api.js";
import { say } from "./dialog.js";
import { visible } from "./format.js";
import { withToken } from "./login.js";
import { me } from "./me.js";
import { address } from "./route.js";
import { fullTime } from "./time.js";
import { html, nothing } from "./vendor/lit-html/lit-html.js";

/** Partitions that a row shows, and that an address has. */
const SOME = 5;
const MANY = 100;

/** The differences of a list, each with the beginning of its text. */
export const differenceRows = ({ found }) => html`
  <table class="runs differences">
    <thead><tr><th scope="col">Runs</th><th scope="col">Found</th><th scope="col" class="number">Changes</th><th scope="col">Partitions</th><th scope="col">What</th></tr></thead>
    <tbody>${found.map(differenceRow)}</tbody>
  </table>`;

const differenceRow = ({ old, new: now, at, changes, partitions, text }) => html`
  <tr>
    <th scope="row"><a href=${address("diff", "", { old, new: now, partition: partitions.length > MANY ? [] : partitions })} aria-label=${`From run ${old} to run ${now}`}>${old} → ${now}</a></th>
    <td class="when">${fullTime(at)}</td>
    <td class="number">${changes}<span class="narrow"> changes</span></td>
    <td class="id">${few(partitions)}</td>
    <td class="text"><details><summary>${visible(text.split("\n", 1)[0])}</summary>${textLines(text)}</details></td>
  </tr>`;

const few = (names) => names.slice(0, SOME).map(visible).join(", ") + (names.length > SOME ? ` and ${names.length - SOME} more` : "");

/** The short form of a difference; lines that came or went are marked by their sign, too. */
const textLines = (text) => html`
  <ul class="lines">${text.split("\n").map((line) => html`<li>${signed(line)}</li>`)}</ul>`;

function signed(line) {
  if (line.startsWith("+ ")) return html`<ins>${visible(line)}</ins>`;
  if (line.startsWith("- ")) return html`<del>${visible(line)}</del>`;
  return visible(line);
}

/** The runs of a list. */
export function runRows(pages) {
  const { found } = pages;
  return html`
    <table class="runs list">
      <thead><tr>
        <th scope="col" class="number">Run</th><th scope="col">Opened</th><th scope="col" class="wide">Closed</th><th scope="col" class="wide">By</th><th scope="col">Note</th>
        <th scope="col">Compare</th>${me.may_change ? html`<th scope="col">Do</th>` : nothing}
      </tr></thead>
      <tbody>${found.map((run, place) => runRow(run, found[place + 1], pages))}</tbody>
    </table>`;
}

const runRow = ({ number, opened, closed, is_ready: isReady, by, note, golden }, before, pages) => html`
  <tr>
    <th scope="row" class="number">${number}${golden ? html` <span class="state golden">★ golden</span>` : nothing}</th>
    <td class="when">${opened === null ? "" : fullTime(opened)}</td>
    <td class="wide when">${closed === null ? "" : fullTime(closed)}</td>
    <td class="wide id">${visible(by)}</td>
    <td class="text">${visible(note)}${isReady ? nothing : html` <span class="quiet">has no values yet</span>`}</td>
    <td>${before ? html`<a href=${address("diff", "", { old: before.number, new: number })} aria-label=${`What changed from run ${before.number} to run ${number}`}>with ${before.number}</a>` : nothing}</td>
    ${me.may_change ? html`<td><button class="small" aria-label=${`${golden ? "Not golden" : "Golden"}: run ${number}`} @click=${() => declare(golden ? null : number, pages)}>${golden ? "Not golden" : "Golden"}</button></td>` : nothing}
  </tr>`;

/** Declare a run golden, or none. */
async function declare(run, pages) {
  try {
    await withToken(() => post("/api/runs/golden", { run }));
    say(run === null ? "No run is golden any more." : `Others are measured by run ${run} now.`);
  } catch (error) {
    say(error.message, true);
  }
  pages.look();
}
