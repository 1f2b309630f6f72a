/** Values as people read them. */

const DIGITS = 6;
const MOST_ELEMENTS = 8;
const LONGEST = 300;

/** A value with its unit. `entry` is what the document of fields says of the field, or undefined. */
export function withUnit(value, entry) {
  const text = plain(value, entry);
  return entry?.unit && value !== null && value !== undefined ? `${text} ${entry.unit}` : text;
}

/** A value without its unit; "—" where there is none. */
export function plain(value, entry) {
  if (value === null || value === undefined) return "—";
  if (Array.isArray(value)) return list(value, entry);
  if (typeof value === "number") return number(value, entry);
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)} …` : text;
}

function list(values, entry) {
  if (Array.isArray(values[0])) return `${values.length} rows of ${values[0].length}`;
  const shown = values.slice(0, MOST_ELEMENTS).map((value) => plain(value, entry)).join(", ");
  return values.length > MOST_ELEMENTS ? `[${shown}, … ${values.length} in all]` : `[${shown}]`;
}

function number(value, entry) {
  if (entry?.labels?.[value] !== undefined) return entry.labels[value];
  const [, digits, kind] = /^%[-+ 0]*\d*(?:\.(\d+))?([a-z])$/i.exec(entry?.format ?? "") ?? [];
  if (kind === "f") return value.toFixed(Math.min(digits ?? 6, 20));
  if (kind === "e" || kind === "E") return value.toExponential(Math.min(digits ?? 6, 20));
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(digits ? Math.min(Math.max(digits, 1), 20) : DIGITS)));
}

/** A lateness in seconds as milliseconds. */
export function milliseconds(seconds) {
  return seconds === null || seconds === undefined ? "—" : `${(seconds * 1000).toFixed(1)} ms`;
}

/** A text of strangers on one line: what cannot be seen, or turns the direction of writing, is written out. */
export function visible(text) {
  return text.replace(/[\p{C}\u2028\u2029]/gu, (sign) => NAMES[sign] ?? `\\u{${sign.codePointAt(0).toString(16)}}`);
}

const NAMES = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
