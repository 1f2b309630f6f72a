/** What people choose of tables: metric, size, sites or nodes, time, and which pairs. */

import { visible } from "./format.js";
import { html, nothing } from "./vendor/lit-html/lit-html.js";

/** Ticks of which there is a table for each day or month; of the others there is the newest only. */
const WITH_DAY = ["hourly", "daily"];
const FILTERS = {
  from: ["From", "Only pairs with such a source: a regular expression"], to: ["To", "Only pairs with such a target: a regular expression"],
  only: ["Only", "Only pairs of which one is so: a regular expression"], ex: ["Without", "Only pairs of which none is so: a regular expression"],
};
const LONGEST = 200;
const BY = { site: "sites", node: "nodes" };

/** A field with words to choose from, of which `names` has what people read; one that the address says stands there, too. */
export const choice = (label, word, words, want, names = {}) => html`
  <label>${label} <select @change=${(event) => want(event.target.value)}>
    ${(words.includes(word) ? words : [...words, word]).map((each) => html`
      <option value=${each} ?selected=${each === word}>${names[each] ?? visible(each).replaceAll("_", " ")}</option>`)}
  </select></label>`;

/** Metric and size. */
export const what = ({ about, wanted, want }) => html`
  ${choice("Metric", wanted.metric, about.metrics.map(({ name }) => name), (metric) => want({ metric }))}
  ${choice("Bytes", wanted.size, about.sizes.map(String), (size) => want({ size }))}`;

/** The form of the matrix. */
export const form = (view) => html`
  <form class="panel" aria-label="Table" @submit=${(event) => event.preventDefault()}>
    <div class="bar">
      ${what(view)}
      ${choice("Pairs of", view.wanted.by, view.about.by, (by) => view.want({ by }), BY)}
      ${choice("Points", view.wanted.tick, view.about.ticks, (tick) => view.want({ tick, point: "" }))}
      ${WITH_DAY.includes(view.wanted.tick) ? day(view) : nothing}
    </div>
    <div class="bar">
      ${Object.entries(FILTERS).map(([name, [label, title]]) => html`
        <label>${label} <input type="search" title=${title} maxlength=${LONGEST} autocomplete="off" ?data-filter=${name === "from"} list=${name === "ex" ? nothing : `ping-${name}`}
          .value=${view.wanted[name]} @change=${(event) => view.want({ [name]: event.target.value })}></label>`)}
    </div>
    ${lists(view)}
  </form>`;

const day = ({ wanted, table, want }) => html`
  <label>Day (UTC) <input type="date" .value=${wanted.day || (table?.day ?? "")} @change=${(event) => want({ day: event.target.value })}></label>
  ${wanted.day ? html`<button type="button" class="small" @click=${() => want({ day: "" })}>Newest</button>` : nothing}`;

/** Names that are offered while people write. */
function lists({ about, wanted }) {
  const pairs = about.pairs[wanted.by] ?? [];
  const [from, to] = [0, 1].map((side) => [...new Set(pairs.map((pair) => pair[side]))]);
  return Object.entries({ from, to, only: [...new Set([...from, ...to])] }).map(([name, names]) => html`
    <datalist id=${`ping-${name}`}>${names.map((each) => html`<option value=${each}></option>`)}</datalist>`);
}
