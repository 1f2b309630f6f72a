/** Arrays of an agent as pictures: a spectrum as steps, over its edges where it is a histogram, an image as shades. */

import { fieldsOf, isStale, part, valueOf } from "./fields.js";
import { plain } from "./format.js";
import { state } from "./store.js";
import { colour } from "./theme.js";
import { html, nothing } from "./vendor/lit-html/lit-html.js";

const MOST = 12;
const MARGIN = 4;

/** The pictures of an agent's arrays; nothing where it has none. */
export function arrays(agent) {
  const ids = arraysOf(agent);
  return ids.length === 0 ? nothing : html`
    <section class="panel" aria-label="Spectra and images">
      <h2>Spectra and images</h2>
      <div class="arrays">${ids.map(picture)}</div>
    </section>`;
}

/** Draw the newest values of an agent's arrays. */
export function drawArrays(agent) {
  for (const id of arraysOf(agent)) {
    const canvas = [...document.querySelectorAll("canvas[data-array]")].find((each) => each.dataset.array === id);
    if (canvas?.clientWidth) draw(canvas, valueOf(id));
  }
}

const arraysOf = (agent) => fieldsOf(agent).filter((id) => isDrawn(id, valueOf(id))).slice(0, MOST);

/** The edges of a histogram are its scale, and no picture of their own. */
function isDrawn(id, value) {
  if (!Array.isArray(value) || value.length === 0) return false;
  if (part(id).field === "edges" && edgesOf(id, value.length - 1)) return false;
  const first = Array.isArray(value[0]) ? value[0][0] : value[0];
  return typeof first === "number" || first === null;
}

/** The edges beside a spectrum of so many values: one more of them, in the same document. */
function edgesOf(id, length) {
  const document = state.documents[part(id).key];
  const edges = document?.edges;
  return Array.isArray(edges) && edges.length === length + 1 ? edges : null;
}

function picture(id) {
  const value = valueOf(id);
  const entry = state.fields[id];
  const isImage = Array.isArray(value[0]);
  const [low, high] = extent(value.flat());
  const edges = isImage ? null : edgesOf(id, value.length);
  const size = isImage ? `${value[0].length} × ${value.length}` : `${value.length} values`;
  const range = low > high ? "no value" : `from ${plain(low, entry)} to ${plain(high, entry)}${entry.unit ? ` ${entry.unit}` : ""}`;
  const name = entry.label ?? entry.field;
  return html`
    <figure class=${isStale(id) ? "stale" : ""}>
      <canvas data-array=${id} role="img" aria-label=${`${name}: ${size}, ${range}`}></canvas>
      <figcaption><b>${name}</b> <span class="quiet">${size}, ${range}${edges ? `; bins from ${plain(edges[0])} to ${plain(edges.at(-1))}` : ""}</span></figcaption>
    </figure>`;
}

function extent(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (typeof value !== "number") continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

function draw(canvas, value) {
  const [width, height] = [canvas.clientWidth * devicePixelRatio, canvas.clientHeight * devicePixelRatio].map(Math.round);
  Object.assign(canvas, { width, height });
  const pen = canvas.getContext("2d");
  (Array.isArray(value[0]) ? drawImage : drawSteps)(pen, value, width, height);
}

function drawSteps(pen, values, width, height) {
  let [low, high] = extent(values);
  if (low > high) return;
  low = Math.min(low, 0);
  high = Math.max(high, 0);
  const up = (value) => height - MARGIN - ((value - low) / (high - low || 1)) * (height - 2 * MARGIN);
  pen.fillStyle = colour("--accent");
  values.forEach((value, place) => {
    if (typeof value !== "number") return;
    const [left, right] = [place, place + 1].map((each) => Math.floor((each / values.length) * width));
    const [top, bottom] = [up(Math.max(value, 0)), up(Math.min(value, 0))];
    pen.fillRect(left, top, Math.max(1, right - left), Math.max(1, bottom - top));
  });
}

function drawImage(pen, rows, width, height) {
  const [low, high] = extent(rows.flat());
  const picture = pen.createImageData(rows[0].length, rows.length);
  rows.flat().forEach((value, place) => {
    const shade = typeof value === "number" ? Math.round((255 * (value - low)) / (high - low || 1)) : 0;
    picture.data.set([shade, shade, shade, typeof value === "number" ? 255 : 0], 4 * place);
  });
  const small = new OffscreenCanvas(rows[0].length, rows.length);
  small.getContext("2d").putImageData(picture, 0, 0);
  const scale = Math.min(width / rows[0].length, height / rows.length);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(small, 0, 0, rows[0].length * scale, rows.length * scale);
}
