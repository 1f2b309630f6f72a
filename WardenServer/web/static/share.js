/** What people take away from a plot: files, and a link that carries its own data. */

import { colour } from "./theme.js";
import { local, zoneName } from "./time.js";

/** Most characters of the data in a link, and most of it after unpacking. */
export const LONGEST = 16_000;
const MOST_UNPACKED = 1_000_000;
const MOST_SERIES = 20;
const POINTS = [800, 400, 200, 100, 50, 20];

/** Let the browser save something. */
export function save(content, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** The picture of a plot, with the names of its series below, as a blob. */
export function picture(chart, series, inks) {
  const from = chart.ctx.canvas;
  const size = 16 * devicePixelRatio;
  const canvas = Object.assign(document.createElement("canvas"), { width: from.width, height: from.height + (series.length + 1.5) * 1.5 * size });
  const pen = canvas.getContext("2d");
  pen.fillStyle = colour("--sheet");
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(from, 0, 0);
  pen.font = `${size}px system-ui, sans-serif`;
  const write = (text, ink, line) => {
    pen.fillStyle = ink;
    pen.fillText(text, size, from.height + (line + 1) * 1.5 * size);
  };
  series.forEach((one, place) => write(`— ${one.name}${one.unit ? ` (${one.unit})` : ""}`, colour(inks(place)), place));
  write(`${local(chart.scales.x.min)} to ${local(chart.scales.x.max)} ${zoneName()}`, colour("--ink"), series.length);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

/** Series as text for a link: with as many points as it may hold; null where even few are too many. */
export async function pack(series, [from, to]) {
  for (const points of POINTS) {
    const slim = series.slice(0, MOST_SERIES).map((one) => thin(one, points));
    const packed = await deflate(JSON.stringify({ from, to, zone: zoneName(), series: slim }));
    if (packed.length <= LONGEST) return packed;
  }
  return null;
}

/** Of each stretch of a series the least and the greatest value, and of all the first and the last. */
function thin(series, points) {
  const { id, name, unit, shift, level, labels, gaps, entry } = series;
  const kept = { id, name, unit, shift, level, labels, gaps, entry: limits(entry), time: [], value: [], low: series.low && [], high: series.high && [] };
  for (const place of places(series.value, points)) {
    for (const column of ["time", "value", "low", "high"]) kept[column]?.push(short(series[column][place]));
  }
  return kept;
}

const limits = ({ field, min_alarm, max_alarm, min_warning, max_warning }) => ({ field, min_alarm, max_alarm, min_warning, max_warning });
const short = (value) => (typeof value === "number" ? Number(value.toPrecision(value > 1e8 ? 12 : 6)) : null);

function places(values, points) {
  if (values.length <= points) return values.keys();
  const size = Math.ceil((2 * values.length) / points);
  const kept = new Set([0, values.length - 1]);
  for (let begin = 0; begin < values.length; begin += size) {
    const stretch = Array.from({ length: Math.min(size, values.length - begin) }, (_, place) => begin + place);
    const order = stretch.filter((place) => values[place] !== null).sort((one, other) => values[one] - values[other]);
    for (const place of [order[0], order.at(-1), stretch.find((each) => values[each] === null)]) if (place !== undefined) kept.add(place);
  }
  return [...kept].sort((one, other) => one - other);
}

async function deflate(text) {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The series of a link, with `from` and `to`; raises an Error where it holds none. */
export async function unpack(packed) {
  try {
    const said = JSON.parse(await inflate(packed.slice(0, LONGEST)));
    return { from: Number(said.from), to: Number(said.to), series: said.series.slice(0, MOST_SERIES).map(checked) };
  } catch {
    throw new Error("The data in this link are damaged; ask for the link again.");
  }
}

async function inflate(packed) {
  const bytes = Uint8Array.from(atob(packed.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")).pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    text += read.value;
    if (text.length > MOST_UNPACKED) throw new Error("too long");
  }
  return text;
}

/** A series as `thin` makes it, whatever the link says. */
function checked(said) {
  const numbers = (list) => list.map((value) => (Number.isFinite(value) ? value : null));
  const time = said.time.map(Number).filter(Number.isFinite);
  const column = (list) => (Array.isArray(list) ? numbers(list).slice(0, time.length) : null);
  return {
    id: String(said.id), name: String(said.name), unit: String(said.unit ?? ""), shift: Number(said.shift) || 0,
    level: String(said.level), labels: Array.isArray(said.labels) ? said.labels.map(String) : null,
    gaps: said.gaps.map(({ begin, end, reason }) => ({ begin: Number(begin), end: Number(end), reason: String(reason) })),
    entry: Object.fromEntries(Object.entries(said.entry ?? {}).map(([name, value]) => [name, String(value)])),
    time, value: column(said.value) ?? [], low: column(said.low), high: column(said.high),
  };
}
