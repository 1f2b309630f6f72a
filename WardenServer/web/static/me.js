/** What this browser may do. */

import { fetchJson } from "./api.js";
import { changed } from "./store.js";

/** As /api/me says it. */
export const me = { may_read: true, may_change: false, login_needed: false };

/** Ask the server what this browser may do. */
export async function lookAtMe() {
  Object.assign(me, await fetchJson("/api/me"));
  changed();
}
