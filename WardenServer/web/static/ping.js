/** The network: how the pings of this machine are, a matrix of pairs from the tables of an archive, and one pair over time. */

import { openMatrix } from "./ping_tables.js";
import { openPair } from "./ping_pair.js";
import { loadSheet } from "./sheet.js";

/** Open the matrix in `root`; where the address names a pair, that pair. */
export function open(root, { name, parameters }) {
  for (const sheet of ["views.css", "plots.css", "ping.css"]) loadSheet(sheet);
  return name === "pair" ? openPair(root, parameters) : openMatrix(root, parameters);
}
