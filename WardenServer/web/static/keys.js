/** Keys: single letters, where no field has the focus. */

import { ask } from "./dialog.js";
import { changed } from "./store.js";
import { nextTheme } from "./theme.js";
import { html } from "./vendor/lit-html/lit-html.js";

const PLACE = "warden-keys";

/** What each key does: [sentence, action]. */
const KEYS = {
  o: ["Overview", () => (location.hash = "#/")],
  p: ["Plots", () => (location.hash = "#/plots")],
  e: ["Events", () => (location.hash = "#/events")],
  w: ["Wall", () => (location.hash = "#/wall")],
  "/": ["Filter", () => document.querySelector("[data-filter]")?.focus()],
  t: ["Light, dark, or as the system says", () => (nextTheme(), changed())],
  "?": ["This list", () => showKeys()],
};
const MORE = [["← →", "Plot: earlier, later"], ["+ −", "Plot: zoom in, zoom out"], ["Space", "Wall: pause"], ["Esc", "Leave the wall, close this"]];

/** Take keys from now on. */
export function listenToKeys() {
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select, textarea, dialog");
    if (typing || event.ctrlKey || event.altKey || event.metaKey || !KEYS[event.key] || areOff()) return;
    event.preventDefault();
    KEYS[event.key][1]();
  });
}

const areOff = () => localStorage.getItem(PLACE) === "off";

/** Show which keys there are. */
export async function showKeys() {
  const form = await ask("Keys", keyList, { button: "Close" });
  if (form) localStorage.setItem(PLACE, form.get("on") ? "on" : "off");
}

const keyList = () => html`
  <table>
    ${[...Object.entries(KEYS).map(([key, [what]]) => [key, what]), ...MORE].map(([key, what]) => html`
      <tr><th scope="row"><kbd>${key}</kbd></th><td>${what}</td></tr>`)}
  </table>
  <label class="check"><input type="checkbox" name="on" ?checked=${!areOff()}> Single keys do this</label>`;
