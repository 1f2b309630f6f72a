/** What people can do with jobs: each says what came of it. */

import { post } from "./api.js";
import { ask, say } from "./dialog.js";
import { visible } from "./format.js";
import { withToken } from "./login.js";
import { html } from "./vendor/lit-html/lit-html.js";

/** Portions of one click: jobs that fail again at once must not keep it busy for ever. */
const ROUNDS = 100;
const STATES = {
  waiting: "goes to the front of the queue", running: "is running already", done: "is done already",
  failed: "has failed; retry it", null: "is looked for in the storage",
};

async function act(doIt) {
  try {
    say(await withToken(doIt));
  } catch (error) {
    say(error.message, true);
  }
}

/** Ask for a job to be done first. */
export const prioritize = (id) => act(async () => {
  const { states } = await post("/api/jobs/prioritize", { ids: [id] });
  return `${visible(id)} ${STATES[states[id]]}.`;
});

/** Have a job done again. */
export const retry = (id) => act(async () => {
  const { refused } = await post("/api/jobs/retry", { ids: [id] });
  return refused[id] ? `${visible(id)} is left as it is: ${refused[id]}.` : `${visible(id)} waits again.`;
});

/** Have all jobs done again that have failed, a portion at a time. */
export async function retryFailed() {
  const text = html`<p>All jobs that have failed are put back into the queue, also those from long ago.</p>`;
  if (!(await ask("Retry all that have failed?", () => text, { button: "Retry" }))) return;
  await act(async () => {
    let [number, left, more] = [0, 0, true];
    for (let round = 0; more && round < ROUNDS; round += 1) {
      const done = await post("/api/jobs/retry", { failed: true });
      [number, left, more] = [number + done.ids.length, Object.keys(done.refused).length, done.more];
    }
    return `${number} jobs wait again${left ? `; ${left} are left as they are, such as those whose files are gone` : ""}.`;
  });
}
