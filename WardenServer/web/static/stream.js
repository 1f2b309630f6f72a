/** This tab's part of the stream: it lets go while the tab is hidden for long, and catches up when it is shown. */

import { fetchJson, Refused } from "./api.js";

const HIDDEN = 60_000;
const AGAIN = 3_000;
const MOST_WAITING = 1000;

let line = null;
let waiting = null;
let timer = 0;
let take = () => {};

/** Begin; each message goes to `taker(kind, data)`: "snapshot", "change", or "lost" with the reason where that is known. */
export function begin(taker) {
  take = taker;
  document.addEventListener("visibilitychange", look);
  addEventListener("pagehide", detach);
  addEventListener("pageshow", look);
  look();
}

function look() {
  clearTimeout(timer);
  if (document.hidden) timer = setTimeout(detach, HIDDEN);
  else if (!line) attach();
}

function attach() {
  waiting = [];
  line = "SharedWorker" in window ? shared() : own();
  snapshot(line);
}

function detach() {
  line?.leave();
  line = null;
}

/** A line by which changes come: `from(id)` begins after that snapshot. All tabs share one where the browser can. */
function shared() {
  const { port } = new SharedWorker("/static/worker.js", { type: "module", name: "warden" });
  port.onmessage = (event) => receive(...event.data);
  return { from: (id) => port.postMessage(id), leave: () => (port.postMessage("leave"), port.close()) };
}

function own() {
  const module = import("./source.js");
  let source = null;
  const from = async (id) => (source = new (await module).Source(receive, id));
  return { from, leave: () => source?.close() };
}

/** Fetch the snapshot. What a line that was there before brings meanwhile waits. */
async function snapshot(asker) {
  try {
    const found = await fetchJson("/api/snapshot");
    if (asker !== line) return;
    line.from(found.id);
    if (waiting) catchUp(found);
  } catch (error) {
    take("lost", error);
    setTimeout(() => asker === line && snapshot(asker), AGAIN);
  }
}

function catchUp(found) {
  const missed = waiting.filter((change) => change.id > found.id);
  waiting = null;
  take("snapshot", found);
  for (const change of missed) take("change", change);
}

function receive(kind, text) {
  if (kind === "lost") take("lost", null);
  else if (kind === "refused") take("lost", new Refused("Log in to see the hub.", 401));
  else accept(kind, JSON.parse(text));
}

function accept(kind, data) {
  if (kind === "snapshot") waiting = null;
  if (!waiting) return take(kind, data);
  waiting.push(data);
  if (waiting.length > MOST_WAITING) waiting.shift(); // the snapshot that comes has it
}
