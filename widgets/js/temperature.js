// What do temperature, top-k, top-p and min-p do to the choice of the next token?
import { ask, button, dice, facts, floats, gate, h, make, numbers, parted, percent, picture, put, remember, s, slider, Sorry, visible, whole, widget, within } from "./core.js";

const ROWS = 10; // tokens drawn; the others share one last row
const DRAWS = 100;
const SETTINGS = ["temperature", "top_k", "top_p", "min_p"];
const orders = new WeakMap(); // the order of the logits does not change while one drags

// The ids from the largest logit to the smallest; among equals the smaller id first.
function ranked(logits) {
  if (!orders.has(logits)) orders.set(logits, Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a] || a - b));
  return orders.get(logits);
}

// p_i = exp((z_i - max z) / T) / sum; at T = 0 its limit, where the largest share equally.
function softmax(logits, temperature, ids) {
  const top = logits[ids[0]];
  const weight = (z) => (z === top ? 1 : temperature === 0 ? 0 : Math.exp((z - top) / temperature));
  const probs = new Float64Array(logits.length);
  let sum = 0;
  for (const id of ids) sum += probs[id] = weight(logits[id]);
  return probs.map((w) => w / sum);
}

// Divide by T, keep the k likeliest, of those keep the fewest whose mass reaches p, of those drop what is less likely than
// m times the likeliest, renormalise: the order of transformers. `kept[id]` is 0 where k, p or m cut a token; one that was
// kept can still have probability 0, as all but the best have at T = 0.
export function compute({ logits, temperature, top_k, top_p, min_p }) {
  const values = logits instanceof Float64Array ? logits : Float64Array.from(logits);
  const best = ranked(values).slice(0, top_k);
  const among = softmax(values, temperature, best);
  const kept = new Uint8Array(values.length);
  let mass = 0;
  for (const id of best) {
    if (top_p < 1 && mass >= top_p - 1e-12) break; // the token that crosses p is in
    mass += among[id];
    kept[id] = 1;
  }
  for (const id of best) if (among[id] < min_p * among[best[0]]) kept[id] = 0;
  mass = best.reduce((sum, id) => sum + kept[id] * among[id], 0);
  const probs = among.map((p, id) => (kept[id] ? p / mass : 0));
  const some = probs.filter((p) => p > 0);
  const entropy = some.reduce((sum, p) => sum - p * Math.log2(p), 0);
  return { probs, kept, entropy, effective: 2 ** entropy, possible: some.length };
}

// How often each token comes in `times` draws with dice that start at `seed`.
export function sample(probs, times, seed) {
  const counts = new Uint32Array(probs.length);
  const roll = dice(seed);
  const last = probs.findLastIndex((p) => p > 0);
  for (let n = 0; n < times; n++) {
    let left = roll();
    let id = 0;
    while (id < last && (left -= probs[id]) >= 0) id++;
    counts[id]++;
  }
  return counts;
}

// Numbers that a reader typed, or a sentence that says why they cannot be logits.
export function typed(text) {
  const values = text.split(/[\s,;]+/).filter(Boolean).map((word) => (/^-inf/i.test(word) ? -Infinity : Number(word)));
  const bad = values.findIndex((z) => Number.isNaN(z) || z === Infinity);
  if (bad >= 0) return `Number ${bad + 1} of your logits is not a finite number; -inf is allowed, for a token that cannot come.`;
  if (values.length > 50) return "At most 50 logits can be typed here.";
  return values.some(Number.isFinite) ? values : "Your logits need at least one finite number.";
}

// The values of k that a slider offers: all of them, or, of a large vocabulary, some that lie evenly on a scale of ratios.
export function stops(size) {
  const all = Array.from({ length: size }, (_, i) => i + 1);
  return size <= 60 ? all : [...new Set([...all.slice(0, 20), ...all.slice(20).map((k) => Math.round(1.12 ** Math.round(Math.log(k) / Math.log(1.12)))), size])]
    .filter((k) => k <= size).sort((a, b) => a - b);
}

// A pair whose ratio at T = 1 is neither dull nor huge: ask what T = 0.5 makes of it. None such: no question.
export function puzzle(logits, tokens) {
  const ids = ranked(logits);
  const apart = (id) => Math.abs(logits[ids[0]] - logits[id] - Math.log(3));
  const other = ids.reduce((best, id) => (apart(id) < apart(best) ? id : best), ids[0]);
  const ratio = Math.exp(logits[ids[0]] - logits[other]);
  if (!(ratio > 1.25 && ratio < 40)) return null;
  const times = (x) => `${x < 10 ? x.toFixed(1) : x.toFixed(0)} times`;
  const right = times(ratio ** 2);
  const wrong = [ratio / 2, Math.sqrt(ratio), ratio, 2 * ratio, ratio ** 3].filter((x) => Math.abs(Math.log(x / ratio ** 2)) > 0.3);
  const guesses = [...wrong, ratio ** 2].sort((a, b) => a - b).map(times);
  const [top, low] = [ids[0], other].map((id) => visible(tokens[id]));
  return {
    question: `At T = 1, “${top}” is ${times(ratio)} as likely as “${low}”. How many times as likely will it be at T = 0.5?`,
    choices: [...new Set(guesses)],
    right,
    why: "Halving T doubles the difference of the logits, and that squares the ratio. The bars show T = 0.5 now; the mark A is T = 1.",
  };
}

// Bars for now, a mark for A, a dot for each draw, all on one scale from 0 to 100 %. `rows` are { label, now, pinned, count, cut }.
export function draw(svg, { rows, width, drawn, pinned: what, text }) {
  const [right, step] = [56, 30];
  const left = 12 + 7.6 * Math.max(4, ...rows.map(({ label }) => [...label].length));
  const scale = width - left - right;
  const x = (p) => left + p * scale;
  const foot = 12 + rows.length * step;
  const ticks = (scale > 240 ? [0, 0.25, 0.5, 0.75, 1] : [0, 0.5, 1]).map((p) => [
    s("line", { x1: x(p), x2: x(p), y1: 4, y2: foot - 4, stroke: "var(--line)" }),
    s("text", { x: x(p), y: foot + 12, "text-anchor": "middle", class: "s" }, `${100 * p}${p === 1 ? " %" : ""}`),
  ]);
  const bars = rows.map(({ label, now, pinned, count, cut }, i) => {
    const y = 4 + i * step;
    const dots = Array.from({ length: count }, (_, n) =>
      s("circle", { cx: x((n + 0.5) / DRAWS), cy: y + 23, r: Math.min(2, scale / 200), fill: "var(--good)" }));
    return [
      s("text", { x: left - 8, y: y + 14, "text-anchor": "end", class: cut ? "s" : null }, label),
      s("rect", { x: left, y: y + 2, width: now * scale, height: 16, fill: "var(--truth)" }),
      s("line", { x1: x(pinned), x2: x(pinned), y1: y - 1, y2: y + 21, stroke: "var(--draft)", "stroke-width": 3 }),
      s("text", { x: x(1) + 8, y: y + 14, class: cut ? "s" : null }, cut ? "cut" : percent(now)),
      dots,
    ];
  });
  const y = foot + 34;
  const key = [
    s("rect", { x: left, y: y - 10, width: 16, height: 10, fill: "var(--truth)" }), s("text", { x: left + 22, y, class: "s" }, "now"),
    s("line", { x1: left + 64, x2: left + 64, y1: y - 12, y2: y + 2, stroke: "var(--draft)", "stroke-width": 3 }),
    s("text", { x: left + 72, y, class: "s" }, `A: ${what}`),
    drawn ? [s("circle", { cx: left + 8, cy: y + 16, r: 2, fill: "var(--good)" }),
      s("text", { x: left + 22, y: y + 20, class: "s" }, drawn === 1 ? "a dot: the draw" : `a dot: one of ${drawn} draws`)] : [],
  ];
  picture(svg, width, y + 28, text, ticks, bars, key);
}

// Settings in words; what cuts nothing is not said.
function words([temperature, top_k, top_p, min_p], size) {
  const short = (x) => +x.toFixed(3);
  const cuts = [top_k < size && `k ${top_k}`, top_p < 1 && `p ${short(top_p)}`, min_p > 0 && `min-p ${short(min_p)}`];
  return [`T = ${short(temperature)}`, ...cuts.filter(Boolean)].join(", ");
}

function summary({ probs, effective, possible }, where, tokens, caption) {
  const top = probs.reduce((best, p, id) => (p > probs[best] ? id : best), 0);
  return `${caption ? `${caption} ` : ""}At ${where}: “${visible(tokens[top])}” has ${percent(probs[top])}. ${possible === 1
    ? "No other token can come."
    : `The choice is as uncertain as one among ${effective.toFixed(1)} equally likely tokens.`}`;
}

// One distribution's picture and figures; `at(state)` computes it, and gives its rows for the table.
function panel(logits, tokens, caption) {
  const size = logits.length;
  const svg = make("svg", { role: "img" });
  const figures = h("div", { class: "facts" });
  const node = h("div", {}, caption ? h("p", { class: "soft" }, caption) : null, svg, figures);
  const ids = ranked(logits);
  const labels = tokens.map((token) => visible(token));
  const at = ([temperature, top_k, top_p, min_p]) => compute({ logits, temperature, top_k, top_p, min_p });
  const before = remember(at);
  const show = (state, width) => {
    const setting = SETTINGS.map((name) => state[name]);
    const now = at(setting);
    const pinned = before(state.pinned, state.pinned);
    const counts = sample(now.probs, state.draws, state.seed);
    const line = (id) => ({ label: labels[id], now: now.probs[id], pinned: pinned.probs[id], count: counts[id], cut: !now.kept[id] });
    const few = size > ROWS + 1 ? ROWS : size;
    const rows = ids.slice(0, few).map(line);
    if (few < size) {
      const sum = (values) => ids.reduce((total, id, rank) => (rank < few ? total : total + values[id]), 0);
      rows.push({ label: `${size - few} others`, now: sum(now.probs), pinned: sum(pinned.probs), count: sum(counts), cut: sum(now.kept) === 0 });
    }
    const text = summary(now, words(setting, size), tokens, caption);
    draw(svg, { rows, width, drawn: state.draws, pinned: words(state.pinned, size), text });
    facts(figures, [[now.entropy.toFixed(2), "entropy, bits"], [now.effective.toFixed(1), "effective choices"],
      [String(now.possible), "possible"]]);
    const everything = () => {
      const base = at([1, size, 1, 0]);
      return ids.map((id) => [tokens[id], logits[id], base.probs[id], pinned.probs[id], now.probs[id], counts[id]]);
    };
    return { text, rows: everything };
  };
  return { node, svg, show };
}

// What is shown: the logits that the reader typed, or those that Python gave, and beside them the contrast.
function given(get, own) {
  if (own) {
    const values = typed(own);
    if (typeof values === "string") throw new Sorry(values);
    return [{ logits: Float64Array.from(values), tokens: values.map((_, i) => `token ${i + 1}`), caption: "Your own logits" }];
  }
  const tokens = parted(get("tokens"));
  const all = [{ logits: floats(get("logits")), tokens, caption: get("caption") }];
  const others = floats(get("contrast_logits"));
  if (others.length) {
    const names = get("contrast_tokens"); // empty if they are the same tokens
    all.push({ logits: others, tokens: names ? parted(names) : tokens, caption: get("contrast_caption") });
  }
  return all;
}

const largest = (get) => {
  const values = get("own") ? typed(get("own")) : [];
  return typeof values !== "string" && values.length ? values.length : Math.max(...["logits", "contrast_logits"].map((name) => floats(get(name)).length));
};

function build(ui) {
  const { own } = ui.state();
  const shown = given(ui.get, own);
  const [{ logits, tokens }] = shown;
  const size = largest(ui.get);
  const start = { temperature: 1, top_k: size, top_p: 1, min_p: 0, pinned: [1, size, 1, 0], draws: 0 };
  const asked = own ? null : puzzle(logits, tokens);
  const question = asked && ask(asked, (prediction) =>
    ui.set(prediction === "skip" ? { prediction } : { ...start, temperature: 0.5, prediction }));

  const dial = (name) => (value) => ui.set({ [name]: value, draws: 0 });
  const heat = slider("Temperature T", { min: 0, max: Math.max(3, Math.ceil(ui.get("temperature"))), step: 0.05 }, dial("temperature"));
  const counts = stops(size);
  const keep = slider("Keep top k", { min: 0, max: counts.length - 1, step: 1 }, (place) => ui.set({ top_k: counts[place], draws: 0 }));
  const mass = slider("Keep mass p", { min: 0.05, max: 1, step: 0.05 }, dial("top_p"));
  const least = slider("Drop below min-p × best", { min: 0, max: 1, step: 0.05 }, dial("min_p"));
  const roll = (count) => () => {
    const { draws, seed } = ui.state();
    ui.set(count === 1 && draws < DRAWS ? { draws: draws + 1 } : { draws: count, seed: seed + 1 });
  };
  const controls = h("fieldset", {}, heat.node, keep.node, mass.node, least.node, h("div", { class: "nt-row" },
    button("Pin as A", () => ui.set({ pinned: SETTINGS.map((name) => ui.state()[name]) })),
    button("Draw 1", roll(1)), button(`Draw ${DRAWS}`, roll(DRAWS)), button("Reset", ui.reset)));
  const note = h("p", { class: "soft nt-small", style: "margin-top:12px" },
    "In this order: divide by T, keep k, keep p, drop below min-p, renormalise.");
  const field = h("input", { type: "text", value: own, "aria-label": "Your own logits", placeholder: "4.1, 3.4, 1, -0.5", style: "width:100%",
    onchange: () => {
      const values = field.value.trim() && typed(field.value);
      ui.set({ own: field.value.trim(), draws: 0, ...(Array.isArray(values) ? { top_k: values.length, pinned: [1, values.length, 1, 0] } : {}) });
    } });
  const mine = h("details", {}, h("summary", {}, "Logits of your own"), h("label", {}, h("span", {}, "Numbers, with commas between"), field));

  const panels = shown.map((each) => panel(each.logits, each.tokens, each.caption));
  const said = h("p", { class: "soft nt-small", "aria-live": "polite" });
  const more = numbers("temperature", panels.map((each) => each.svg));
  const fields = h("fieldset", {}, mine);
  const shut = gate(question, controls, fields);
  ui.root.append(...[
    question?.node,
    h("div", { class: "cols" }, h("div", {}, controls, shut.node, note), h("div", { class: panels.length > 1 ? "nt-pair" : null }, panels.map((each) => each.node))),
    said, fields, more.node,
  ].filter(Boolean));

  return (width) => {
    const state = ui.state();
    const room = width > 640 ? width - 260 : width;
    const pair = panels.length > 1 && room > 600;
    const results = panels.map((each) => each.show(state, pair ? (room - 24) / 2 : room));
    shut.show(state.prediction);
    heat.show(state.temperature, state.temperature === 0 ? "0 (greedy)" : `${+state.temperature.toFixed(3)}`);
    keep.show(counts.findLastIndex((k) => k <= state.top_k), state.top_k >= size ? `all ${size}` : `${state.top_k} of ${size}`);
    mass.show(state.top_p, state.top_p.toFixed(2));
    least.show(state.min_p, state.min_p.toFixed(2));
    const text = results.map((each) => each.text).join(" ");
    put(said, "textContent", text);
    const head = ["token", "logit", "T = 1, all", "A", "now", "draws"];
    more.show(head, () => results.flatMap((each) => each.rows()), ([token, logit, ...rest]) =>
      [visible(token, 20), logit.toFixed(2), ...rest.slice(0, 3).map((p) => p.toFixed(4)), state.draws ? String(rest[3]) : "-"]);
  };
}

const settings = {
  temperature: (v) => within(v, 0, Number.MAX_VALUE),
  top_k: (v, get) => whole(v, 1, largest(get)),
  top_p: (v) => within(v, 0, 1) && v > 0,
  min_p: (v) => within(v, 0, 1),
};

export default widget({
  title: "What does temperature do to the choice of the next token?",
  state: {
    own: (v) => typeof v === "string" && (v === "" || typeof typed(v) !== "string" || typed(v)),
    ...settings,
    pinned: (v, get) => Array.isArray(v) && v.length === SETTINGS.length && SETTINGS.every((name, i) => settings[name](v[i], get)),
    draws: (v) => whole(v, 0, DRAWS),
    seed: (v) => whole(v, 0, 2 ** 31),
  },
  data: ["logits", "tokens", "caption", "contrast_logits", "contrast_tokens", "contrast_caption", "own"],
  build,
});
