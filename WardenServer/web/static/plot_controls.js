/** What stands around a plot: fields, time, second period, legend, table, and ways to share. */

import { say } from "./dialog.js";
import { isStale } from "./fields.js";
import { plain } from "./format.js";
import { dashOf, inkOf } from "./plot.js";
import { csv, gapList, table } from "./plot_table.js";
import * as times from "./plot_window.js";
import { address } from "./route.js";
import { pack, picture, save } from "./share.js";
import { colour } from "./theme.js";
import { fromLocal, local, shortTime, zoneName } from "./time.js";
import { html, nothing } from "./vendor/lit-html/lit-html.js";

const BEFORE = [[0, "nothing"], [3600, "an hour before"], [86400, "a day before"], [7 * 86400, "a week before"],
  [30 * 86400, "30 days before"], [365 * 86400, "a year before"]];

/** The whole view. */
export const controls = (view) => html`
  <h1>Plots</h1>
  ${fieldBar(view)}
  ${timeBar(view)}
  <p class="problem" role="alert">${view.problem}</p>
  ${view.packed ? html`<p class="panel">These data came with the link. <button @click=${() => view.want({})}>Ask the history instead</button></p>` : nothing}
  ${legend(view)}
  <div class="plot" role="img" tabindex="0" aria-label=${described(view)}></div>
  ${view.fields.length === 0 ? html`<p class="quiet">Choose a field.</p>` : nothing}
  ${view.isLoading ? html`<p class="quiet">Asking the history …</p>` : nothing}
  ${gapList(view.series)}
  ${shareBar(view)}
  ${view.isTable ? table(view.series) : nothing}`;

const described = ({ series, window }) => {
  const [from, to] = times.bounds(window);
  return `Plot of ${series.map(({ name }) => name).join(", ") || "nothing"} from ${shortTime(from)} to ${shortTime(to)}; the data table has the values`;
};

const fieldBar = (view) => html`
  <form class="bar" @submit=${(event) => addField(event, view)}>
    <label>Field <input name="field" data-filter list="fields" autocomplete="off" placeholder="KEY.FIELD"></label>
    <datalist id="fields">${Object.entries(view.entries).map(([id, { retired }]) => html`<option value=${id}>${retired ? "no longer filled" : nothing}</option>`)}</datalist>
    <button>Add</button>
    ${view.fields.map((id) => html`
      <button type="button" class="chip" aria-label=${`Take ${id} out`} @click=${() => view.want({ fields: view.fields.filter((each) => each !== id) })}>${id} ✕</button>`)}
  </form>`;

function addField(event, view) {
  event.preventDefault();
  const id = new FormData(event.target).get("field").trim();
  event.target.reset();
  if (id) view.want({ fields: [...new Set([...view.fields, id])] });
}

function timeBar(view) {
  const { window } = view;
  const go = (wanted) => () => view.want({ window: wanted });
  return html`
    <div class="bar">
      ${times.SPANS.map(([span, name]) => html`
        <button aria-pressed=${Math.abs(window.span / span - 1) < 0.01} @click=${go({ ...window, span })}>${name}</button>`)}
      <button @click=${go(times.move(window, -0.5))} aria-label="Earlier">◀</button>
      <button @click=${go(times.move(window, 0.5))} aria-label="Later">▶</button>
      <button @click=${go(times.zoom(window, 0.5))} aria-label="Zoom in">+</button>
      <button @click=${go(times.zoom(window, 2))} aria-label="Zoom out">−</button>
      <button aria-pressed=${view.isLive} @click=${go(times.live(window.span))}>Live</button>
    </div>
    <form class="bar" @input=${() => (view.isTouched = true)} @submit=${(event) => showPeriod(event, view)}>
      <label>From <input name="from" type="datetime-local" step="1" required></label>
      <label>to <input name="to" type="datetime-local" step="1" required></label>
      <span class="quiet">${zoneName()}</span> <button>Show</button>
      <label>Beside it
        <select @change=${(event) => view.want({ shift: Number(event.target.value) })}>
          ${BEFORE.map(([shift, name]) => html`<option value=${shift} ?selected=${shift === view.shift}>${name}</option>`)}
        </select></label>
    </form>`;
}

function showPeriod(event, view) {
  event.preventDefault();
  const form = new FormData(event.target);
  const [from, to] = ["from", "to"].map((name) => fromLocal(form.get(name)));
  if (from < to) view.want({ window: times.fixed(from, to) });
  else say("The end must be later than the beginning.", true);
}

/** Write the period into its fields. */
export function fillPeriod(root, [from, to]) {
  for (const [name, time] of [["from", from], ["to", to]]) root.querySelector(`input[name="${name}"]`).value = local(time);
}

const legend = (view) => html`
  <ul class="legend">${view.series.map((series, place) => html`
    <li>${sample(series, place)} ${series.name} <b>${valueAt(series, view.pointed)}</b> ${isOld(view, series) ? html`<span class="stale-sign">◷ stale</span>` : nothing} <small class="quiet">${series.level === "raw" ? "" : `mean, min to max of ${series.level}`}</small></li>`)}
    ${view.pointed ? html`<li class="quiet">at ${shortTime(view.pointed)}</li>` : nothing}
  </ul>`;

/** Whether the value shown is the newest one, and stale. */
const isOld = (view, { id, shift }) => view.isLive && view.pointed === null && !shift && isStale(id);

/** The stroke of a series, as the plot draws it. */
export const sample = ({ shift }, place) => html`
  <svg width="34" height="8" aria-hidden="true"><line x1="0" x2="34" y1="4" y2="4" stroke=${colour(inkOf(place))} stroke-width="3"
    stroke-dasharray=${(shift ? [4, 4] : dashOf(place)).join(" ")}></line></svg>`;

/** The value at a time, or the newest one. */
function valueAt({ time, value, labels, entry, unit }, at) {
  const place = at === null ? time.length - 1 : time.findLastIndex((each) => each <= at);
  const found = value[place] ?? null;
  if (found === null) return "—";
  return `${labels ? labels[found] : plain(found, entry)} ${unit}`;
}

const shareBar = (view) => html`
  <div class="bar">
    <button aria-pressed=${view.isTable} @click=${() => view.showTable(!view.isTable)}>Data table</button>
    <button @click=${() => copy(location.href)}>Copy link</button>
    <button @click=${() => copyWithData(view)} ?disabled=${view.series.length === 0}>Copy link with data</button>
    <button @click=${() => savePicture(view)} ?disabled=${!view.plot}>PNG</button>
    <button @click=${() => save(new Blob([csv(view.series)], { type: "text/csv" }), "plot.csv")} ?disabled=${view.series.length === 0}>CSV</button>
  </div>`;

/** A link into the clipboard; on plain http browsers may have none, and the link is shown to be copied. */
async function copy(link) {
  try {
    await navigator.clipboard.writeText(link);
    say("The link is copied.");
  } catch {
    prompt("Copy this link:", link);
  }
}

async function copyWithData(view) {
  const data = await pack(view.series, times.bounds(view.window));
  if (data === null) return say("That is too much for a link; choose fewer fields, or save CSV.", true);
  await copy(location.href.split("#")[0] + address("plots", "", { data }));
}

async function savePicture({ plot, series }) {
  save(await picture(plot.chart, series, inkOf), "plot.png");
}
