// Axes and lines for the widgets that draw curves: one look, in the colours of the core.
import { s } from "./core.js";

// Round numbers from one end to the other, about `most` of them.
export function ticks(from, to, most = 5) {
  const rough = (to - from) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((times) => times * power >= rough * (1 - 1e-9));
  const first = Math.ceil(from / step - 1e-9);
  const count = Math.floor(to / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, i) => +((first + i) * step).toPrecision(12));
}

// Powers of ten from one end to the other.
export function decades(from, to) {
  const first = Math.ceil(Math.log10(from) - 1e-9);
  return Array.from({ length: Math.floor(Math.log10(to) + 1e-9) - first + 1 }, (_, i) => 10 ** (first + i));
}

// A frame with two axes, each { from, to, label, log?, at?: numbers, words?: (number) => text }. The label of y stands
// above the frame, that of x below. Returns { x, y, nodes, box }: from values to places, what to draw first, and the frame.
export function frame({ width, height, x, y, left = 44, top = 20, right = 12, bottom = 36 }) {
  const box = { left, top, right: width - right, bottom: height - bottom };
  const place = ({ from, to, log }, a, b) => {
    const bend = log ? Math.log : (value) => value;
    const [start, end] = [from, to].map(bend);
    return (value) => a + ((b - a) * (bend(value) - start)) / (end - start);
  };
  const [px, py] = [place(x, box.left, box.right), place(y, box.bottom, box.top)];
  const marks = (axis, most) => axis.at ?? (axis.log ? decades(axis.from, axis.to) : ticks(axis.from, axis.to, most));
  const words = (axis, value) => (axis.words ? axis.words(value) : String(value));
  const nodes = [
    ...marks(y, 4).flatMap((value) => [
      s("line", { x1: box.left, x2: box.right, y1: py(value), y2: py(value), stroke: "var(--line)" }),
      s("text", { x: box.left - 6, y: py(value) + 4, "text-anchor": "end", class: "s" }, words(y, value))]),
    ...marks(x, width > 420 ? 6 : 3).map((value) =>
      s("text", { x: px(value), y: box.bottom + 16, "text-anchor": "middle", class: "s" }, words(x, value))),
    s("text", { x: box.left, y: top - 8, class: "s" }, y.label),
    s("text", { x: box.right, y: height - 4, "text-anchor": "end", class: "s" }, x.label),
  ];
  return { x: px, y: py, nodes, box };
}

// A place on the page, as exact as it can be seen.
const tenth = (at) => Math.round(10 * at) / 10;

// A line through points [x, y] of the page; where one is not finite the line has a gap.
export function line(points, attrs = {}) {
  let pen = "M";
  const d = points.map(([x, y]) => {
    if (!Number.isFinite(x) || !Number.isFinite(y)) { pen = "M"; return ""; }
    const piece = `${pen}${tenth(x)} ${tenth(y)}`;
    pen = "L";
    return piece;
  }).join("");
  return s("path", { d, fill: "none", "stroke-width": 1.5, "stroke-linejoin": "round", ...attrs });
}
