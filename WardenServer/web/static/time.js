/** Times: the server's clock, and how times and spans are written, in the zone of the beamline. */

let offset = 0;
let zone = "UTC";
let formats = {};

/** Go by the server's clock: `read` is its time now, in Unix seconds. */
export function sync(read) {
  offset = read - Date.now() / 1000;
}

/** Now on the server's clock, in Unix seconds; it goes on when nothing comes any more. */
export function now() {
  return Date.now() / 1000 + offset;
}

/** Write times in this zone of the IANA database from now on; one that the browser does not know counts as UTC. */
export function setZone(name) {
  if (name === zone) return;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    zone = name;
  } catch {
    zone = "UTC";
  }
  formats = {};
}

/** The zone in which times are written. */
export function zoneName() {
  return zone;
}

const KINDS = {
  clock: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  short: { day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" },
  date: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
  parts: { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" },
  zone: { timeZoneName: "short" },
};

function format(kind) {
  formats[kind] ??= new Intl.DateTimeFormat("en-GB", { ...KINDS[kind], timeZone: zone, hourCycle: "h23" });
  return formats[kind];
}

/** A time as "13:05:00". */
export const clock = (time) => format("clock").format(time * 1000);

/** A time as "28 Nov, 13:05:00". */
export const shortTime = (time) => format("short").format(time * 1000);

/** The day of a time as "Saturday 28 November 2026". */
export const day = (time) => format("date").format(time * 1000);

/** How the zone is called at a time, such as "CET". */
export function zoneShort(time) {
  return format("zone").formatToParts(time * 1000).find((part) => part.type === "timeZoneName").value;
}

function parts(time) {
  return Object.fromEntries(format("parts").formatToParts(time * 1000).map((part) => [part.type, part.value]));
}

/** A time as "2026-11-28T13:05:00", as input fields and tables have it. */
export function local(time) {
  const said = parts(time);
  return `${said.year}-${said.month}-${said.day}T${said.hour}:${said.minute}:${said.second}`;
}

/** A time with its year, as "2026-11-28 13:05:00". */
export const fullTime = (time) => local(time).replace("T", " ");

/** The Unix seconds of a time as `local` writes it; NaN where it is none. */
export function fromLocal(text) {
  const guess = Date.parse(`${text}Z`) / 1000;
  if (Number.isNaN(guess)) return NaN;
  const shift = (time) => Date.parse(`${local(time)}Z`) / 1000 - Math.floor(time);
  return guess - shift(guess - shift(guess));
}

const UNITS = [["d", 86400], ["h", 3600], ["min", 60]];

/** A span in seconds as people say it: "12 s", "3 min", "2 h". */
export function span(seconds) {
  const [unit, size] = UNITS.find(([, least]) => seconds >= 2 * least) ?? ["s", 1];
  return `${Math.max(0, Math.floor(seconds / size))} ${unit}`;
}
