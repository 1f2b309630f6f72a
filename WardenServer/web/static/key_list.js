/** The list of keys. */

import { ask } from "./dialog.js";
import { areOff, choose, KEYS } from "./keys.js";
import { html } from "./vendor/lit-html/lit-html.js";

/** Keys of single views. */
const MORE = [["← →", "Plot: earlier, later"], ["+ −", "Plot: zoom in, zoom out"], ["↑ ↓ ← →", "Network: from pair to pair"], ["Space", "Wall: pause"], ["Esc", "Leave the wall, close this"]];

/** Show the list, and let people choose whether keys do something. */
export async function showKeyList() {
  const form = await ask("Keys", content, { button: "Close" });
  if (form) choose(form.get("on") !== null);
}

const content = () => html`
  <table>
    ${[...Object.entries(KEYS).map(([key, [what]]) => [key, what]), ...MORE].map(([key, what]) => html`
      <tr><th scope="row"><kbd>${key}</kbd></th><td>${what}</td></tr>`)}
  </table>
  <label class="check"><input type="checkbox" name="on" ?checked=${!areOff()}> Single keys do this</label>`;
