/** What happened, newest first, with filters. */

import { fetchJson, query } from "./api.js";
import { eventLines } from "./event_lines.js";
import { replace } from "./route.js";
import { loadSheet } from "./sheet.js";
import { changed, state } from "./store.js";
import { fromLocal, local, zoneName } from "./time.js";
import { html, nothing, render } from "./vendor/lit-html/lit-html.js";

const NUMBER = 100;
const MOST = 1000;
const LOOK_AGAIN = 5000;
const SEVERITIES = ["info", "warning", "alarm"];

/** Open the events in `root`. */
export function open(root, { parameters }) {
  loadSheet("views.css");
  const view = new Events(parameters);
  return { update: () => render(view.content(), root), close: () => view.close(), follow: (route) => view.begin(route.parameters) };
}

class Events {
  constructor(parameters) {
    this.timer = setInterval(() => this.isNewest && !document.hidden && this.look(), LOOK_AGAIN);
    this.begin(parameters);
  }

  begin(parameters) {
    const severity = parameters.getAll("severity");
    const [agent, text, until] = ["agent", "text", "until"].map((name) => parameters.get(name) ?? "");
    this.wanted = { severity, agent, text, until };
    Object.assign(this, { events: [], more: false, problem: "", isLoading: true });
    this.look();
  }

  close() {
    clearInterval(this.timer);
    this.asking?.abort();
  }

  /** Whether the newest events are shown, and nobody has asked for older ones. */
  get isNewest() {
    return !this.wanted.until && this.events.length <= NUMBER;
  }

  async look() {
    await this.ask({}, (found) => (this.events = found));
  }

  async older() {
    const last = this.events.at(-1).timestamp;
    const known = new Set(this.events.map((event) => event.id));
    await this.ask({ until: last }, (found) => this.events.push(...found.filter((event) => !known.has(event.id))));
  }

  async ask(more, take) {
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    try {
      const found = await fetchJson(query("/api/events", { ...this.wanted, number: NUMBER, ...more }), { signal: asking.signal });
      this.more = found.length >= NUMBER && this.events.length < MOST;
      take(found);
      Object.assign(this, { problem: "", isLoading: false });
    } catch (error) {
      if (asking.signal.aborted) return;
      Object.assign(this, { problem: error.message, isLoading: false });
    }
    changed();
  }

  /** Change what is wanted, and keep it in the address. */
  want(said) {
    Object.assign(this.wanted, said);
    replace("events", this.wanted);
    this.look();
  }

  content() {
    return html`
      <h1>Events</h1>
      ${this.filters()}
      <p class="problem" role="alert">${this.problem}</p>
      ${this.events.length ? eventLines(this.events) : html`<p class="quiet">${this.isLoading ? "Looking …" : "There are no such events."}</p>`}
      ${this.more ? html`<button @click=${() => this.older()}>Older ones</button>` : nothing}`;
  }

  filters() {
    const { severity, agent, text, until } = this.wanted;
    return html`
      <div class="bar">
        ${SEVERITIES.map((name) => html`
          <label><input type="checkbox" .checked=${severity.includes(name)} @change=${(event) => this.toggle(name, event.target.checked)}> ${name}</label>`)}
        <label>Agent <input data-filter list="agents" .value=${agent} @change=${(event) => this.want({ agent: event.target.value })}></label>
        <datalist id="agents">${Object.keys(state.agents).map((name) => html`<option value=${name}></option>`)}</datalist>
        <label>Text <input type="search" .value=${text} @change=${(event) => this.want({ text: event.target.value })}></label>
        <label>Until (${zoneName()}) <input type="datetime-local" .value=${until ? local(until).slice(0, 16) : ""}
          @change=${(event) => this.want({ until: fromLocal(event.target.value) || "" })}></label>
      </div>`;
  }

  toggle(name, isWanted) {
    const others = this.wanted.severity.filter((each) => each !== name);
    this.want({ severity: isWanted ? [...others, name] : others });
  }
}
