/** The site's own pages, as the server lists them. */

import { fetchJson } from "./api.js";
import { changed } from "./store.js";

/** Name and title of each. */
export let pages = [];

/** Ask the server which there are. */
export async function lookForPages() {
  pages = await fetchJson("/api/pages").catch(() => []);
  changed();
}
