/** The form with two runs, and the partitions that are known for them. */

import { fetchJson, query } from "./api.js";
import { visible } from "./format.js";
import { address } from "./route.js";
import { changed } from "./store.js";
import { fullTime } from "./time.js";
import { html, nothing } from "./vendor/lit-html/lit-html.js";

const OFFERED = 50;
const PAUSE = 250;
const RUN = /^[0-9]{1,19}(:end)?$/;
const NAMES = { old: "Old run", new: "New run" };

/** What people have chosen: `old` and `new`, and the partitions that are left out. */
export class RunsForm {
  constructor(parameters) {
    Object.assign(this, { offered: { old: [], new: [] }, partitions: [], leftOut: new Set(), problem: "", isAsking: false, isClosed: false });
    this.begin(parameters);
  }

  begin(parameters) {
    Object.assign(this, { old: parameters.get("old") ?? "", new: parameters.get("new") ?? "" });
    this.leftOut.clear();
    this.chosen = parameters.getAll("partition");
    this.suggest();
  }

  /** Look once more where no run could be offered yet. */
  again() {
    if (!this.isAsking && !this.offered.new.length) this.suggest();
  }

  close() {
    this.isClosed = true;
    clearTimeout(this.timer);
  }

  /** Offer the newest runs, and take the newest two where the address names none. */
  async suggest() {
    this.isAsking = true;
    const runs = await this.ask("/api/runs", { number: OFFERED });
    this.isAsking = false;
    if (!runs) return;
    this.offered = { old: runs, new: runs };
    const [newest, before] = runs.filter((run) => run.is_ready).map((run) => String(run.number));
    this.new ||= newest ?? "";
    this.old ||= before ?? "";
    changed();
    this.lookForPartitions();
  }

  /** Take what is written: offer runs that fit, and the partitions of those that are chosen. */
  write(name, text) {
    this[name] = text.trim();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => Promise.all([this.offer(name), this.lookForPartitions()]), PAUSE);
  }

  async offer(name) {
    const search = this[name].split(":")[0];
    this.offered[name] = (await this.ask("/api/runs", { search, number: OFFERED })) ?? this.offered[name];
    changed();
  }

  async lookForPartitions() {
    if (![this.old, this.new].every((run) => RUN.test(run))) return;
    const asked = { old: this.old, new: this.new };
    const found = await this.ask("/api/runs/partitions", asked);
    if (!found || asked.old !== this.old || asked.new !== this.new) return;
    this.partitions = found;
    if (this.chosen.length) this.leftOut = new Set(found.filter((each) => !this.chosen.includes(each)));
    this.chosen = [];
    changed();
  }

  /** The answer of the server; undefined where it has none, which is shown. */
  async ask(path, said) {
    try {
      const found = await fetchJson(query(path, said));
      this.problem = "";
      return this.isClosed ? undefined : found;
    } catch (error) {
      this.problem = error.message;
      changed();
      return undefined;
    }
  }

  compare(event) {
    event.preventDefault();
    const partition = this.partitions.filter((each) => !this.leftOut.has(each));
    if (this.partitions.length && !partition.length) this.problem = "Choose at least one partition.";
    else location.hash = address("diff", "", { old: this.old, new: this.new, partition: this.leftOut.size && partition.length < this.partitions.length ? partition : [] });
    changed();
  }

  content() {
    return html`
      <form class="panel" aria-label="Compare two runs" @submit=${(event) => this.compare(event)}>
        <h2>Compare two runs</h2>
        <div class="bar">
          ${Object.keys(NAMES).map((name) => this.field(name))}
          <button class="main">Compare</button>
        </div>
        ${this.partitions.length ? this.boxes() : nothing}
        <p class="problem" role="alert">${this.problem}</p>
      </form>`;
  }

  field(name) {
    return html`
      <label>${NAMES[name]} <input name=${name} list=${`runs-${name}`} required pattern="[0-9]{1,19}(:end)?" autocomplete="off" ?data-filter=${name === "old"}
        title="A number, with :end behind it for what was set at the end of the run" .value=${this[name]} @input=${(event) => this.write(name, event.target.value)}></label>
      <datalist id=${`runs-${name}`}>${this.offered[name].map(option)}</datalist>`;
  }

  boxes() {
    return html`
      <fieldset class="partitions">
        <legend>Partitions</legend>
        <button type="button" class="small" @click=${() => this.leave([])}>All</button>
        <button type="button" class="small" @click=${() => this.leave(this.partitions)}>None</button>
        <ul>${this.partitions.map((each) => html`
          <li><label><input type="checkbox" .checked=${!this.leftOut.has(each)} @change=${(event) => this.toggle(each, event.target.checked)}> ${visible(each)}</label></li>`)}
        </ul>
      </fieldset>`;
  }

  leave(partitions) {
    this.leftOut = new Set(partitions);
    changed();
  }

  toggle(partition, isWanted) {
    if (isWanted) this.leftOut.delete(partition);
    else this.leftOut.add(partition);
    changed();
  }
}

/** A run with what is said of it. */
const option = ({ number, opened, golden, note }) => html`
  <option value=${number}>${[golden && "★ golden", opened && fullTime(opened), note && visible(note)].filter(Boolean).join(" · ")}</option>`;
