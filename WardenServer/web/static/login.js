/** Login: the token is asked for when the server wants it. */

import { post } from "./api.js";
import { ask } from "./dialog.js";
import { lookAtMe, me } from "./me.js";
import { html } from "./vendor/lit-html/lit-html.js";

/** Ask for the token; returns null when people gave it up. */
export function login() {
  return ask("Log in", loginForm, { act: sendToken });
}

async function sendToken(form) {
  await post("/api/login", { token: form.get("token") });
  await lookAtMe();
}

const loginForm = () => html`
  <p>What changes things needs the token, and so do source files. Who runs the hub has it.</p>
  <label>Token <input type="password" name="token" required autocomplete="current-password"></label>`;

/** Forget the token in this browser. */
export async function logout() {
  await post("/api/logout");
  await lookAtMe();
}

/** Do something that may need the token: where the server refuses it, the token is asked for, and it is done again. */
export async function withToken(act) {
  try {
    return await act();
  } catch (error) {
    if (error.status !== 401 && error.status !== 403) throw error;
    if (me.may_change || !(await login())) throw error;
    return act();
  }
}
