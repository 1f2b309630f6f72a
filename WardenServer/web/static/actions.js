/** What people can do: each asks for the token where the server wants it, and says what came of it. */

import { post } from "./api.js";
import { ask, say } from "./dialog.js";
import { withToken } from "./login.js";
import { now } from "./time.js";
import { html } from "./vendor/lit-html/lit-html.js";

async function act(path, body, done) {
  try {
    await withToken(() => post(path, body));
    say(done);
  } catch (error) {
    say(error.message, true);
  }
}

const sure = (text, button) => ask(`${button}?`, () => html`<p>${text}</p>`, { button });

const DONE = { run: "runs at the next tick", start: "is started", stop: "is stopped" };
const HUB_DONE = { start: "The hub is started.", stop: "The hub is stopped.", reload: "The plugin files are read again." };

/** Run, start or stop an agent. */
export async function actOnAgent(name, verb) {
  if (verb === "stop" && !(await sure(`${name} will not run any more until somebody starts it.`, "Stop"))) return;
  await act(`/api/agents/${encodeURIComponent(name)}/${verb}`, {}, `${name} ${DONE[verb]}.`);
}

/** Start, stop or reload the hub. */
export async function actOnHub(verb) {
  if (verb === "stop" && !(await sure("No agent will run any more until somebody starts the hub.", "Stop"))) return;
  await act(`/api/hub/${verb}`, {}, HUB_DONE[verb]);
}

/** End the reminders of an alarm. */
export const acknowledge = (rule) => act("/api/alarms/acknowledge", { rule }, `${rule} is acknowledged.`);

/** Tell people of a rule again. */
export const unmute = (rule) => act("/api/alarms/unmute", { rule }, `${rule} is told again.`);

/** Tell nobody of a rule for some hours. */
export async function mute(rule) {
  const form = await ask(`Mute ${rule}`, muteForm, { button: "Mute" });
  if (!form) return;
  const until = now() + 3600 * Number(form.get("hours"));
  await act("/api/alarms/mute", { rule, until, why: form.get("why") }, `${rule} is muted.`);
}

const muteForm = () => html`
  <label>Hours <input type="number" name="hours" min="0.1" max="720" step="any" value="2" required></label>
  <label>Why <input name="why" required></label>`;
