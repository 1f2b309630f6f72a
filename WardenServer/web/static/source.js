/**
 * The server's stream of changes, asked for again whenever it ends or falls silent.
 *
 * It is read by fetch, not by an EventSource: that cannot begin after a snapshot which is known already, and does not
 * say why it is refused.
 */

const SILENCE = 20_000;
const AGAIN = 2_000;
const REFUSED = [401, 403];

/** Gives each message to `take(kind, text)`: "snapshot" or "change" with JSON, "refused" where people must log in, "lost". */
export class Source {
  constructor(take, last) {
    Object.assign(this, { take, last, isClosed: false });
    this.go();
  }

  async go() {
    while (!this.isClosed) {
      await this.read().catch(() => this.tell("lost", ""));
      await new Promise((done) => setTimeout(done, AGAIN));
    }
  }

  async read() {
    this.asking = new AbortController();
    this.watch();
    const headers = this.last ? { "Last-Event-ID": this.last } : {};
    const answer = await fetch("/api/stream", { headers, signal: this.asking.signal, cache: "no-store" });
    if (!answer.ok) return this.tell(REFUSED.includes(answer.status) ? "refused" : "lost", "");
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = "", piece = await reader.read(); !piece.done; piece = await reader.read()) {
      this.watch();
      const blocks = (text + piece.value).split("\n\n");
      text = blocks.pop();
      blocks.forEach((block) => this.hear(block));
    }
    this.tell("lost", "");
  }

  /** A block of the stream: lines as `event: change`; those without a name are there to keep the connection. */
  hear(block) {
    const said = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s)));
    if (!said.event) return;
    this.last = said.id;
    this.tell(said.event, said.data);
  }

  tell(kind, text) {
    if (!this.isClosed) this.take(kind, text);
  }

  watch() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.asking.abort(), SILENCE);
  }

  /** End it. */
  close() {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.asking?.abort();
  }
}
