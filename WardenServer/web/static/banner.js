/** The banner: why what is shown is not live. */

import { isSilent, state } from "./store.js";
import { now, shortTime, span } from "./time.js";
import { html } from "./vendor/lit-html/lit-html.js";

/** The banner, or nothing when all is live. */
export function banner() {
  const text = problem();
  if (!text) return null;
  return html`<p class="banner"><b>✕ Not live.</b> ${text} ${mustLogIn() ? html`<button @click=${logIn}>Log in</button>` : null}</p>`;
}

async function logIn() {
  await (await import("./login.js")).login();
}

const mustLogIn = () => state.refused?.status === 401;

/** Why what is shown is not live, as a sentence; "" when it is. */
export function problem() {
  if (state.refused) return state.refused.message;
  if (state.lost || isSilent()) return lost();
  return state.heard > 0 && state.hubGone ? state.problem : "";
}

function lost() {
  const since = state.read ? ` All is as it was at ${shortTime(state.read)}, ${span(now() - state.read)} ago.` : "";
  return `The web server does not answer; it is asked again and again.${since}`;
}
