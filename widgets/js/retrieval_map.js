// What do the k nearest passages buy, and what do they cost?
import { ask, button, floats, gate, h, make, numbers, parted, picture, put, s, select, slider, whole, widget, within } from "./core.js";

const [LISTED, MOST, TOP, STEP] = [8, 20, 42, 20];

// Places in a row of numbers, from the largest to the smallest; among equals the earlier first.
const ranked = (values) => [...values.keys()].sort((a, b) => values[b] - values[a] || a - b);

// The query is the mix (1 - t) a + t b of two questions' vectors of length 1, brought back to length 1. What is known of them:
// `similar`, the cosine of each question with each of `count` passages; `alike`, with each question; `spots`, where passages and questions
// lie on two axes at right angles. With these the query's cosines are exact, in all dimensions. `place`: the query dragged to there. Its
// part in the plane of the map is then this place, its part at right angles to the map keeps its direction, and its length is 1.
export function compute({ similar, alike, spots, count, question_a: a, question_b: b, mix, place }) {
  const part = 1 - mix;
  const length = Math.sqrt(part * part + mix * mix + 2 * part * mix * alike[a * Math.sqrt(alike.length) + b]) || 1;
  const blend = (values, wide, i) => (part * values[a * wide + i] + mix * values[b * wide + i]) / length;
  const places = Array.from({ length: count }, (_, i) => [spots[2 * i], spots[2 * i + 1]]);
  const home = [0, 1].map((axis) => blend(spots.slice(2 * count), 2, axis));
  const spot = place.length ? place : home;
  const dot = ([x, y], [u, v]) => x * u + y * v;
  const left = (at) => Math.sqrt(Math.max(0, 1 - dot(at, at)));
  const grown = left(home) > 1e-6 ? left(spot) / left(home) : 0;
  const cosine = Float64Array.from(places, (each, i) => dot(spot, each) + grown * (blend(similar, count, i) - dot(home, each)));
  const away = Float64Array.from(places, ([x, y]) => Math.hypot(x - spot[0], y - spot[1]));
  return { cosine, order: ranked(cosine), away, near: ranked(away.map((each) => -each)), spot, places };
}

// How many of the first 1, 2, 3, ... of an order are relevant, and what share that is: of them, and of all relevant ones.
export function curves(order, relevant) {
  let found = 0;
  const hits = order.map((id) => (found += relevant.includes(id)));
  return { hits, precision: hits.map((n, i) => n / (i + 1)), recall: hits.map((n) => n / relevant.length) };
}

// The words of a text, as Python's \w+ finds them in its small letters.
export const wordsOf = (text) => text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];

// BM25 with Lucene's idf (Robertson and Zaragoza 2009), k1 = 1.5, b = 0.75, of each text's words for a query of weighted rows of
// words, [[words, weight], ...]; and what each word that they share adds to it.
export function bm25(bags, query) {
  const sizes = bags.map((bag) => bag.length);
  const mean = sizes.reduce((a, b) => a + b) / sizes.length;
  const scores = new Float64Array(sizes.length);
  const shared = bags.map(() => new Map());
  for (const [words, weight] of query) {
    for (const word of weight ? words : []) {
      const counts = bags.map((bag) => bag.filter((each) => each === word).length);
      const holders = counts.filter(Boolean).length;
      const idf = Math.log(1 + (sizes.length - holders + 0.5) / (holders + 0.5));
      counts.forEach((times, i) => {
        if (!times) return;
        const gain = (weight * idf * times) / (times + 1.5 * (0.25 + (0.75 * sizes[i]) / mean));
        scores[i] += gain;
        shared[i].set(word, (shared[i].get(word) ?? 0) + gain);
      });
    }
  }
  return { scores, shared, sizes, order: ranked(scores) };
}

// The passage that lies nearest on the map: at which rank do all dimensions put it?
export function puzzle({ cosine, order, near }, names, share, dim) {
  const rank = order.indexOf(near[0]) + 1;
  const others = [1, 3, 10, 25].filter((each) => each <= names.length && Math.abs(Math.log(each / rank)) > 0.5);
  const [best, name] = [order[0], near[0]].map((id) => `${names[id]} (${cosine[id].toFixed(2)})`);
  return {
    question: `The diamond is a question, dots are passages. ${names[near[0]]}, in the ring, is nearest on this map. The `
      + `retriever compares all ${dim} dimensions. At which rank, of ${names.length}, does it put ${names[near[0]]}?`,
    choices: [rank, ...others].sort((a, b) => a - b).map((each) => `rank ${each}`),
    right: `rank ${rank}`,
    why: `The map keeps ${Math.round(100 * share)} % of how passages differ. By cosine in all dimensions ${best} is `
      + `nearest${rank > 1 ? `, before ${name}` : " as well"}.`,
  };
}

const label = (x, y, said, look, side, attrs) => s("text", { x, y, class: look, "text-anchor": side, ...attrs }, said);
const path = (d, role, attrs) => s("path", { d, fill: "none", stroke: `var(--${role})`, ...attrs });
const HALO = { stroke: "var(--paper)", "stroke-width": 3, "paint-order": "stroke" };

// A passage: a square if it is relevant, else a round; a relevant one that is not retrieved is dashed.
function glyph([x, y], r, good, found) {
  const look = { fill: "var(--paper)", stroke: `var(--${["ghost", "bad", "truth", "good"][2 * good + found]})`, "stroke-width": 2 + good,
    "stroke-dasharray": good && !found && "3 2" };
  return good ? s("rect", { x: x - r, y: y - r, width: 2 * r, height: 2 * r, ...look }) : s("circle", { cx: x, cy: y, r, ...look });
}

// From places on the map to pixels, with one scale for both axes, and back.
function plane(spots, width) {
  const ends = [0, 1].map((axis) => spots.filter((_, i) => i % 2 === axis)).map((row) => [Math.min(...row), Math.max(...row)]);
  const [[left, right], [low, high]] = ends;
  const scale = Math.min((width - 48) / (right - left), 300 / (high - low));
  const start = (width - (right + left) * scale) / 2;
  return { width, ends, scale, foot: 52 + (high - low) * scale, at: ([x, y]) => [start + x * scale, 30 + (high - y) * scale],
    back: ([x, y]) => [(x - start) / scale, high - (y - 30) / scale] };
}

// The map: the k that are retrieved carry their ranks and a line to the query; a dashed circle holds the k nearest on the map.
export function draw(svg, { view, result, k, relevant, names, read, way, shares, summary }) {
  const { order, away, near, places, spot } = result;
  const { width, foot } = view;
  const points = places.map(view.at);
  const [x, y] = view.at(spot);
  const shown = order.slice(0, k);
  const marked = k ? [...shown, ...relevant.filter((id) => !shown.includes(id))] : [];
  const [cx, cy] = points[read];
  picture(svg, width, foot + 40, summary, [
    label(0, 14, `${shares[1]} of variance ↑`, "s"),
    label(width, foot, `${shares[0]} of variance →`, "s", "end"),
    path(shown.map((id) => `M${x} ${y}L${points[id]}`).join(""), "ghost"),
    path(points.map((point, id) => (marked.includes(id) ? "" : `M${point}h0`)).join(""), "soft",
      { "stroke-width": 6, "stroke-linecap": "round" }),
    k > 0 && [
      s("circle", { cx: x, cy: y, r: away[near[k - 1]] * view.scale, fill: "none", stroke: "var(--soft)", "stroke-dasharray": "2 4" }),
      path(`M${way.map(view.at).join("L")}`, "draft", { "stroke-width": 2, "stroke-dasharray": "6 4" }),
      [0, way.length - 1].map((end, i) => label(...view.at(way[end]), "AB"[i], null, "middle", { dy: -12, ...HALO })),
      label(0, foot + 18, "Number: rank. Square: relevant. Dashed: missed.", "s"),
      label(0, foot + 34, `Dotted circle: ${k} nearest here.`, "s"),
    ],
    marked.map((id) => [glyph(points[id], 9, relevant.includes(id), shown.includes(id)),
      label(...points[id], order.indexOf(id) + 1, null, "middle", { dy: 4 })]),
    s("circle", { cx, cy, r: 14, fill: "none", stroke: "var(--ink)", "stroke-width": 2 }),
    label(cx, cy + (y < cy ? 28 : -18), names[read], null, "middle", HALO),
    path(`M${x - 10} ${y}l10 -10 10 10 -10 10Z`, "ink", { fill: "var(--draft)" }),
    s("circle", { cx: x, cy: y, r: 22, opacity: 0, style: k > 0 && "cursor:grab" }),
  ]);
}

// One retriever's best passages, a line below the k-th, and precision and recall for every k. Returns it in words.
function list(svg, { width, title, order, scores, notes, names, relevant, k, read, sizes }) {
  const { hits, precision, recall } = curves(order, relevant);
  const [hit, p, r] = [hits, precision, recall].map((row) => row[k - 1]);
  const rows = order.slice(0, LISTED);
  const best = Math.max(...scores) || 1;
  const room = Math.floor((width - 134) / 6.4);
  const words = order.slice(0, k).reduce((sum, id) => sum + sizes[id], 0);
  const found = `k = ${k}: ${hit} of ${relevant.length} relevant, ${words} words to read`;
  const said = `${title}, ${found}, recall ${r.toFixed(2)}, precision ${p.toFixed(2)}.`;
  const low = order.flatMap((id, i) => (i >= LISTED && relevant.includes(id) ? `${names[id]} at ${i + 1}` : []));
  const foot = TOP + STEP * rows.length;
  const [most, y1] = [Math.min(MOST, order.length), foot + 144];
  const x = (n) => 32 + ((width - 40) * (n - 1)) / (most - 1);
  const y = (v) => y1 - 90 * v;
  const trace = (values, now, role, dash) => [
    path(`M${values.slice(0, most).map((v, i) => [x(i + 1), y(v)]).join("L")}`, role, { "stroke-width": 2, "stroke-dasharray": dash }),
    s("circle", { cx: x(k), cy: y(now), r: 4, fill: `var(--${role})` }),
  ];
  picture(svg, width, y1 + 36, said, [
    label(0, 14, title, null, null, { style: "font-weight:600" }),
    label(0, 32, found),
    path(rows.map((id, i) => `M0 ${TOP + STEP * i + 1}h${(width * Math.max(0, scores[id])) / best}v18H0Z`).join(""), "paper",
      { fill: "var(--ghost)", opacity: 0.3 }),
    rows.map((id, i) => {
      const at = TOP + STEP * i + 14;
      const look = i >= k && "s";
      return [
        glyph([10, at - 4], 5, relevant.includes(id), i < k),
        label(22, at, `${i + 1}. ${names[id]}${id === read ? " ◂" : ""}`, look),
        label(90, at, notes(id).slice(0, room), "s"),
        label(width - 2, at, scores[id].toFixed(2), look, "end"),
      ];
    }),
    k <= LISTED && path(`M0 ${TOP + STEP * k}h${width}`, "ink"),
    low.length > 0 && label(0, foot + 16, `Relevant below: ${low.join(", ")}`, "s"),
    path([0, 0.5, 1].map((v) => `M32 ${y(v)}H${width - 8}`).join(""), "line"),
    [0, 0.5, 1].map((v) => label(26, y(v) + 4, v, "s", "end")),
    [1, 5, 10, 15, 20].map((n) => n <= most && label(x(n), y1 + 16, n, "s", "middle")),
    label(width - 2, y1 + 32, "k", "s", "end"),
    path(`M${x(k)} ${y1}v-90`, "soft"),
    trace(recall, r, "truth"),
    trace(precision, p, "third", "6 3"),
    label(32, y1 - 100, `recall ${r.toFixed(2)}, solid`),
    label(width - 8, y1 - 100, `precision ${p.toFixed(2)}, dashed`, null, "end"),
  ]);
  return said;
}

function build(ui) {
  const [texts, names] = ["passages", "names"].map((name) => parted(ui.get(name)));
  const [questions, shares, encoder] = ["questions", "shares", "encoder"].map(ui.get);
  const [similar, alike, spots] = ["similar", "alike", "spots"].map((name) => floats(ui.get(name)));
  const bags = texts.map(wordsOf);
  const count = texts.length;
  const at = (changes) => compute({ similar, alike, spots, count, ...ui.state(), ...changes });
  const question = ask(puzzle(at(), names, shares[0] + shares[1], ui.get("dim")), (prediction) => ui.set({ prediction }));
  // What is drawn now; only what the pointer holds is no state.
  let [now, lexical, view, held] = [];
  // What a step does not change is not made again.
  const kept = {};
  const once = (name, of, make) => {
    if (of.some((each, i) => each !== kept[name]?.of[i])) kept[name] = { of, value: make() };
    return kept[name].value;
  };

  // To choose one question for the other's place makes them change places.
  const choices = questions.map(({ text }, i) => [i, text]);
  const pick = (said, name, rival) => select(said, choices, (value) => {
    const state = ui.state();
    ui.set({ mix: 0, place: [], [name]: value, ...(state[rival] === value && { [rival]: state[name] }) });
  });
  const [from, to] = [pick("Question A", "question_a", "question_b"), pick("Question B", "question_b", "question_a")];
  const mix = slider("Query, from A to B", { min: 0, max: 1, step: 0.02 }, (value) => ui.set({ mix: value, place: [] }));
  const keep = slider("Passages retrieved, k", { min: 1, max: Math.min(MOST, count) }, (k) => ui.set({ k }));
  const back = button("Undo drag", () => ui.set({ place: [] }));
  const controls = h("fieldset", {}, from.node, to.node, mix.node, keep.node,
    h("div", { class: "nt-row" }, button("Reset", ui.reset), back),
    h("p", { class: "soft facts" }, "Drag the diamond. Click passages to read."));

  const { ends } = plane(spots, 640);
  const drop = (spot) => ui.set({ place: spot.map((v, axis) => +Math.max(ends[axis][0], Math.min(ends[axis][1], v)).toFixed(3)) });
  const drags = ["Drag across", "Drag up"].map((name, axis) =>
    slider(name, { min: ends[axis][0].toFixed(2), max: ends[axis][1].toFixed(2), step: 0.01 }, (value) => drop(now.spot.with(axis, value))));
  const reader = select("Passage", [[-1, "nearest on map"], ...texts.map((text, i) => [i, `${names[i]}: ${text.slice(0, 40)}`])],
    (chosen) => ui.set({ chosen }));
  for (const { node } of [from, to, reader]) node.style.display = "block";
  const more = h("fieldset", {}, h("details", { style: "max-width:420px" }, h("summary", {}, "More"),
    drags.map(({ node }) => node), reader.node, h("p", { class: "soft" },
      "From A to B the query moves in all dimensions; dragged, in the map's plane, and the rest keeps its direction. "
      + "It need be no sentence's vector. BM25 weighs the words of A and B. Relevant: judged to answer A, past half way B.")));

  const point = (svg, event) => {
    const box = svg.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const map = make("svg", { role: "img", onpointerdown: (event) => {
    if (controls.disabled) return;
    const [x, y] = point(map, event);
    const far = (spot) => Math.hypot(view.at(spot)[0] - x, view.at(spot)[1] - y);
    held = far(now.spot) < 22;
    if (held) return map.setPointerCapture(event.pointerId);
    const chosen = now.places.findIndex((spot) => far(spot) < 12);
    if (chosen >= 0) ui.set({ chosen });
  },
  onpointermove: (event) => held && drop(view.back(point(map, event))),
  ontouchmove: (event) => held && event.preventDefault(), // the page does not scroll along
  onlostpointercapture: () => { held = 0; } });
  const lists = [0, 1].map((n) => make("svg", { role: "img", onclick: (event) => {
    const chosen = [now, lexical][n].order.slice(0, LISTED)[Math.floor((point(lists[n], event)[1] - TOP) / STEP)];
    if (chosen >= 0) ui.set({ chosen });
  } }));
  const asked = h("p");
  const passage = h("p", { class: "nt-small", style: "min-height:6em;margin:8px 0" });
  const pair = h("div", { class: "nt-pair" }, lists.map((list) => h("div", {}, list)));
  const said = h("p", { class: "soft nt-small", "aria-live": "polite" });
  const shut = gate(question, controls, more);
  const sheet = numbers("retrieval_map", [map, ...lists]);
  ui.root.append(question.node, h("div", { class: "cols" },
    h("div", {}, controls, shut.node), h("div", {}, asked, map, passage, pair)), said, more, sheet.node);

  return (width) => {
    const state = ui.state();
    const open = shut.show(state.prediction);
    const k = open ? state.k : 0;
    const [a, b] = [questions[state.question_a], questions[state.question_b]];
    now = once("now", [a, b, state.mix, state.place], at);
    lexical = once("words", [a, b, state.mix], () => bm25(bags, [[wordsOf(a.text), 1 - state.mix], [wordsOf(b.text), state.mix]]));
    const way = once("way", [a, b], () => [0, 0.2, 0.4, 0.6, 0.8, 1].map((mix) => at({ mix, place: [] }).spot));
    const { relevant } = state.mix > 0.5 ? b : a;
    const room = width > 640 ? width - 260 : width;
    if (view?.width !== room) view = plane(spots, room);
    const read = state.chosen < 0 ? now.near[0] : state.chosen;
    const { order, near } = now;
    const shown = { names, relevant, k, read, sizes: lexical.sizes, width: width > 860 ? (room - 24) / 2 : room };
    pair.hidden = !open;
    const share = `${Math.round(100 * state.mix)} %`;
    const summary = open ? [
      `Query ${share} from A to B.`,
      list(lists[0], { ...shown, title: `${encoder}: meaning`, order, scores: now.cosine, notes: (id) => texts[id] }),
      list(lists[1], { ...shown, title: "BM25: words", ...lexical, notes: (id) =>
        [...lexical.shared[id]].sort((one, two) => two[1] - one[1]).map(([word]) => word).join(", ") || "no shared word" }),
      `Of the ${k} nearest on the map, ${encoder} retrieves ${near.slice(0, k).filter((id) => order.indexOf(id) < k).length}.`,
    ].join(" ") : `${names[read]} is nearest on the map.`;
    draw(map, { view, result: now, k, relevant, names, read, way, summary, shares: shares.map((each) => `${(100 * each).toFixed(1)} %`) });

    from.show(state.question_a);
    to.show(state.question_b);
    mix.show(state.mix, share);
    keep.show(state.k, `${state.k} of ${count}`);
    back.hidden = !state.place.length;
    drags.forEach(({ show }, axis) => show(now.spot[axis].toFixed(2), now.spot[axis].toFixed(2)));
    reader.show(state.chosen);
    put(asked, "textContent", state.mix ? `A: ${a.text} B: ${b.text}` : a.text);
    const ranks = [order, lexical.order].map((each) => each.indexOf(read) + 1);
    put(passage, "textContent", open ? `${names[read]}, rank ${ranks[0]} for ${encoder}, ${ranks[1]} for BM25: ${texts[read]}` : "");
    put(said, "textContent", summary);
    sheet.show(["name", "relevant", "cosine", "rank", "BM25", "BM25 rank", "distance", "text"],
      () => (open ? order : []).map((id, i) => [names[id], relevant.includes(id), now.cosine[id], i + 1, lexical.scores[id],
        lexical.order.indexOf(id) + 1, now.away[id], texts[id]]),
      (row) => row.map((each) => (each.toFixed ? +each.toFixed(3) : each.slice?.(0, 48) ?? each)));
  };
}

const among = (name) => (v, get) => whole(v, 0, get(name).length - 1);
const passages = (get) => parted(get("names")).length;

export default widget({
  title: "What do the k nearest passages buy, and what do they cost?",
  state: {
    question_a: among("questions"),
    question_b: among("questions"),
    mix: (v) => within(v, 0, 1),
    place: (v) => Array.isArray(v) && (!v.length || (v.length === 2 && v.every(Number.isFinite) && Math.hypot(...v) < 1)),
    k: (v, get) => whole(v, 1, Math.min(MOST, passages(get))),
    chosen: (v, get) => whole(v, -1, passages(get) - 1),
  },
  data: ["passages", "questions", "spots"],
  build,
});
