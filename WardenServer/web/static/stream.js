/** This tab's part of the stream: it lets go while the tab is hidden for long, and catches up when it is shown. */

import { fetchJson, Refused } from "./api.js";
import { Source } from "./source.js";

const HIDDEN = 60_000;
const MOST_WAITING = 1000;

let leave = null;
let waiting = null;
let timer = 0;
let take = () => {};

/** Begin; each message goes to `taker(kind, data)`: "snapshot", "change", or "lost" with no data. */
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
  else if (!leave) attach();
}

function attach() {
  waiting = [];
  leave = "SharedWorker" in window ? shared() : own();
}

function detach() {
  leave?.();
  leave = null;
}

function own() {
  const source = new Source(receive);
  return () => source.close();
}

/** The stream that all tabs share has begun before: the snapshot is fetched, and what comes meanwhile waits. */
function shared() {
  const { port } = new SharedWorker("/static/worker.js", { type: "module", name: "warden" });
  port.onmessage = (event) => receive(...event.data);
  snapshot(port);
  return () => {
    port.postMessage("leave");
    port.close();
  };
}

async function snapshot(port) {
  try {
    const found = await fetchJson("/api/snapshot");
    if (waiting) catchUp(found);
  } catch (error) {
    take("lost", error);
    setTimeout(() => waiting && leave && snapshot(port), 3000);
  }
}

function catchUp(found) {
  const missed = waiting.filter((change) => change.id > found.id);
  waiting = null;
  take("snapshot", found);
  for (const change of missed) take("change", change);
}

/** The stream does not say why it has ended: it may be that people have to log in. */
async function lose() {
  take("lost", null);
  const { may_read: mayRead } = await fetchJson("/api/me").catch(() => ({ may_read: true }));
  if (!mayRead) take("lost", new Refused("Log in to see the hub.", 401));
}

function receive(kind, text) {
  if (kind === "lost") return lose();
  const data = JSON.parse(text);
  if (kind === "snapshot") {
    waiting = null;
    return take(kind, data);
  }
  if (!waiting) return take(kind, data);
  waiting.push(data);
  if (waiting.length > MOST_WAITING) waiting.shift(); // the snapshot that comes has it
}
