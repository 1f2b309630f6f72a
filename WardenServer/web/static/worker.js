/** A SharedWorker: one stream for all tabs, since a browser allows few connections to a host. */

import { Source } from "./source.js";

const ports = new Set();
let source = null;

function send(kind, text) {
  for (const port of ports) port.postMessage([kind, text]);
}

function leave(port) {
  ports.delete(port);
  if (ports.size > 0) return;
  source?.close();
  source = null;
}

/** A tab says from which snapshot on it needs the changes, and that it goes. */
function hear(port, said) {
  if (said === "leave") leave(port);
  else source ??= new Source(send, said);
}

self.addEventListener("connect", (event) => {
  const port = event.ports[0];
  ports.add(port);
  port.onmessage = ({ data }) => hear(port, data);
});
