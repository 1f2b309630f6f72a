/** What the server can be asked about pings. */

import { fetchJson } from "./api.js";

/** Milliseconds that a table may take. */
export const PATIENCE = 25_000;

/** Metrics with units and classes, sizes, sites or nodes, ticks, the newest and the oldest day, and pairs; raises Refused. */
export const fetchAbout = () => fetchJson("/api/ping/about", { patience: PATIENCE });
