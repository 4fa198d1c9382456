// How can a small model write ahead, and the text still be the large one's? Speculative decoding, number by number: Leviathan
// and others 2023 (arXiv 2211.17192), Chen and others 2023 (arXiv 2302.01318).
import { ask, button, dice, facts, gate, h, make, numbers, percent, picture, player, put, remember, s, select, slider, visible, whole, widget, within } from "./core.js";

// Tokens that the draft writes ahead, events to step through, and runs, at most.
const [LONGEST, STEPS, RUNS] = [16, 500, 10000];
// What may happen to a token: a colour and a sign each.
const LOOKS = { draft: ["draft", "?"], keep: ["good", "✓"], reject: ["bad", "✗"], residual: ["truth", "+"], bonus: ["truth", "+"] };
// What may be made of the drafted tokens, the rule first.
const WAYS = [["rule", "The rule: draw from the residual"], ["again", "A mistake: draw from the whole target"],
  ["kept", "A mistake: keep accepted tokens only"]];

const total = (row) => row.reduce((sum, v) => sum + v, 0);
function scaled(row) {
  const sum = total(row) || 1;
  return row.map((v) => v / sum);
}

// How far apart two distributions are (total variation): the share that must move to make one the other.
export const off = (a, b) => total(a.map((v, i) => Math.abs(v - b[i]))) / 2;

// Tokens that one call of the target gives on average, at acceptance a: 1 + a + ... + a^gamma = (1 - a^(gamma + 1)) / (1 - a).
export const expected = (a, gamma) => Array(gamma).fill(a).reduce((sum) => 1 + a * sum, 1);

// Against plain decoding: a round takes one call of the target, and gamma passes of the draft at `cost` calls each.
export const speed = (a, gamma, cost) => expected(a, gamma) / (gamma * cost + 1);

// All tokens lie in a row from 0 to 1, each as wide as it is likely: a function that tells on which one u falls.
function ladder(row) {
  const last = row.findLastIndex((v) => v > 0);
  let sum = 0;
  const ends = Float64Array.from(row, (v, i) => (i < last ? (sum += v) : Infinity));
  return (u) => {
    let i = 0;
    while (u >= ends[i]) i++;
    return i;
  };
}

// p is the target, q the draft. A drafted token stays with probability min(1, p/q), its limit; a token from the residual,
// max(0, p - q) scaled to sum to 1, replaces a rejected one. `residual` is null where p = q: nothing is rejected then.
// `tends` is what each way comes to in the long run; `tends.kept` is null where nothing is accepted. `deal` draws from p, q and
// the residual.
export function compute({ target, draft, gamma, cost }) {
  const [p, q] = [target, draft].map(scaled);
  const limits = p.map((v, i) => (q[i] > 0 ? Math.min(1, v / q[i]) : 0));
  const stays = p.map((v, i) => Math.min(v, q[i]));
  const lack = p.map((v, i) => Math.max(0, v - q[i]));
  const [rate, rejected] = [Math.min(1, total(stays)), total(lack)];
  const residual = rejected > 0 ? scaled(lack) : null;
  const tends = {
    rule: q.map((v, i) => v * limits[i] + (residual ? rejected * residual[i] : 0)),
    again: q.map((v, i) => v * limits[i] + rejected * p[i]),
    kept: rate > 0 ? scaled(stays) : null,
  };
  const deal = [p, q, residual ?? p].map(ladder);
  return { p, q, limits, residual, rate, rejected, tends, deal,
    tokens: expected(rate, gamma), speedup: speed(rate, gamma, cost) };
}

// Round after round: the draft draws gamma tokens, the target checks them from left to right, and one more token comes, from the
// residual after a rejection, else from the target.
function* rounds({ limits, deal: [ofP, ofQ, ofR] }, gamma, seed) {
  const roll = dice(seed);
  let u;
  for (let call = 1; ; call++) {
    const event = (kind, at, token) => ({ call, kind, at, u, token });
    const xs = [];
    for (let at = 0; at < gamma; at++) {
      u = roll();
      xs.push(ofQ(u));
      yield event("draft", at, xs[at]);
    }
    let at = 0;
    while (at < gamma && (u = roll()) < limits[xs[at]]) yield event("keep", at, xs[at++]);
    if (at < gamma) yield event("reject", at, xs[at]);
    u = roll();
    yield at < gamma ? event("residual", at, ofR(u)) : event("bonus", at, ofP(u));
  }
}

// The first `step` events.
export function walk(given, result = compute(given)) {
  const game = rounds(result, given.gamma, given.seed);
  return Array.from({ length: given.step }, () => game.next().value);
}

// How often each token comes in `runs` runs with one drafted token, each way with the same random numbers.
export function simulate(given, { limits, deal: [ofP, ofQ, ofR] } = compute(given)) {
  const [rule, again, kept] = [0, 1, 2].map(() => limits.map(() => 0));
  const roll = dice(given.seed);
  let { runs } = given;
  while (runs--) {
    const x = ofQ(roll());
    const ok = roll() < limits[x];
    const u = roll();
    rule[ok ? x : ofR(u)]++;
    again[ok ? x : ofP(u)]++;
    kept[x] += ok;
  }
  return { rule, again, kept };
}

// Whether two rows of numbers can be the reader's own distributions, or why not.
export function sound(own, size) {
  if (!Array.isArray(own) || (own.length && own.length !== 2)) return false;
  const bad = own.find((row) => !(row?.length === size && row.every((v) => within(v, 0, 2)) && Math.abs(total(row) - 1) <= 1e-6));
  return !bad || `Your ${bad === own[0]
    ? "target" : "draft"} must be ${size} probabilities of sum 1, not ${+total(bad).toFixed(7)}.`;
}

const label = (x, y, text, anchor, soft) => s("text", { x, y, "text-anchor": anchor, class: soft && "s" }, text);
const box = (x, y, w, height, role, opacity = 1) =>
  s("rect", { x, y, width: w, height, fill: `var(--${role})`, stroke: `var(--${role})`, "fill-opacity": opacity });
const tenth = (at) => at.toFixed(1);
// Two bars a token, [values, role, name] each. With `open` only what they share is solid. The bars of a role are one shape.
export function draw(svg, { pair, names, top, open, w, text, foot }) {
  const left = 14 + 7 * Math.max(...names.map((name) => name.length));
  const scale = (w - left - 106) / top;
  const both = (i) => pair.map(([values]) => values[i]);
  const bars = (role, n, opacity, value) => s("path", { fill: `var(--${role})`, stroke: `var(--${role})`, "fill-opacity": opacity,
    d: names.map((_, i) => `M${left} ${4 + 32 * i + 13 * n}v11h${tenth(value(i) * scale)}v-11z`).join("") });
  picture(svg, w, 4 + 32 * names.length + (foot ? 20 : 0), text, foot && label(0, 20 + 32 * names.length, foot),
    pair.map(([values, role], n) => [bars(role, n, 0.15, (i) => values[i]),
      bars(role, n, 1, (i) => (open ? Math.min(...both(i)) : values[i]))]),
    names.map((name, i) => [label(left - 8, 20 + 32 * i, name, "end"), pair.map(([values, , word], n) =>
      label(left + scale * values[i] + 6, 14 + 32 * i + 13 * n, percent(values[i]) + (i ? "" : ` ${word}`)))]));
}

// The last random number on a row from 0 to 1, and the tokens of its round.
function drawStep(svg, { result: { p, q, residual, limits }, tokens, gamma, events, w, text }) {
  const { kind, call, u, token } = events.at(-1) ?? { kind: "draft" };
  const row = { draft: q, residual, bonus: p }[kind];
  const pieces = row ? row.map((v, i) => [v, LOOKS[kind][0], visible(tokens[i]), i === token])
    : [[limits[token], "good", "keep", kind === "keep"], [1 - limits[token], "bad", "reject", kind === "reject"]];
  const span = w - 8;
  let x = 4;
  const ruler = pieces.map(([share, role, name, hit]) => {
    const wide = share * span;
    x += wide;
    return [box(x - wide + 1, 24, Math.max(0, wide - 2), 20, role, hit ? 1 : 0.25),
      wide > 7 * name.length ? label(x - wide / 2, 59, name, "middle", !hit) : []];
  });
  const room = Math.min(112, (w - 2) / (gamma + 1));
  const round = events.filter((v) => v.call === call);
  const stop = round.find((v) => v.kind === "reject")?.at ?? gamma;
  picture(svg, w, 102, text, ruler,
    events.length ? [box(4 + u * span, 18, 2, 30, "ink"),
      label(4 + u * span, 13, `u = ${u.toFixed(4)}`, u > 0.5 && "end")] : [],
    Array.from({ length: gamma + 1 }, (_, i) => {
      const last = round.findLast(({ at }) => at === i);
      const [role, sign] = !last ? ["line", ""] : i > stop ? ["ghost", "–"] : LOOKS[last.kind];
      return [box(2 + i * room, 74, room - 4, 26, role, 0.15), last
        ? label((i + 0.5) * room, 91, room < 50 ? sign : `${sign} ${visible(tokens[last.token], Math.floor(room / 7) - 3)}`, "middle",
          i > stop) : []];
    }));
}

// Tokens a call and speed-up against the acceptance (which = 0) or the draft length (1); `now` and `pinned` are [acceptance,
// gamma, cost].
function drawSpeed(svg, { now, pinned, which, w, text }) {
  const xs = Array.from({ length: 21 - which * 5 }, (_, i) => (which ? i + 1 : i / 20));
  const [made, quick, other] = [[now, expected], [now, speed], [pinned, speed]].map(([at, f]) => xs.map((v) => f(...at.with(which, v))));
  const high = Math.ceil(1.1 * Math.max(1.5, ...made, ...other)); // the axis stays for many steps
  const right = w - 84;
  const x = (v) => 28 + ((right - 28) * (v - xs[0])) / (xs.at(-1) - xs[0]);
  const y = (v) => 184 - (160 * v) / high;
  const curve = (values, role, dashes) => s("path", { d: `M${values.map((v, i) => [x(xs[i]), y(v)].map(tenth)).join("L")}`, fill: "none",
    stroke: `var(--${role})`, "stroke-width": 2, "stroke-dasharray": dashes });
  const dot = (at, role) => s("circle", { cx: x(at), cy: y(speed(...now.with(which, at))), r: 5, fill: `var(--${role})` });
  const best = Math.max(...quick);
  const n = quick.indexOf(best) + 1;
  picture(svg, w, 220, text,
    [0, 1, high].map((v) => [box(28, y(v), right - 28, 0.1, v === 1 ? "ink" : "line"), label(22, y(v) + 4, v, "end", true)]),
    xs.filter((_, i) => !(i % 5)).map((v) => label(x(v), 200, v, "middle", true)),
    label(0, 12, "times plain decoding", null, true), label(right, 216, which ? "draft length γ" : "acceptance", "end", true),
    label(32, y(1) + 15, "no gain", null, true), curve(made, "soft", "2 3"), label(right + 4, y(made.at(-1)) - 2, "tokens a call"),
    curve(quick, "good"), label(right + 4, y(quick.at(-1)) + 12, "speed-up"),
    curve(other, "third", "7 4"), label(x(xs[9]), y(other[9]) - 6, "A"),
    which ? [dot(n, "good"), label(x(n), y(best) - 10, `best: γ = ${n}`, n > 9 && "end")] : [], dot(now[which], "ink"));
}

// The last event in words.
function story({ result: { p, q, limits }, tokens, gamma, events }) {
  if (!events.length) return "Press Step.";
  const { call, kind, at, u, token } = events.at(-1);
  const [name, dots] = [`“${visible(tokens[token])}”`, `u = ${u.toFixed(4)}`];
  if (kind === "draft") return `Call ${call}. The draft draws token ${at + 1} of ${gamma}: ${dots} falls on ${name}.`;
  const ends = events.filter((v) => LOOKS[v.kind][1] === "+");
  if (ends.at(-1) !== events.at(-1))
    return `The target checks ${name}: p/q = ${percent(p[token])} / ${percent(q[token])}, so the limit is ${limits[
      token].toFixed(4)}. ${dots} is ${kind === "keep" ? "below it: kept." : "not below it: rejected, with all after it."}`;
  return `${kind === "bonus" ? "All are kept, and the call gives one more from the target"
    : "One from the residual (target above draft) replaces it"}: ${dots} falls on ${name}. So far ${
    total(ends.map((v) => v.at + 1))} tokens from ${ends.length} calls.`;
}

function build(ui) {
  const pairs = ui.get("pairs");
  const shown = () => {
    const state = ui.state();
    const pair = pairs[state.pair];
    const [target, base] = state.own.length ? state.own : [pair.target, pair.draft];
    const draft = base.map((v, i) => (1 - state.mix) * v + state.mix * target[i]);
    return { ...pair, ...state, target, draft, top: Math.max(...target, ...base) };
  };
  const question = ask(ui.get("asked"), (prediction) => ui.set({ pair: 0, own: [], mix: 0, prediction }));
  const which = select("Next token after", [...pairs.map(({ caption }, i) => [i, caption]), [-1, "your own numbers"]], (pair) => {
    const { target, draft } = shown();
    ui.set({ mix: 0, ...(pair < 0 ? { own: [target, draft] } : { pair, own: [] }) });
  });
  which.node.style.display = "block";
  const dials = [["mix", "Move the draft to the target", 0, 1, 0.01], ["gamma", "Draft length γ", 1, LONGEST, 1],
    ["cost", "Cost ratio c", 0, 1, 0.01]]
    .map(([name, words, min, max, step]) => [name, slider(words, { min, max, step }, (v) => ui.set({ [name]: v }))]);

  // What the reader types becomes the state once it is sound.
  let [cells, filled] = [[], ""];
  const typed = () => cells.map((row) => row.map((cell) => cell.valueAsNumber));
  const edit = () => ui.set({ own: typed() });
  const say = (text) => h("span", {}, text);
  const grid = h("div", { style: "display:grid;grid-template-columns:repeat(3,6.5em);gap:4px" });
  const lay = ({ own, tokens }) => {
    if (!own.length || filled === (filled = JSON.stringify(own))) return;
    cells = own.map((row, i) => row.map((value, n) =>
      h("input", { type: "number", step: "any", value, "aria-label": `${i ? "draft q" : "target p"}, ${tokens[n]}`, onchange: edit })));
    grid.replaceChildren(...["", "target p", "draft q"].map(say),
      ...tokens.flatMap((token, n) => [say(visible(token)), cells[0][n], cells[1][n]]));
  };

  let now = [];
  const steps = player(() => {
    const { step } = ui.state();
    if (step < STEPS) ui.set({ step: step + 1 });
    return step + 1 < STEPS;
  });
  const run = (n, words) => button(`Run ${words}`, () => ui.set({ runs: Math.min(RUNS, ui.state().runs + n) }));
  const bar = (...nodes) => h("div", { class: "nt-row", style: "margin:8px 0" }, nodes);
  const fields = [[which.node, dials.map(([, { node }]) => node), bar(button("Pin as A", () => ui.set({ pinned: now })),
    button("Reset", () => { steps.stop(); ui.reset(); }))],
    [bar(steps.node, button("Other numbers", () => ui.set({ seed: ui.state().seed + 1 })))],
    [bar(run(100, "100"), run(10000, "10,000"))],
    [grid, button("Scale to 1", () => ui.set({ own: typed().map(scaled) }))]].map((nodes) => h("fieldset", {}, ...nodes));
  const pictures = [0, 1, 2, 3, 4, 5, 6].map(() => make("svg", { role: "img" }));
  const [bars, ruler, ...charts] = pictures;
  // A picture is drawn again where what it shows has changed.
  const paints = pictures.map((svg) => remember((paint, given) => paint(svg, given)));
  const said = [0, 1, 2].map(() => h("p", { class: "nt-small", "aria-live": "polite" }));
  const shut = gate(question, ...fields);
  const figures = h("div", { class: "facts" });
  const head = (text) => h("h3", {}, text);
  const flow = (...nodes) =>
    h("div", { style: "display:grid;gap:24px;margin-top:8px;grid-template-columns:repeat(auto-fit,minmax(17em,1fr))" }, nodes);
  const ways = WAYS.map(([, words], i) => h("div", {}, h("p", { class: "nt-small" }, `${words}.`), charts[i]));
  const later = h("div", {}, head("Many runs"), fields[2], said[1], flow(...ways),
    head("Is it quicker?"), flow(...charts.slice(3).map((chart) => h("div", {}, chart))), said[2]);
  const more = numbers("speculative-acceptance", pictures);
  ui.root.append(question.node,
    h("div", { class: "cols" }, h("div", {}, fields[0], shut.node), h("div", {}, bars, figures, fields[3])),
    head("Step by step"), fields[1], said[0], ruler, later, more.node);

  const drawn = remember(simulate);
  return (w) => {
    const state = shown();
    const { target, draft, tokens, gamma, cost, runs, seed } = state;
    const open = shut.show(state.prediction);
    const mine = state.own.length > 0;
    const result = compute(state);
    const { p, q, rate, tends } = result;
    now = [rate, gamma, cost];
    which.show(mine ? -1 : state.pair);
    for (const [name, { show }] of dials) show(state[name], `${state[name]}`);
    put(later, "hidden", !open);
    put(fields[3], "hidden", !mine);
    lay(state);

    const dealt = [target, draft, runs, seed];
    const counts = drawn(dealt, state, result);
    const shares = WAYS.map(([way]) => scaled(counts[way]));
    const luck = total(p.map((v) => Math.sqrt((v * (1 - v)) / (2 * Math.PI * runs))));
    const events = walk(state, result);
    const step = { result, tokens, gamma, events, w };
    const [kept, gives, times] = [percent(rate), result.tokens.toFixed(2), `${result.speedup.toFixed(2)} ×`];
    const texts = [story(step),
      `${runs} runs. “Off” is the share that must change to match the target; chance makes about ${percent(luck)}.`,
      `${mine ? "Your own numbers." : state.caption} ${open ? `The acceptance, the bars' overlap, is ${kept}. At γ = ${gamma} a call `
        + `of the target gives ${gives} tokens on average; at c = ${cost} the speed-up is ${times}. In a model p and q change `
        + "from token to token." : ""}`];
    said.forEach((node, i) => put(node, "textContent", texts[i]));
    facts(figures, open ? [[kept, "accepted (solid)"], [gives, "tokens a call"], [times, "speed-up"]] : []);

    const names = tokens.map((token) => visible(token, 11));
    const goal = [p, "truth", "target p"];
    const high = Math.ceil(10 * Math.max(state.top, ...shares.flat())) / 10; // the scale stays for many steps
    const room = (n) => (w + 24) / Math.min(n, Math.floor((w + 24) / 294)) - 24;
    const pairwise = (n, [values, ...look], top, width, text, foot) =>
      paints[n]([values, p, names, top, open, width, text], draw, { pair: [[values, ...look], goal], names, top, open, w: width, text, foot });
    pairwise(0, [q, "draft", "draft q"], state.top, w > 640 ? w - 260 : w, texts[2]);
    paints[1]([dealt, gamma, state.step, names, w], drawStep, { ...step, text: texts[0] });
    WAYS.forEach(([way, words], i) => {
      const far = (row) => percent(+off(row, p).toFixed(9));
      const foot = `Off by ${far(shares[i])}; in the long run ${tends[way] ? far(tends[way]) : "nothing comes"}.`;
      pairwise(2 + i, [shares[i], i ? "bad" : "good", "runs"], high, room(3), `${words}. ${foot}`, foot);
    });
    [1, 0].forEach((which, i) =>
      paints[5 + i]([now, state.pinned, w, texts[2]], drawSpeed, { now, pinned: state.pinned, which, w: room(2), text: texts[2] }));
    more.show(["token", "target p", "draft q", "limit", "residual", "runs", "mistake 1", "mistake 2"],
      () => tokens.map((token, i) => [token, ...[p, q, result.limits, result.residual ?? p.map(() => 0), ...shares].map((row) => row[i])]),
      ([token, ...rest]) => [visible(token, 20), ...rest.map((v) => v.toFixed(4))]);
  };
}

const share = (v) => within(v, 0, 1);
const ahead = (v) => whole(v, 1, LONGEST);

export default widget({
  title: "How can a small model write ahead, and the text still be the large one's?",
  state: {
    pair: (v, get) => whole(v, 0, get("pairs").length - 1),
    own: (v, get) => sound(v, get("pairs")[get("pair")].tokens.length),
    mix: share,
    gamma: ahead,
    cost: share,
    pinned: (v) => v?.length === 3 && share(v[0]) && ahead(v[1]) && share(v[2]),
    step: (v) => whole(v, 0, STEPS),
    runs: (v) => whole(v, 1, RUNS),
    seed: (v) => whole(v, 0, 2 ** 31),
  },
  data: ["pairs", "asked"],
  build,
});
