// How few directions hold a weight update, and what does LoRA cost?
import { ask, button, check, facts, gate, grouped, h, make, numberField, numbers, percent, picture, player, put, remember, s, select, slider, Sorry, whole, widget } from "./core.js";

const SIZES = ["Width d", "Width of k and v", "Width of the MLP", "Layers"];
const TARGETS = ["q", "k", "v", "o", "gate", "up", "down"];
const highest = (values) => values.reduce((top, x) => Math.max(top, Math.abs(x)), 0);
const list = (length, each) => Array.from({ length }, (_, i) => each(i));

// Singular values s, largest first, and their vectors, one a row of u and of v; where s is 0, one of the two is left 0.
// Rows of the matrix (columns, if those are fewer) are rotated in pairs until all are at right angles: Hestenes (1958).
export function svd({ values, rows, cols }) {
  const wide = rows <= cols;
  const [size, length] = wide ? [rows, cols] : [cols, rows];
  const top = highest(values);
  if (!top) throw new Sorry("This matrix is all zeros: there is nothing to approximate.");
  // A row goes on with one of the identity, which collects the rotations.
  const lines = list(size, (i) => Float64Array.from({ length: length + size }, (_, j) =>
    (j < length ? values[wide ? i * cols + j : j * cols + i] / top : +(j === length + i))));
  const dot = (a, b) => {
    let sum = 0;
    for (let j = 0; j < length; j++) sum += a[j] * b[j];
    return sum;
  };
  for (let sweep = 0, turned = true; turned && sweep < 40; sweep++) {
    lines.sort((a, b) => dot(b, b) - dot(a, a));
    const norms = lines.map((a) => dot(a, a));
    turned = false;
    for (let p = 0; p < size; p++) for (let q = p + 1; q < size; q++) {
      const [a, b] = [lines[p], lines[q]];
      const both = dot(a, b);
      if (norms[q] <= 1e-30 * norms[0] || Math.abs(both) <= 1e-13 * Math.sqrt(norms[p] * norms[q])) continue;
      turned = true;
      const zeta = (norms[q] - norms[p]) / (2 * both);
      const tan = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
      const cos = 1 / Math.hypot(1, tan);
      const sin = cos * tan;
      for (let j = 0; j < a.length; j++) {
        const x = a[j];
        a[j] = cos * x - sin * b[j];
        b[j] = sin * x + cos * b[j];
      }
      norms[p] -= tan * both;
      norms[q] += tan * both;
    }
  }
  const norms = lines.map((a) => Math.sqrt(dot(a, a)));
  const none = 1e-14 * norms[0];
  const join = (each) => Float64Array.from(lines.flatMap((a, i) => [...each(a, norms[i])]));
  const ends = [join((a) => a.subarray(length)), join((a, norm) => a.subarray(0, length).map((x) => (norm > none ? x / norm : 0)))];
  const [u, v] = wide ? ends : ends.reverse();
  return { u, s: Float64Array.from(norms, (norm) => (norm > none ? norm * top : 0)), v };
}

// Add the terms s_k u_k v_k from one rank to another, or take them away.
function shift(low, { u, s: sigma, v }, from, to) {
  const [rows, cols] = [u.length / sigma.length, v.length / sigma.length];
  for (let k = Math.min(from, to); k < Math.max(from, to); k++) for (let i = 0; i < rows; i++) {
    const factor = Math.sign(to - from) * sigma[k] * u[k * rows + i];
    for (let j = 0; j < cols; j++) low[i * cols + j] += factor * v[k * cols + j];
  }
  return low;
}

// What the largest singular values keep, and what is lost without the others.
function kept(sigma, rank) {
  const [inside, outside] = [sigma.slice(0, rank), sigma.slice(rank)].map((part) =>
    part.reduce((sum, x) => sum + (x / sigma[0]) ** 2, 0));
  const total = inside + outside;
  return { energy: inside / total, frobenius: Math.sqrt(outside / total), spectral: (sigma[rank] ?? 0) / sigma[0] };
}

// The best approximation of a rank, from what `svd` gives (Eckart and Young 1936, Mirsky 1960).
export function compute({ u, s: sigma, v, rank }) {
  const low = new Float64Array((u.length * v.length) / sigma.length ** 2);
  return { low: shift(low, { u, s: sigma, v }, 0, rank), ...kept(sigma, rank) };
}

// What goes into and comes out of each matrix of a layer.
const shapes = ([d, kv, mlp]) => ({ q: [d, d], k: [d, kv], v: [d, kv], o: [d, d], gate: [d, mlp], up: [d, mlp], down: [mlp, d] });
const limit = (sizes, targets) => Math.min(...targets.flatMap((name) => shapes(sizes)[name]));

// A of r x in and B of out x r for each target in each layer: Hu and others (2021), section 4.
export function cost({ sizes, targets, lora: rank }) {
  const [d, kv, mlp, layers, vocab, tables] = sizes;
  const each = targets.map((name) => shapes(sizes)[name]);
  const full = layers * each.reduce((sum, [from, to]) => sum + from * to, 0);
  const lora = layers * rank * each.flat().reduce((sum, side) => sum + side, 0);
  const model = layers * d * (2 * d + 2 * kv + 3 * mlp + 2) + d + tables * vocab * d;
  return { each, full, lora, model, fp16: 2 * lora, share: lora / full, whole: lora / model };
}

// Ask what a twenty-fourth of the singular values hold. Fewer than four values: no question.
export function puzzle(sigma) {
  const size = sigma.length;
  if (size < 4) return null;
  const few = Math.max(1, Math.round(size / 24));
  const [even, { energy }] = [few / size, kept(sigma, few)];
  const choices = [energy, even, (1 + energy) / 2, (7 + energy) / 8, energy / 2].reduce((all, guess) =>
    (all.some((one) => Math.abs(one - guess) < 0.04) ? all : [...all, guess]), []);
  return {
    few,
    question: `The update is a sum of ${size} directions. The strength of each is a singular value, its square an energy. `
      + `How much of all energy is in the ${few > 1 ? `${few} ` : ""}strongest?`,
    choices: choices.sort((a, b) => a - b).map(percent),
    right: percent(energy),
    why: `If all were as strong, they would hold ${percent(even)}. ${energy > 2 * even
      ? "A few directions do most of the work." : "No few directions stand out."}`,
  };
}

// Numbers from -top to top as a picture, blue over white to orange. A BMP takes a third of the time that a canvas does.
const sheets = {};
export function heat(values, top, cols, rows) {
  const stride = (cols + 3) & ~3;
  // Clamped: what lies beyond `top` gets the last colour of its side.
  const bytes = (sheets[[cols, rows]] ??= new Uint8ClampedArray(1078 + stride * rows));
  if (!bytes[0]) {
    const view = new DataView(bytes.buffer);
    const head = [[0, 0x4d42], [2, bytes.length], [10, 1078], [14, 40], [18, cols], [22, rows], [26, 0x80001]];
    head.forEach(([at, n]) => view.setInt32(at, n, true));
    for (let i = 0; i < 256; i++) {
      const part = Math.min(1, Math.abs(i - 127) / 127);
      bytes.set((i < 127 ? [178, 114, 0] : [0, 110, 230]).map((end) => 255 + part * (end - 255)), 54 + 4 * i);
    }
  }
  const scale = 127 / top;
  // The last row comes first.
  for (let y = 0, i = 0; y < rows; y++) for (let x = 0, at = 1078 + stride * (rows - 1 - y); x < cols; x++) {
    bytes[at++] = 127 + scale * values[i++];
  }
  return `data:image/bmp;base64,${new Uint8Array(bytes.buffer).toBase64?.() ?? btoa(list(Math.ceil(bytes.length / 8192), (i) =>
    String.fromCharCode.apply(null, bytes.subarray(8192 * i, 8192 * (i + 1)))).join(""))}`;
}

// What a trait holds: rows, columns and unit as float64, then numbers of 1, 4 or 8 bytes.
function matrix(view) {
  const [rows, cols, unit] = [0, 8, 16].map((at) => view.getFloat64(at, true));
  const size = (view.byteLength - 24) / rows / cols;
  const get = { 1: "getInt8", 4: "getFloat32", 8: "getFloat64" }[size];
  return { values: Float64Array.from({ length: rows * cols }, (_, i) => unit * view[get](24 + size * i, true)), rows, cols };
}

// A matrix with its factors, and pictures of it: whole, at a rank, and what is left. `at(rank)` goes on from the last rank.
function study(name, { values, rows, cols }) {
  const parts = svd({ values, rows, cols });
  const top = highest(values);
  const images = list(3, () => make("image", { class: "nt-map", "image-rendering": "pixelated" }));
  const show = (i, numbers) => images[i].setAttribute("href", heat(numbers, top, cols, rows));
  show(0, values);
  const [low, rest] = [0, 1].map(() => new Float64Array(values.length));
  let last = 0;
  const at = (rank) => {
    if (rank !== last) {
      if (rank < last / 2) low.fill(last = 0);
      shift(low, parts, last, rank);
      last = rank;
      show(1, low);
      for (let i = 0; i < low.length; i++) rest[i] = values[i] - low[i];
      show(2, rest);
    }
    return kept(parts.s, rank);
  };
  const bars = remember((x, y, gap) => list(parts.s.length, (i) => `H${x(i).toFixed(1)}V${y(parts.s[i] / parts.s[0]).toFixed(1)}H${
    (x(i + 1) - gap).toFixed(1)}V${y(0)}`));
  return { name, rows, cols, s: parts.s, top, images, bars, at };
}

// The singular values of each matrix, and under them the matrix whole, at this rank, and what is left. `shown` are what
// `study` gives, with `rank` and what it kept as `now`; `open` is false until the prediction.
export function draw(svg, { width, shown, log, open, text }) {
  const nodes = [];
  const write = (x, y, words, attrs = { class: "s" }) => nodes.push(s("text", { x, y, ...attrs }, words));
  const end = { class: "s", "text-anchor": "end" };
  const across = width > 520 ? 2 : 1;
  const room = (width + 24) / across - 24;
  shown.forEach(({ name, s: sigma, rank, now, bars }, n) => {
    const right = (n % across) * (room + 24) + room;
    const left = right - room + 50;
    const head = 220 * Math.floor(n / across);
    const [high, foot] = [head + 40, head + 140];
    const x = (i) => left + ((right - left) * i) / sigma.length;
    const y = (part) => foot - (foot - high) * (log ? Math.max(0, 1 + Math.log10(part) / 4) : part);
    write(left - 50, head + 12, name, {});
    write(left - 50, head + 30, "singular value ÷ largest");
    for (const mark of log ? [1e-4, 0.01, 1] : [0, 0.5, 1]) {
      nodes.push(s("line", { x1: left, x2: right, y1: y(mark), y2: y(mark), stroke: "var(--line)" }));
      write(left - 6, y(mark) + 4, mark, end);
    }
    if (!open) return;
    const gap = x(1) > x(0) + 3 ? 1 : 0;
    const columns = bars([left, right, foot, log, gap], x, y, gap);
    for (const [from, to, role] of [[0, rank, "truth"], [rank, sigma.length, "ghost"]]) {
      nodes.push(s("path", { d: `M${left} ${foot}${columns.slice(from, to).join("")}`, fill: `var(--${role})` }));
    }
    write(left, foot + 16, "1");
    write(right, foot + 16, `number ${sigma.length}`, end);
    write(left, foot + 36, `${rank} kept: ${percent(now.energy)} of the energy`, {});
    write(left, foot + 54, `residual: Frobenius ${percent(now.frobenius)}, spectral ${percent(now.spectral)}`, {});
  });
  let top = 440 / across;
  const columns = across + 1;
  const cell = (width + 16) / columns - 16;
  for (const { name, rows, cols, rank, top: most, images } of shown) {
    const scale = cell / Math.max(rows, cols);
    images.forEach((image, i) => {
      if (i && !open) return;
      const [x, y] = [(i % columns) * (cell + 16), top + 18 + Math.floor(i / columns) * (scale * rows + 24)];
      for (const [key, value] of Object.entries({ x, y, width: scale * cols, height: scale * rows })) image.setAttribute(key, value);
      write(x, y - 6, [name, `best of rank ${rank}`, "what is left"][i], {});
      nodes.push(image);
    });
    top += Math.ceil(3 / columns) * (scale * rows + 24) + 24;
    write(0, top - 12, `blue −${most.toPrecision(2)} to orange +${most.toPrecision(2)}, one scale`);
  }
  picture(svg, width, top, text, nodes);
}

// What LoRA costs in a model: settings, and what they come to.
function costs(ui) {
  const number = (label, set) => numberField(label, { min: 1, style: "width:96px" }, set);
  // Another model or target may have a shorter side: the rank gives way.
  const fit = (changes) => {
    const { sizes, targets, lora } = { ...ui.state(), ...changes };
    ui.set({ ...changes, lora: Math.max(1, Math.min(lora, limit(sizes, targets))) });
  };
  const models = ui.get("models");
  const names = [...Object.keys(models), "sizes of your own"];
  const model = select("Model", names.map((name) => [name, name]), (name) => fit({ sizes: models[name] ?? ui.state().sizes }));
  const rank = number("Rank of the LoRA", (lora) => ui.set({ lora }));
  const boxes = TARGETS.map((name) => check(name, (on) =>
    fit({ targets: TARGETS.filter((one) => (one === name ? on : ui.state().targets.includes(one))) })));
  const sizes = SIZES.map((label, i) => number(label, (value) => fit({ sizes: ui.state().sizes.with(i, value) })));
  const [sums, told] = [h("div", { class: "facts" }), h("p", { class: "soft" })];
  const out = h("div", { "aria-live": "polite" }, sums, told);
  const node = h("details", {}, h("summary", {}, "What LoRA costs in a model"), h("div", { class: "cols", style: "margin-top:8px" },
    h("div", {}, model.node, rank.node,
      h("div", { class: "nt-row", role: "group", "aria-label": "Matrices" }, boxes.map((box) => box.node)),
      sizes.map((each) => each.node)), out));
  let last = "";
  const show = (state) => {
    model.show(names.find((name) => String(models[name]) === String(state.sizes)) ?? names.at(-1));
    rank.show(state.lora);
    boxes.forEach((box, i) => box.show(state.targets.includes(TARGETS[i])));
    sizes.forEach((each, i) => each.show(state.sizes[i]));
    if (last === (last = JSON.stringify([state.sizes, state.targets, state.lora]))) return;
    const sum = cost(state);
    const part = (x) => `${+(100 * x).toPrecision(3)} %`;
    facts(sums, [[grouped(sum.lora), "numbers to train"],
      [`${grouped(+(sum.fp16 / 1e6).toPrecision(3))} MB`, "in fp16, double in fp32"],
      [part(sum.share), `of the ${grouped(sum.full)} in these matrices`], [part(sum.whole), `of the ${grouped(sum.model)} in the model`]]);
    told.textContent = `${state.sizes[3]} layers × ${state.lora} × (${sum.each.flat().join(" + ")}): r (in + out) for each matrix, as `
      + "A is r × in and B is out × r (Hu et al. 2021, arXiv 2106.09685).";
  };
  return { node, show };
}

function build(ui) {
  const both = [["name", "update"], ["contrast_name", "contrast"]].map(([name, data]) => study(ui.get(name), matrix(ui.get(data))));
  const [first] = both;
  const { s: { length: size }, rows, cols } = first;
  const losses = ui.get("losses");
  const asked = puzzle(first.s);
  const question = asked && ask(asked, (prediction) => ui.set(prediction === "skip" ? { prediction } : { rank: asked.few, prediction }));
  const rank = slider("Rank r", { min: 1, max: size }, (value) => ui.set({ rank: value }));
  const log = check("Log axis", (value) => ui.set({ tens: value }));
  const { node: play } = player(() => {
    const next = Math.min(size, ui.state().rank + 1);
    ui.set({ rank: next });
    return next < size;
  }, 300);
  play.append(button("Reset", ui.reset));
  const controls = h("fieldset", {}, rank.node, log.node, play);
  const svg = make("svg", { role: "img" });
  const figures = h("div", { class: "facts" });
  const said = h("p", { class: "soft", "aria-live": "polite" });
  const price = costs(ui);
  const fields = h("fieldset", {}, price.node);
  const shut = gate(question, controls, fields);
  const more = numbers("lora-rank", [svg]);
  // Dark: white turns dark and the hues stay.
  const dark = h("style", {}, ".nt[data-theme=dark] .nt-map{filter:invert(.93) hue-rotate(180deg)}");
  ui.root.append(dark, h("p", { class: "soft" }, ui.get("caption")), question?.node ?? "",
    h("div", { class: "cols" }, h("div", {}, controls, shut.node, figures), h("div", {}, svg)), said, fields, more.node);
  const head = ["singular value", "energy kept", "Frobenius residual", "spectral residual"];
  let listed = false;

  return (width) => {
    const state = ui.state();
    const open = shut.show(state.prediction);
    const shown = both.map((each) => {
      const r = Math.min(state.rank, each.s.length);
      return { ...each, rank: r, now: each.at(r) };
    });
    const text = shown.map((one) => (open
      ? `${one.name}: rank ${one.rank} of ${one.s.length} keeps ${percent(one.now.energy)} of the energy; the Frobenius residual is ${
        percent(one.now.frobenius)}.` : `${one.name}: ${one.rows} by ${one.cols} numbers.`)).join(" ");
    draw(svg, { width: width > 640 ? width - 260 : width, shown, log: state.tens, open, text });
    put(said, "textContent", text);
    const lora = state.rank * (rows + cols);
    const told = [[grouped(lora), `numbers in a LoRA: r (in + out), ${percent(lora / rows / cols)} of ${grouped(rows * cols)}`]];
    if (losses.length > state.rank) told.push([losses[state.rank].toFixed(3),
      `loss, every update cut to rank ${state.rank}; ${losses[0].toFixed(2)} at rank 0, ${losses.at(-1).toFixed(3)} uncut`]);
    facts(figures, open ? told : []);
    rank.show(state.rank, `${state.rank} of ${size}`);
    log.show(state.tens);
    price.show(state);
    if (listed || !open) return;
    listed = true;
    more.show(["rank", ...head, ...head.map((name) => `${name}, beside`)], () => list(size, (i) =>
      [i + 1, ...both.flatMap((each) => [each.s[i] ?? 0, ...Object.values(kept(each.s, i + 1))])]),
    (row) => row.map((x, i) => (i ? x.toPrecision(4) : x)));
  };
}

const depth = (get) => Math.min(...[0, 8].map((at) => get("update").getFloat64(at, true)));

export default widget({
  title: "How few directions hold a weight update?",
  state: {
    rank: (v, get) => whole(v, 1, depth(get)) || `The rank must be a whole number from 1 to ${depth(get)}, not ${v}.`,
    tens: (v) => typeof v === "boolean",
    sizes: (v) => Array.isArray(v) && v.length === 6 && v.every((x, i) => whole(x, 1, i < 5 ? 1e6 : 2))
      || "Sizes are whole numbers from 1 to a million; embedding tables are 1 or 2.",
    targets: (v) => Array.isArray(v) && v.length > 0 && v.every((x, i) => TARGETS.includes(x) && v.indexOf(x) === i)
      || "LoRA needs at least one matrix.",
    lora: (v, get) => {
      const most = limit(get("sizes"), get("targets"));
      return whole(v, 1, most)
        || `The rank of the LoRA must be a whole number from 1 to ${most}, the shortest side, not ${v}.`;
    },
  },
  data: ["update", "name", "caption", "contrast", "contrast_name"],
  build,
});
