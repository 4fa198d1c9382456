// How can rotary positions reach beyond the trained length?
import { ask, button, check, gate, grouped, h, make, numberField, numbers, picture, player, put, remember, s, select, slider, Sorry, whole, widget, within } from "./core.js";
import { frame, line } from "./chart.js";

const TURN = 2 * Math.PI;
const METHODS = [["none", "none"], ["pi", "PI"], ["ntk", "NTK-aware"], ["yarn", "YaRN"]];
// Where the label of a method stands in the picture of speeds: beside its own bend, as a share of the width.
const SPOTS = { none: 0.12, pi: 0.12, ntk: 0.62, yarn: 0.4 };

const compact = new Intl.NumberFormat("en", { notation: "compact" }).format;
const short = (n) => grouped(+n.toPrecision(3));
const reach = ({ scale, length }) => Math.round(scale * length);
const MOST = 32; // times that a text is stretched

// What each setting of `compute` must be: true, or a sentence that says so.
const RULES = {
  dim: (v) => (whole(v, 2, 256) && v % 2 === 0) || "Head dimension: even, 2 to 256.",
  base: (v) => within(v, 1.01, 1e9) || "Base: 1.01 to 1e9.",
  length: (v) => whole(v, 16, 1 << 20) || "Trained length: 16 to 1048576.",
  scale: (v) => within(v, 1, MOST) || `Stretch: 1 to ${MOST}.`,
};

// Pair i of a head turns by theta_i = base^(-2i/d) at each position (RoPE, arXiv 2104.09864). A method makes it `theta`, `ratio` times
// that. PI (arXiv 2306.15595): every pair slower by s. NTK-aware (bloc97; arXiv 2309.00071, 3.1): base * s^(d/(d-2)), so that pair 0
// stays and the last is slower by s. YaRN (arXiv 2309.00071, 3.2): pairs of more than 32 turns within the trained length stay, those of
// less than 1 are slower by s; between, it blends over turns in the paper, over the index of the pair in its code and in transformers,
// which rounds the ends. `turns`: how often a pair goes round within the trained length; where that is less than once, a longer text may
// show unseen angles. YaRN multiplies q and k by `factor`, so scores by its square.
export function compute({ dim, base, length, scale, method = "none", by_pair = false }) {
  for (const [name, value] of Object.entries({ dim, base, length, scale })) {
    const told = RULES[name](value);
    if (told !== true) throw new Sorry(told);
  }
  const plain = Float64Array.from({ length: dim / 2 }, (_, i) => base ** ((-2 * i) / dim));
  const turns = plain.map((theta) => (length * theta) / TURN);
  const edge = (times) => (dim * Math.log(length / (times * TURN))) / (2 * Math.log(base));
  const low = Math.max(Math.floor(edge(32)), 0);
  const high = Math.min(Math.ceil(edge(1)), dim - 1);
  const kept = (i) => Math.min(1, Math.max(0, by_pair ? 1 - (i - low) / (high - low || 0.001) : (turns[i] - 1) / 31));
  const theta = plain.map({
    none: (each) => each,
    pi: (each) => each / scale,
    ntk: (_, i) => (base * scale ** (dim / (dim - 2))) ** ((-2 * i) / dim),
    yarn: (each, i) => each * (kept(i) + (1 - kept(i)) / scale),
  }[method]);
  const ratio = theta.map((each, i) => each / plain[i]);
  return { plain, theta, ratio, turns, factor: method === "yarn" ? 0.1 * Math.log(scale) + 1 : 1 };
}

// q . k, over its value at distance 0, for q = k alike in all pairs: the mean cosine of the pairs' angles.
export const score = (theta, distance) => theta.reduce((sum, t) => sum + Math.cos(distance * t), 0) / theta.length;

// The score over distances, [distance, mean of the scores around it]: exactly the mean of all from one edge to the next, as cosines in
// even steps t sum to the difference of two sines over 2 sin(t / 2).
export function means(theta, edges) {
  const weights = theta.map((t) => 1 / (2 * theta.length * Math.sin(t / 2)));
  const sums = edges.map((edge) => {
    let sum = 0;
    for (let i = 0; i < theta.length; i++) sum += weights[i] * Math.sin((edge + 0.5) * theta[i]);
    return sum;
  });
  return edges.slice(1).map((last, n) => [Math.sqrt((edges[n] + 1) * last), (sums[n + 1] - sums[n]) / (last - edges[n])]);
}

// Edges for `means`: 0, and from 1 to the end in even ratios, as far as whole numbers can.
export const ratios = (end) => [0, ...new Set(Array.from({ length: 41 }, (_, n) => Math.round(end ** (n / 40))))];

// The distances that Step and the slider go through: one by one, then in steps of a tenth.
export function stops(end) {
  const found = [0];
  for (let at = 1; at < end; at = Math.max(at + 1, Math.round(at * 1.1))) found.push(at);
  return [...found, end];
}

// ALiBi takes slope times distance off the score; head h of n, a power of two, has the slope 2^(-8h/n) (arXiv 2108.12409).
export const slopes = (heads) => Array.from({ length: heads }, (_, n) => 2 ** ((-8 * (n + 1)) / heads));

// Both methods stretch by the same; which of them slows the pair that tells neighbours apart?
export function puzzle(state) {
  const slowed = METHODS.filter(([method]) => method !== "yarn" && compute({ ...state, method }).ratio[0] < 1 - 1e-9);
  return {
    question: `Position interpolation (PI) and NTK-aware scaling both stretch ${grouped(state.length)} trained positions to `
      + `${grouped(reach(state))}. Which slows pair 0, the fastest, which tells neighbours apart?`,
    choices: ["PI", "NTK-aware", "both", "neither"],
    right: ["neither", slowed[0]?.[1], "both"][slowed.length],
    why: `PI slows every pair to 1/${short(state.scale)}. NTK-aware raises the base, and pair 0 turns by base^0 = 1 with any base.`,
  };
}

const word = (x, y, words, role, anchor = "middle") =>
  s("text", { x, y, "text-anchor": anchor, class: role ? null : "s" }, role && s("tspan", { style: `fill:var(--${role})` }, "● "), words);
const dot = ([cx, cy], r, role, open) => s("circle", { cx, cy, r, fill: `var(--${open ? "paper" : role})`, stroke: `var(--${role})` });
const stroke = ([x1, y1], [x2, y2], colour, attrs) => s("line", { x1, y1, x2, y2, stroke: `var(--${colour})`, ...attrs });
const area = (x, y, right, bottom, role) => s("rect", { x, y, width: right - x, height: bottom - y, fill: `var(--${role})`, opacity: 0.2 });
const trace = ({ role, dash }, points) =>
  line(points, { stroke: `var(--${role ?? "ghost"})`, "stroke-width": 2, "stroke-dasharray": dash });

// A method's row of dials, one for each pair. The rim is thick at the angles from the key's hand that training showed.
function dials({ theta, turns, name, role, dash }, { pairs, distance, start, room, r }, top) {
  const y = top + r + 28;
  const dial = (i, n) => {
    const x = room * (n + 0.5);
    const at = (angle) => [x + r * Math.cos(angle), y - r * Math.sin(angle)];
    const from = (start * theta[i]) % TURN;
    const apart = (distance * theta[i]) % TURN;
    const seen = Math.min(turns[i], 0.9999) * TURN;
    const lost = turns[i] < 1 && apart > seen * (1 + 1e-9);
    const colour = lost ? "bad" : role;
    const [a, b] = [at(from), at(from + seen)];
    return [
      s("circle", { cx: x, cy: y, r, fill: "none", stroke: "var(--line)" }),
      s("path", { d: `M${a}A${r} ${r} 0 ${+(seen > Math.PI)} 0 ${b}`, fill: "none", stroke: "var(--ghost)", "stroke-width": 6 }),
      stroke([x, y], a, "soft"),
      stroke([x, y], at(from + apart), colour, { "stroke-width": 3, "stroke-dasharray": dash }),
      distance && dot(at(from + apart - theta[i]), 4, colour, true),
      dot(at(from + apart), 5, colour),
      word(x, y + r + 20, `${short(+((distance * theta[i]) / TURN).toFixed(2))} turns`),
      lost && word(x, y - r - 8, "unseen", "bad"),
    ];
  };
  return s("g", {}, word(0, top + 16, name, role, "start"), pairs.map(dial));
}

// `keep` has a remembered `dials` for each row: a row whose angles are as they were stays.
function drawDials(svg, shown, keep) {
  const { sides, pairs, width, distance, start, text } = shown;
  const room = width / pairs.length;
  const r = Math.min(46, room / 2 - 7);
  const tall = 2 * r + 62;
  picture(svg, width, 38 + sides.length * tall, text, [
    ...pairs.map((i, n) => [word(room * (n + 0.5), 14, `pair ${i}`),
      word(room * (n + 0.5), 30, `λ ${short(TURN / sides[0].plain[i])}`)]),
    ...sides.map((side, row) => keep[row]([side.name, distance, start, width, pairs.flatMap((i) => [side.theta[i], side.turns[i]])],
      side, { ...shown, room, r }, 34 + row * tall)),
  ]);
}

// How much slower each pair turns, a line for each method, and where pairs come to angles that training never showed.
function drawSpeeds(svg, { sides, all, pairs, scale, width }) {
  const [{ turns }] = sides;
  const last = turns.length - 1;
  const { x, y, nodes, box } = frame({ width, height: 320,
    x: { from: -0.5, to: last + 0.5, label: "pair, from fast to slow", at: pairs },
    y: { from: 0.8 / 2 ** Math.max(1, Math.ceil(Math.log2(scale))), to: 1.3, log: true, label: "speed, × that in training", at: [1, 1 / scale],
      words: (v) => (v < 1 ? `1/${short(scale)}` : "1") } });
  const slow = turns.filter((each) => each >= 1).length;
  const label = ({ ratio, name, role }, i) => word(x(i), y(ratio[i]) - 8, name, role, "start");
  picture(svg, width, 320, "Speed of each pair", [nodes,
    slow <= last && [area(x(slow - 0.5), box.top, box.right, y(1 / scale), "bad"),
      word(box.right - 4, box.top + 14, "unseen", null, "end")],
    all.map((each) => trace(each, Array.from(each.ratio, (v, i) => [x(i), y(v)]))),
    all.map((each) => label(each, Math.round(SPOTS[each.method] * last)))]);
}

// What stays in a picture over distances while the stretch and the distance change. Its axis has room for the longest stretch.
function distances({ length, width }, height, y, marks) {
  const axes = frame({ width, height, y, x: { from: 1, to: MOST * length, log: true, label: "distance, positions", words: compact } });
  return { ...axes, width, height, label: y.label, stays: s("g", {}, axes.nodes, marks(axes)) };
}

const traces = ({ all }, { x, y }) => s("g", {}, all.map((each) => trace(each, each.curve.map(([at, v]) => [x(at), y(v)]))));

// Grey is what lies beyond the trained length; a line marks the distance shown.
function drawDistances(svg, { x, y, box, width, height, label, stays }, shown, curves, dots) {
  const here = x(shown.distance || 1);
  picture(svg, width, height, label, [area(x(shown.length), box.top, x(reach(shown)), box.bottom, "ghost"), stays,
    curves, stroke([here, box.top], [here, box.bottom], "soft"), dots.map(({ role, value }) => dot([here, y(value)], 4, role))]);
}

const scores = (shown, from) => distances(shown, 190, { from, to: 1, label: "score, × that at 0" }, ({ box }) =>
  shown.sides.map(({ name, role }, n, { length }) => word(box.left + 6, box.bottom - 8 - 16 * (length - 1 - n), name, role, "start")));

// ALiBi with eight heads, as in its paper's example, down to where a weight is e^-10, 1 in 22,000.
const biases = (shown) => distances(shown, 130, { from: -10, to: 0, label: "ALiBi: added to the score, by head" }, ({ x, y }) =>
  slopes(8).map((slope, n) => {
    const points = stops(MOST * shown.length).filter((at, i) => i % 3 === 1 && at * slope < 10).map((at) => [x(at), y(-slope * at)]);
    return [line(points, { stroke: "var(--third)" }), word(points.at(-1)[0] + 8, points.at(-1)[1] - 2, n + 1)];
  }));

function build(ui) {
  const question = ask(puzzle(ui.state()), (prediction) =>
    ui.set(prediction === "skip" ? { prediction } : { method_a: "pi", method_b: "ntk", prediction }));
  const change = (name) => (value) => ui.set({ [name]: value });
  const path = () => stops(reach(ui.state()));
  const method = select("Method B", METHODS, change("method_b"));
  const scale = slider("Stretch s", { min: 1, max: MOST, step: 0.5 }, change("scale"));
  const away = slider("Distance, query from key", {}, (n) => ui.set({ distance: path()[n] }));
  const base = slider("Base", { min: 2, max: 7, step: 0.1 }, (power) => ui.set({ base: +(10 ** power).toPrecision(2) }));
  const play = player(() => {
    const distance = path().find((each) => each > ui.state().distance) ?? 0;
    ui.set({ distance });
    return distance < reach(ui.state());
  }, 250);
  const controls = h("fieldset", {}, method.node, scale.node, away.node, base.node, h("div", { class: "nt-row" }, play.node,
    button("Pin B as A", () => ui.set({ method_a: ui.state().method_b })), button("Reset", () => { play.stop(); ui.reset(); })));
  const note = h("p", { class: "soft facts" }, "A dial is a pair of numbers, λ its positions a turn. Thin hand: key. Thick hand: query; "
    + "open dot: one position nearer. Grey rim: angles in training. Grey area: beyond.");

  const fields = {
    length: numberField("Trained length L", {}, change("length")),
    dim: numberField("Head dimension d", {}, change("dim")),
    start: numberField("Position of the key", {}, change("start")),
    by_pair: check("YaRN as in code: blend by pair", change("by_pair")),
  };
  const explained = h("p", { class: "soft" });
  const more = h("fieldset", {}, h("details", { style: "max-width:420px" }, h("summary", {}, "More"),
    Object.values(fields).map(({ node }) => node), explained));
  const [circles, speeds, curves, bias] = [0, 0, 0, 0].map(() => make("svg", { role: "img" }));
  const said = h("p", { class: "soft nt-small", "aria-live": "polite" });
  const shut = gate(question, controls, more);
  const sheet = numbers("rope", [circles, speeds, curves, bias]);
  ui.root.append(question.node, h("div", { class: "cols" }, h("div", {}, controls, shut.node, note),
    h("div", {}, circles, h("div", { class: "nt-pair" }, h("div", {}, speeds), h("div", {}, curves, bias)))), said, more, sheet.node);

  // What holds for many steps of a slider is kept.
  let [made, places, results] = [""];
  const keepDials = [dials, dials].map(remember);
  const [keepSpeeds, keepScores, keepTraces, keepBiases] = [(shown) => drawSpeeds(speeds, shown), scores, traces, biases].map(remember);
  return (width) => {
    const state = ui.state();
    const { dim, length } = state;
    const open = shut.show(state.prediction);
    const distance = Math.min(state.distance, reach(state));
    const key = [dim, state.base, length, state.scale, state.by_pair].join();
    if (key !== made) {
      places = stops(reach(state));
      const edges = ratios(reach(state));
      results = Object.fromEntries(METHODS.map(([method, name]) => {
        const result = compute({ ...state, method });
        return [method, { ...result, method, name, curve: means(result.theta, edges) }];
      }));
      made = key;
    }
    const last = dim / 2 - 1;
    const pairs = [...new Set([0, 1 / 3, 3 / 4, 1].map((part) => Math.round(part * last)))];
    const names = open ? [state.method_a, state.method_b] : ["none"];
    const sides = names.map((each, n) => {
      const result = results[each];
      return { ...result, name: `${"AB"[n]}: ${result.name}`, value: score(result.theta, distance),
        role: ["truth", "draft"][n], dash: n ? null : "6 3" };
    });
    const others = open ? Object.values(results).filter(({ method }) => !names.includes(method)) : [];
    const text = [`Distance ${grouped(distance)}.`, ...sides.map(({ name, ratio, turns, value }) =>
      `${name}: pair 0 turns at ${short(ratio[0])} of its speed, pair ${last} at ${short(ratio[last])}; `
      + turns.filter((each, i) => each < 1 && state.scale * ratio[i] > 1 + 1e-9).length
      + ` of ${last + 1} pairs reach unseen angles; score ${value.toFixed(2)}.`)].join(" ");
    const room = width > 640 ? width - 260 : width;
    const shown = { ...state, sides, all: [...others, ...sides], pairs, places, distance, text,
      width: width > 860 ? (room - 24) / 2 : room };
    drawDials(circles, { ...shown, width: room }, keepDials);
    keepSpeeds([key, width, ...names], shown);
    const lowest = Math.min(-0.2, ...shown.all.flatMap(({ curve }) => curve.map(([, v]) => v)));
    const axes = keepScores([lowest, length, width, ...names], shown, lowest);
    drawDistances(curves, axes, shown, keepTraces([key, width, ...names], shown, axes), sides);
    drawDistances(bias, keepBiases([length, width], shown), shown, null, []);

    method.show(state.method_b);
    scale.show(state.scale, `${short(state.scale)} × ${grouped(length)} = ${grouped(reach(state))}`);
    put(away.node.lastChild, "max", String(places.length - 1));
    away.show(places.findLastIndex((each) => each <= distance), grouped(distance));
    base.show(Math.log10(state.base).toFixed(1), grouped(state.base));
    for (const [name, each] of Object.entries(fields)) each.show(state[name]);
    put(explained, "textContent", "Only the distance counts: move the key, and both hands turn. Score: q = k, all numbers alike; lines average "
      + "nearby distances. YaRN keeps pairs of over 32 turns in training, slows those under 1 by s, and multiplies scores by "
      + `${short(results.yarn.factor ** 2)} (not drawn). Half-split and interleaved layouts turn alike.`);
    put(said, "textContent", text);
    const scaled = open ? [results.pi, results.ntk, results.yarn] : [];
    sheet.show(["pair", "positions per turn", "turns in training", ...scaled.map(({ name }) => `× ${name}`)],
      () => Array.from(sides[0].plain, (each, i) => [i, TURN / each, sides[0].turns[i], ...scaled.map(({ ratio }) => ratio[i])]),
      (row) => row.map((v) => +v.toPrecision(4)));
  };
}

const known = (v) => METHODS.some(([each]) => each === v);
const position = (v) => whole(v, 0, 1 << 26);

export default widget({
  title: "How can rotary positions reach beyond the trained length?",
  state: {
    ...RULES,
    method_a: known,
    method_b: known,
    distance: position,
    start: position,
    by_pair: (v) => typeof v === "boolean",
  },
  build,
});
