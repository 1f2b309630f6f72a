/** The page: a header, a banner, and the view that the address names. */

import { banner } from "./banner.js";
import { header } from "./header.js";
import { listenToKeys } from "./keys.js";
import { lookAtMe } from "./me.js";
import { lookForPages } from "./pages.js";
import { read } from "./route.js";
import { start, state, subscribe } from "./store.js";
import { render } from "./vendor/lit-html/lit-html.js";

const VIEWS = {
  "": () => import("./overview.js"),
  agent: () => import("./agent.js"),
  plots: () => import("./plots.js"),
  events: () => import("./events.js"),
  jobs: () => import("./jobs.js"),
  runs: () => import("./runs.js"),
  diff: () => import("./diff.js"),
  parameter: () => import("./parameter.js"),
  ping: () => import("./ping.js"),
  wall: () => import("./wall.js"),
};

const TITLES = { plots: "Plots", events: "Events", jobs: "Jobs", runs: "Runs", diff: "What changed", parameter: "Parameter", ping: "Network", wall: "Wall" };

const HOUR = 3_600_000;

const main = document.getElementById("main");
let view = null;
let opened = "";

/** Open the view of the address; one that is open already only gets the new parameters. */
async function follow() {
  const route = read();
  const key = `${route.view}/${route.name}`;
  document.body.dataset.view = route.view || "overview";
  if (view && key === opened) return view.follow?.(route);
  const { open } = await (VIEWS[route.view] ?? VIEWS[""])();
  const isFirst = view === null;
  view?.close?.();
  const root = document.createElement("div");
  main.replaceChildren(root);
  opened = key;
  view = open(root, route);
  show();
  scrollTo(0, 0);
  if (!isFirst && document.activeElement === document.body) main.focus({ preventScroll: true }); // what had it is gone
}

function show() {
  const route = read();
  document.title = title(route);
  render(header(route), document.getElementById("header"));
  render(banner(), document.getElementById("banner"));
  view?.update();
}

function title(route) {
  const place = { agent: route.name, ...TITLES }[route.view];
  return [place, state.instance && `${state.instance} ${state.hub?.state ?? ""}`, "Warden"].filter(Boolean).join(" · ");
}

/** Each visit renews the cookie of a wall display. */
function visit() {
  lookAtMe().catch(() => {}); // the banner says that nobody answers
}

document.getElementById("skip").addEventListener("click", () => main.focus());
addEventListener("hashchange", follow);
subscribe(show);
listenToKeys();
start();
follow();
setInterval(visit, HOUR);
visit();
lookForPages();
