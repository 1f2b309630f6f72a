/** A small line on a canvas, without axes. */

import { colour } from "./theme.js";

/** Draw samples onto a canvas. `walk(each)` calls each(time, value); the line covers the times from `begin` to `end`. */
export function drawSparkline(canvas, walk, begin, end) {
  const [low, high] = extent(walk, begin);
  const pen = clear(canvas);
  if (low > high) return;
  const { width, height } = canvas;
  const pad = 2 * devicePixelRatio;
  const across = (time) => ((time - begin) / (end - begin)) * width;
  const up = (value) => (high > low ? height - pad - ((value - low) / (high - low)) * (height - 2 * pad) : height / 2);
  stroke(pen, walk, begin, across, up);
}

function extent(walk, begin) {
  let [low, high] = [Infinity, -Infinity];
  walk((time, value) => {
    if (Number.isNaN(value) || time < begin) return;
    low = Math.min(low, value);
    high = Math.max(high, value);
  });
  return [low, high];
}

function clear(canvas) {
  const [width, height] = [canvas.clientWidth * devicePixelRatio, canvas.clientHeight * devicePixelRatio].map(Math.round);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const pen = canvas.getContext("2d");
  pen.clearRect(0, 0, width, height);
  return pen;
}

function stroke(pen, walk, begin, across, up) {
  Object.assign(pen, { strokeStyle: colour("--accent"), lineWidth: 1.5 * devicePixelRatio, lineJoin: "round" });
  pen.beginPath();
  let isDown = false;
  walk((time, value) => {
    const seen = !Number.isNaN(value) && time >= begin;
    if (seen) pen[isDown ? "lineTo" : "moveTo"](across(time), up(value));
    isDown = seen;
  });
  pen.stroke();
}
