/** The server's stream of changes, opened again whenever it ends or falls silent. */

const SILENCE = 20_000;
const AGAIN = 3_000;

/** Reads /api/stream and gives each message to `take(kind, text)`; kind is "snapshot", "change" or "lost". */
export class Source {
  constructor(take) {
    this.take = take;
    this.open();
  }

  open() {
    this.events = new EventSource("/api/stream");
    for (const kind of ["snapshot", "change"]) this.events.addEventListener(kind, (event) => this.heard(kind, event.data));
    this.events.addEventListener("error", () => this.lost());
    this.watch(SILENCE);
  }

  heard(kind, text) {
    this.watch(SILENCE);
    this.take(kind, text);
  }

  lost() {
    this.take("lost", "");
    this.watch(this.events.readyState === EventSource.CLOSED ? AGAIN : SILENCE); // else the browser tries itself
  }

  watch(limit) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.reopen(), limit);
  }

  reopen() {
    this.close();
    this.open();
  }

  /** End it. */
  close() {
    clearTimeout(this.timer);
    this.events.close();
  }
}
