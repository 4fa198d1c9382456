// What do temperature, top-k and top-p do to the choice of the next token?
import { ask, button, dice, exports, floats, h, percent, s, slider, table, visible, widget } from "./core.js";

const ROWS = 10; // tokens drawn; the others share one last row
const DRAWS = 100;
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

// Divide by T, keep the k likeliest, of those keep the fewest whose mass reaches p, renormalise. `kept[id]` is 0 where
// k or p cut a token; one that was kept can still have probability 0, as all but the best have at T = 0.
export function compute({ logits, temperature, top_k, top_p }) {
  const values = logits instanceof Float64Array ? logits : Float64Array.from(logits);
  const best = ranked(values).slice(0, top_k);
  const among = softmax(values, temperature, best);
  const kept = new Uint8Array(values.length);
  let mass = 0;
  for (const id of best) {
    if (top_p < 1 && mass >= top_p - 1e-12) break; // the token that crosses p is in
    kept[id] = 1;
    mass += among[id];
  }
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
  const [right, step] = [60, 32];
  const left = 12 + 7.6 * Math.max(4, ...rows.map(({ label }) => [...label].length));
  const scale = width - left - right;
  const x = (p) => left + p * scale;
  const foot = 16 + rows.length * step;
  const ticks = (scale > 240 ? [0, 0.25, 0.5, 0.75, 1] : [0, 0.5, 1]).map((p) => [
    s("line", { x1: x(p), x2: x(p), y1: 4, y2: foot - 8, stroke: "var(--line)" }),
    s("text", { x: x(p), y: foot + 8, "text-anchor": "middle", class: "s" }, `${100 * p}${p === 1 ? " %" : ""}`),
  ]);
  const bars = rows.map(({ label, now, pinned, count, cut }, i) => {
    const y = 4 + i * step;
    const dots = Array.from({ length: count }, (_, n) =>
      s("circle", { cx: x((n + 0.5) / DRAWS), cy: y + 24, r: Math.min(1.8, scale / 240), fill: "var(--good)" }));
    return [
      s("text", { x: left - 8, y: y + 14, "text-anchor": "end", class: cut ? "s" : null }, label),
      s("rect", { x: left, y: y + 1, width: now * scale, height: 17, fill: "var(--truth)" }),
      s("line", { x1: x(pinned), x2: x(pinned), y1: y - 2, y2: y + 21, stroke: "var(--draft)", "stroke-width": 3 }),
      s("text", { x: x(1) + 8, y: y + 14, class: cut ? "s" : null }, cut ? "cut" : percent(now)),
      dots,
    ];
  });
  const y = foot + 32;
  const mark = left + 64;
  const key = [
    s("rect", { x: left, y: y - 10, width: 16, height: 10, fill: "var(--truth)" }), s("text", { x: left + 22, y, class: "s" }, "now"),
    s("line", { x1: mark, x2: mark, y1: y - 12, y2: y + 2, stroke: "var(--draft)", "stroke-width": 3 }),
    s("text", { x: mark + 8, y, class: "s" }, `A: ${what}`),
    drawn ? [s("circle", { cx: left + 8, cy: y + 18, r: 2, fill: "var(--good)" }),
      s("text", { x: left + 22, y: y + 22, class: "s" }, `a dot: one of ${DRAWS} draws`)] : [],
  ];
  svg.setAttribute("viewBox", `0 0 ${width} ${y + (drawn ? 30 : 8)}`);
  svg.setAttribute("aria-label", text);
  svg.replaceChildren(...ticks.flat(), ...bars.flat(2), ...key.flat());
}

// Settings [T, k, p] in words; what cuts nothing is not said.
function words([temperature, top_k, top_p], size) {
  const cuts = [top_k < size && `top ${top_k}`, top_p < 1 && `mass ${+top_p.toFixed(3)}`].filter(Boolean);
  return [`T = ${+temperature.toFixed(3)}`, ...cuts].join(", ");
}

function summary(result, where, tokens) {
  const top = result.probs.reduce((best, p, id) => (p > result.probs[best] ? id : best), 0);
  const choices = result.effective.toFixed(1);
  return `At ${where}: “${visible(tokens[top])}” has ${percent(result.probs[top])}. ${result.possible === 1
    ? "No other token can come."
    : `The choice is as uncertain as one among ${choices} equally likely tokens.`}`;
}

function build(ui) {
  const logits = floats(ui.get("logits"));
  const tokens = ui.get("tokens");
  const size = logits.length;
  const start = { temperature: 1, top_k: size, top_p: 1 };
  const at = ([temperature, top_k, top_p]) => ({ logits, temperature, top_k, top_p });
  const settings = ({ temperature, top_k, top_p }) => [temperature, top_k, top_p];
  const asked = puzzle(logits, tokens);
  const question = asked && ask(asked, (prediction) =>
    ui.set(prediction === "skip" ? { prediction } : { ...start, temperature: 0.5, pinned: [1, size, 1], draws: 0, prediction }));

  const dial = (name) => (value) => ui.set({ [name]: value, draws: 0 });
  const heat = slider("Temperature T", { min: 0, max: Math.max(3, Math.ceil(ui.get("temperature"))), step: 0.05 }, dial("temperature"));
  const keep = slider("Keep top k", { min: 1, max: size, step: 1 }, dial("top_k"));
  const mass = slider("Keep mass p", { min: 0.05, max: 1, step: 0.05 }, dial("top_p"));
  const controls = h("fieldset", {}, heat.node, keep.node, mass.node, h("div", { class: "nt-row" },
    button("Pin as A", () => ui.set({ pinned: settings(ui.state()) })),
    button(`Draw ${DRAWS}`, () => ui.set({ draws: ui.state().draws + 1 })),
    button("Reset", () => ui.set({ ...start, pinned: [1, size, 1], draws: 0 }))));
  const locked = h("p", { class: "soft nt-small", style: "margin-top:12px" }, "The controls wait for your prediction.");

  const svg = s("svg", { role: "img" });
  const facts = h("div", { class: "facts" });
  const said = h("p", { class: "soft nt-small", "aria-live": "polite" });
  const numbers = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table of numbers" });
  let shown = { head: [], rows: [] }; // the table, unrounded
  const more = h("details", {}, h("summary", {}, "Numbers"), numbers, exports("temperature", svg, () => [shown.head, ...shown.rows]));
  const note = h("p", { class: "soft nt-small", style: "margin-top:12px" }, "In this order: divide by T, keep k, keep p, renormalise.");
  ui.root.append(...[
    ui.get("caption") ? h("p", { class: "soft" }, ui.get("caption")) : null,
    question?.node,
    h("div", { class: "cols" }, h("div", {}, controls, locked, note), h("div", {}, svg, facts, said)),
    more,
  ].filter(Boolean));

  return (width) => {
    const state = ui.state();
    const [now, base, pinned] = [settings(state), [1, size, 1], state.pinned].map((each) => compute(at(each)));
    const counts = state.draws ? sample(now.probs, DRAWS, state.draws) : new Uint32Array(size);
    const line = (id) => ({ label: visible(tokens[id]), now: now.probs[id], pinned: pinned.probs[id], count: counts[id], cut: !now.kept[id] });
    const ids = ranked(logits);
    const rows = ids.slice(0, size > ROWS + 1 ? ROWS : size).map(line);
    if (rows.length < size) {
      const rest = ids.slice(ROWS).map(line);
      const sum = (key) => rest.reduce((total, each) => total + each[key], 0);
      rows.push({ label: `${rest.length} others`, now: sum("now"), pinned: sum("pinned"), count: sum("count"), cut: rest.every((each) => each.cut) });
    }
    question?.show(state.prediction);
    controls.disabled = Boolean(question) && !state.prediction;
    locked.hidden = !controls.disabled;
    heat.show(state.temperature, state.temperature === 0 ? "0 (greedy)" : `${+state.temperature.toFixed(3)}`);
    keep.show(state.top_k, state.top_k >= size ? `all ${size}` : `${state.top_k} of ${size}`);
    mass.show(state.top_p, state.top_p.toFixed(2));
    const text = summary(now, words(settings(state), size), tokens);
    draw(svg, { rows, width: width > 640 ? width - 260 : width, drawn: state.draws > 0, pinned: words(state.pinned, size), text });
    if (said.textContent !== text) said.textContent = text;
    const fact = (value, name) => h("div", {}, h("b", {}, value), h("span", { class: "soft" }, name));
    facts.replaceChildren(fact(now.entropy.toFixed(2), "entropy, bits"), fact(now.effective.toFixed(1), "effective choices"), fact(String(now.possible), "tokens possible"));
    shown = {
      head: ["token", "logit", "T = 1, all", "A", "now", "draws"],
      rows: ids.map((id) => [tokens[id], logits[id], base.probs[id], pinned.probs[id], now.probs[id], counts[id]]),
    };
    const few = shown.rows.slice(0, 200); // all of them are in the CSV
    numbers.replaceChildren(table(shown.head, few.map(([token, logit, ...rest]) =>
      [visible(token, 20), logit.toFixed(2), ...rest.slice(0, 3).map((p) => p.toFixed(4)), state.draws ? String(rest[3]) : "-"])));
  };
}

export default widget({
  title: "What does temperature do to the choice of the next token?",
  state: ["temperature", "top_k", "top_p", "pinned", "draws", "prediction"],
  build,
});
