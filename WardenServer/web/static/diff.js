/** What changed between two runs: in short, or complete with the lines side by side. */

import { fetchJson, fetchText, query } from "./api.js";
import { Acknowledged } from "./diff_acknowledge.js";
import { me } from "./me.js";
import { address } from "./route.js";
import { loadSheet } from "./sheet.js";
import { changed } from "./store.js";
import { html, render } from "./vendor/lit-html/lit-html.js";

/** Milliseconds that a comparison may take. */
const PATIENCE = 35_000;

/** Open the comparison that the address names in `root`. */
export function open(root, { parameters }) {
  for (const name of ["views.css", "diff.css", "runs.css"]) loadSheet(name);
  const view = new Diff(root);
  view.begin(parameters);
  return { update: () => view.update(), close: () => view.close(), follow: (route) => (view.begin(route.parameters), changed()) };
}

/** The view. `text` is the HTML of the changes, `shown` what the page was made of. */
class Diff {
  constructor(root) {
    Object.assign(this, { root, text: "", shown: [] });
  }

  begin(parameters) {
    const [old, now, view] = ["old", "new", "view"].map((name) => parameters.get(name) ?? "");
    this.wanted = { old, new: now, partition: parameters.getAll("partition") };
    this.isComplete = view === "complete";
    this.acknowledged = new Acknowledged(old, now);
    Object.assign(this, { text: "", problem: "", isLoading: true });
    this.look();
  }

  close() {
    this.asking?.abort();
  }

  async look() {
    this.asking?.abort();
    const { signal } = (this.asking = new AbortController());
    const { old, new: now } = this.wanted;
    try {
      const path = query("/api/runs/diff.html", { ...this.wanted, view: this.isComplete ? "complete" : "short" });
      const [text, known] = await Promise.all([
        fetchText(path, { signal, patience: PATIENCE }), fetchJson(query("/api/runs/acknowledged", { old, new: now }), { signal, patience: PATIENCE }),
      ]);
      this.text = text;
      this.acknowledged.known = known;
    } catch (error) {
      if (signal.aborted) return;
      this.problem = error.message;
    }
    this.isLoading = false;
    changed();
  }

  update() {
    render(this.content(), this.root);
    const shown = [this.text, this.acknowledged, this.acknowledged.known, me.may_change];
    if (shown.every((each, place) => each === this.shown[place])) return;
    const place = this.root.querySelector(".changes");
    // It is HTML of our own server, in which all that came from a run is escaped; no script could run here anyway, by
    // the server's policy.
    if (this.text !== this.shown[0]) place.innerHTML = this.text;
    this.acknowledged.show(place);
    this.shown = shown;
  }

  content() {
    const { old, new: now } = this.wanted;
    const otherView = this.isComplete ? undefined : "complete";
    return html`
      <h1>Diff of run ${old} and run ${now}</h1>
      <nav class="bar" aria-label="Comparison">
        <a class="button" href=${address("diff", "", { ...this.wanted, view: otherView })}>${this.isComplete ? "Short view" : "Complete view"}</a>
        <a class="button" href=${address("runs", "", this.wanted)}>Other runs</a>
      </nav>
      <p class="problem" role="alert">${this.problem}</p>
      <p class="quiet" role="status">${this.isLoading ? "Comparing …" : ""}</p>
      <div class="changes"></div>`;
  }
}
