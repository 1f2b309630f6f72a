/** Keys: single letters, where no field has the focus. */

import { changed, state } from "./store.js";
import { nextTheme } from "./theme.js";

const PLACE = "warden-keys";

/** What each key does: [sentence, action]. */
export const KEYS = {
  o: ["Overview", () => (location.hash = "#/")],
  p: ["Plots", () => (location.hash = "#/plots")],
  e: ["Events", () => (location.hash = "#/events")],
  j: ["Jobs, where there are any", () => state.jobs && (location.hash = "#/jobs")],
  r: ["Runs, where there are any", () => state.runs && (location.hash = "#/runs")],
  n: ["Network, where there are tables of pings", () => state.ping && (location.hash = "#/ping")],
  w: ["Wall", () => (location.hash = "#/wall")],
  "/": ["Filter", () => document.querySelector("[data-filter]")?.focus()],
  t: ["Light, dark, or as the system says", () => (nextTheme(), changed())],
  "?": ["This list", () => showKeys()],
};
/** Take keys from now on. */
export function listenToKeys() {
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select, textarea, dialog");
    if (typing || event.ctrlKey || event.altKey || event.metaKey || !KEYS[event.key] || areOff()) return;
    event.preventDefault();
    KEYS[event.key][1]();
  });
}

/** Whether keys do nothing, as somebody has chosen in this browser. */
export const areOff = () => localStorage.getItem(PLACE) === "off";

/** Choose whether keys do something. */
export const choose = (on) => localStorage.setItem(PLACE, on ? "on" : "off");

/** Show which keys there are. */
export async function showKeys() {
  (await import("./key_list.js")).showKeyList();
}
