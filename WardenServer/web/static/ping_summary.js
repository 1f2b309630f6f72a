/** What a table says of all its pairs together, point by point. */

import { short } from "./ping_classes.js";
import { html } from "./vendor/lit-html/lit-html.js";

/** The summary, to be opened. */
export const summary = ({ points, summary: rows }) => html`
  <details>
    <summary>Summary of all pairs by point</summary>
    <div class="data" role="region" aria-label="Summary" tabindex="0"><table>
      <thead><tr><th scope="col">Of the pairs</th>${points.map((point) => html`<th scope="col" class="number">${point}</th>`)}</tr></thead>
      <tbody>${Object.entries(rows).map(([name, values]) => html`
        <tr><th scope="row">${name}</th>${values.map((value) => html`<td class="number">${short(value)}</td>`)}</tr>`)}</tbody>
    </table></div>
  </details>`;
