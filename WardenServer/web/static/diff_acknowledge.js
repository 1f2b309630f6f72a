/** What people know of changes, beside each of them; and the dialog in which they say it. */

import { fetchJson, post, query } from "./api.js";
import { ask, say } from "./dialog.js";
import { visible } from "./format.js";
import { me } from "./me.js";
import { address } from "./route.js";
import { changed } from "./store.js";
import { fullTime } from "./time.js";
import { html, nothing, render } from "./vendor/lit-html/lit-html.js";

const LONGEST = 1000;

/** The acknowledgements between two runs, as text from the address. `known` is as the server gives them. */
export class Acknowledged {
  constructor(old, now) {
    Object.assign(this, { old, new: now, known: [] });
  }

  /** The run in which a change is said to have happened: the later one. */
  get run() {
    const [old, now] = [this.old, this.new].map((run) => BigInt(run.split(":")[0] || 0));
    return String(old > now ? old : now);
  }

  /** Add to each change in `place` the ways to the past of its parameter, what is known, and a button. */
  show(place) {
    for (const section of place.querySelectorAll("section.change")) {
      const [parameter, partitions] = about(section);
      if (!section.querySelector(".known")) section.append(Object.assign(document.createElement("div"), { className: "known" }));
      render(this.beside(parameter, partitions), section.querySelector(".known"));
    }
  }

  beside(parameter, partitions) {
    const mine = this.known.filter((each) => each.parameter === parameter && partitions.includes(each.partition));
    return html`
      ${mine.length ? html`<ul>${mine.map(reason)}</ul>` : nothing}
      <div class="buttons">
        ${me.may_change ? html`<button class="small" aria-label=${`Acknowledge ${visible(parameter)}`} @click=${() => this.acknowledge(parameter, partitions)}>Acknowledge</button>` : nothing}
        ${partitions.map((partition) => html`<a href=${address("parameter", "", { partition, parameter })}>Past of ${visible(parameter)} in ${visible(partition)}</a>`)}
      </div>`;
  }

  async acknowledge(parameter, partitions) {
    const act = (form) => this.send(parameter, partitions, form.get("reason"));
    if (!(await ask("Acknowledge the change", () => form(parameter, partitions, this.run), { act, button: "Acknowledge" }))) return;
    say(`It is kept that people know of ${visible(parameter)} in run ${this.run}.`);
  }

  async send(parameter, partitions, reason) {
    for (const partition of partitions) await post("/api/runs/acknowledge", { partition, parameter, run: this.run, reason });
    this.known = await fetchJson(query("/api/runs/acknowledged", { old: this.old, new: this.new }));
    changed();
  }
}

/** The parameter and the partitions of a change, as the server writes them into its HTML. */
function about(section) {
  return [section.dataset.parameter, [...section.querySelectorAll("h2 [data-partition]")].map(({ dataset }) => dataset.partition)];
}

const form = (parameter, partitions, run) => html`
  <p>${visible(parameter)} in ${partitions.map(visible).join(", ")} changed in run ${run}.</p>
  <label>Reason <input name="reason" required maxlength=${LONGEST} pattern=".*\\S.*" autocomplete="off"></label>`;

/** One acknowledgement as an entry of a list. */
export const reason = ({ partition, run, reason: said, by, at }) => html`
  <li><span class="state state-good">✓ known</span> ${visible(said)} <span class="quiet">— ${visible(by)}, ${fullTime(at)}, of run ${run} in ${visible(partition)}</span></li>`;
