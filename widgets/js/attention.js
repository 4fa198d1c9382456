// Which earlier tokens does each attention head read from?
import { ask, button, facts, gate, h, make, numbers, octets, percent, put, redraw, s, select, slider, Sorry, visible, whole, widget } from "./core.js";

const MEASURES = { previous: "token before", first: "first token", itself: "itself", same: "same token earlier", after: "what followed it",
  entropy: "entropy, bits", distance: "distance, tokens" };
const NAMES = Object.keys(MEASURES);
// Viridis in ten steps, and the same as pixels.
const VIRIDIS = "440154 482878 3e4989 31688e 26828e 1f9e89 35b779 6ece58 b5de2b fde725".split(" ");
const PIXELS = VIRIDIS.map((colour) => parseInt(`ff${colour.match(/../g).reverse().join("")}`, 16));
const LOOKS = `
.nt-grid{display:grid;gap:4px;align-items:center;text-align:center;font-size:12px}
.nt .nt-tile{width:100%;padding:2px;font-size:12px}.nt-most{font-weight:700;text-decoration:underline}
.nt-tile canvas{display:block;width:100%;background:var(--line)}.nt .nt-field>*{grid-column:1/3}
.nt-text span{display:inline-block;max-width:100%;white-space:pre-wrap;overflow-wrap:anywhere;vertical-align:top;cursor:pointer;
padding:0 1px 32px;margin:0 2px 4px 0;background:linear-gradient(var(--truth) 0 0) 0 calc(100% - 16px)/100% 0 no-repeat,
linear-gradient(var(--third) 0 0) 0 100%/100% 0 no-repeat,var(--panel)}
.nt-text .nt-from{outline:2px solid var(--draft)}
.nt-text .nt-later{color:var(--soft);background:repeating-linear-gradient(135deg,var(--line) 0 1px,transparent 1px 5px)}
.nt textarea{font:inherit}.nt .facts{gap:8px 10px}`;

// Normalise the rows and measure each head. `weights` holds, head after head, the lower triangle row after row: what query 0
// gives to key 0, query 1 to keys 0 and 1, and so on, on any positive scale. Measures are means over the queries after the first,
// which has no choice; "same" and "after" over those whose token stood earlier. NaN where there is nothing to measure.
export function compute({ weights, layers, heads, tokens }) {
  const size = tokens.length;
  const count = layers * heads;
  if (!size || weights.length !== (count * size * (size + 1)) / 2) throw new Sorry("The weights do not fit the tokens of this text.");
  const met = tokens.map((token, q) => [...tokens.keys()].filter((k) => k < q && tokens[k] === token));
  const came = met.map((keys, q) => keys.map((k) => k + 1).filter((k) => k < q));
  const view = { size, rows: Float64Array.from(weights) };
  const often = (lists) => lists.filter((keys) => keys.length).length;
  const asked = { same: often(met), after: often(came) };
  for (const name of NAMES) view[name] = new Float64Array(count);
  for (let head = 0; head < count; head++) {
    for (let q = 0; q < size; q++) {
      const row = rowOf(view, head, q);
      const total = row.reduce((sum, w) => sum + w);
      for (let k = 0; k <= q; k++) {
        const w = row[k] /= total;
        if (w > 0) view.entropy[head] -= w * Math.log2(w);
        view.distance[head] += w * (q - k);
      }
      if (!q) continue;
      view.previous[head] += row[q - 1];
      view.first[head] += row[0];
      view.itself[head] += row[q];
      for (const k of met[q]) view.same[head] += row[k];
      for (const k of came[q]) view.after[head] += row[k];
    }
    for (const name of NAMES) view[name][head] /= asked[name] ?? size - 1;
  }
  return view;
}

// What a query of a head gives to keys 0 to the query.
export function rowOf({ size, rows }, head, q) {
  const at = (head * size * (size + 1) + q * (q + 1)) / 2;
  return rows.subarray(at, at + q + 1);
}

const ranked = (row) => [...row.keys()].sort((a, b) => row[b] - row[a] || a - b);
const called = (tokens, k, room) => `“${visible(tokens[k], room)}” (${k})`;
const headed = (place, heads) => `layer ${Math.floor(place / heads)}, head ${place % heads}`;
const written = (name, value) => (Number.isNaN(value) ? "-" : /,/.test(MEASURES[name]) ? value.toFixed(2) : percent(value));

// What a head mostly reads from, in words.
export function habit(view, head) {
  const best = NAMES.slice(0, 5).reduce((a, b) => (view[b][head] > (view[a][head] || 0) ? b : a));
  return view[best][head] >= 0.3 ? `mostly ${MEASURES[best]}` : "spread out";
}

// Paint a head's map, a pixel a weight, by the square root, which shows small ones. What is masked stays clear.
function map(canvas, view, head) {
  const { size } = view;
  const image = new ImageData(size, size);
  const pixels = new Uint32Array(image.data.buffer);
  for (let q = 0; q < size; q++) rowOf(view, head, q).forEach((w, k) => { pixels[q * size + k] = PIXELS[Math.round(9 * Math.sqrt(w))]; });
  canvas.width = canvas.height = size;
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

const word = (x, y, text, attrs) => s("text", { x, y, ...attrs }, text);
const rect = (x, y, width, height, fill, attrs) => s("rect", { x, y, width, height, fill, ...attrs });
const SOFT = { class: "s" };
const END = { "text-anchor": "end", ...SOFT };
// Of each picture, what stays while the query moves.
const drawn = new WeakMap();
// Where a map begins in its picture.
const [LEFT, TOP] = [72, 46];

// One head: its map, the row of the query marked, and a bar for each key that gets most. What only the head changes is drawn once.
export function draw(svg, { view, tokens, place, heads, query, key, width, name, role, text }) {
  const side = Math.min(360, width - LEFT - 4);
  const cell = side / view.size;
  const foot = TOP + side;
  const id = [place, width].join();
  let kept = drawn.get(svg);
  if (kept?.id !== id || kept.view !== view) {
    const hatch = Array.from({ length: side / 7 }, (_, i) => `M${LEFT + 7 * i} ${TOP}L${LEFT + side} ${foot - 7 * i}`).join("");
    kept = { id, view, cell, moving: make("g") };
    drawn.set(svg, kept);
    svg.setAttribute("viewBox", `0 0 ${width} ${foot + 216}`);
    redraw(svg,
      word(0, 14, `${name}: ${headed(place, heads)}`, { style: "font-weight:600" }),
      word(0, TOP - 8, "query ↓", SOFT), word(LEFT, foot + 16, "key, the token read →", SOFT),
      tokens.map((_, q) => (q % Math.ceil(15 / cell) ? "" : word(LEFT - 6, TOP + (q + 0.5) * cell + 4, visible(tokens[q], 9), END))),
      s("path", { d: hatch, stroke: "var(--line)" }),
      s("image", { href: map(h("canvas"), view, place).toDataURL(), x: LEFT, y: TOP, width: side, height: side,
        "image-rendering": "pixelated" }),
      word(LEFT + side - 2, TOP + 17, "masked: not yet written", END),
      word(LEFT - 6, foot + 38, "weight 0", END),
      VIRIDIS.map((colour, i) => rect(LEFT + 9 * i, foot + 29, 9, 10, `#${colour}`)),
      word(LEFT + 96, foot + 38, "1, in the middle 0.25", SOFT),
      kept.moving);
  }
  const row = rowOf(view, place, query);
  const best = ranked(row);
  const seen = key in row ? key : best[0];
  const [x, y] = [LEFT + (seen + 0.5) * cell, TOP + (query + 0.5) * cell];
  const rest = best.splice(5);
  const lines = best.map((k) => [called(tokens, k, 9), row[k]]);
  if (rest.length) lines.push([`${rest.length} others`, rest.reduce((sum, k) => sum + row[k], 0)]);
  redraw(kept.moving,
    rect(LEFT, y - cell / 2, side, cell, "none", { stroke: "var(--draft)", "stroke-width": 2 }),
    rect(0, y - 8, LEFT - 2, 16, "var(--paper)"),
    word(LEFT - 6, y + 4, visible(tokens[query], 8), { ...END, class: "", style: "font-weight:700" }),
    s("path", { d: `M${x} ${TOP - 7}V${y}`, stroke: "var(--draft)" }),
    word(Math.max(LEFT + 48, Math.min(x, width - 60)), TOP - 10, `${called(tokens, seen, 9)} ${percent(row[seen])}`,
      { "text-anchor": "middle" }),
    word(0, foot + 66, `From ${called(tokens, query)} to`),
    lines.map(([label, weight], i) => {
      const [bar, line] = [weight * (width - 172), foot + 88 + 22 * i];
      return [word(108, line, label, { ...END, class: "" }), rect(116, line - 11, bar, 14, role), word(122 + bar, line, percent(weight))];
    }));
  svg.setAttribute("aria-label", text);
}

// The texts, each with a way to measure it, once. A byte is 255 times the square root of a weight over the largest of its row.
function library(get) {
  const [layers, heads, bytes] = ["layers", "heads", "weights"].map(get);
  let end = 0;
  return get("texts").map((each) => {
    const { tokens } = each;
    const part = octets(bytes).subarray(end, end += (layers * heads * tokens.length * (tokens.length + 1)) / 2);
    let view = null;
    return { ...each, view: () => (view ??= compute({ layers, heads, tokens, weights: Float64Array.from(part, (step) => step * step) })) };
  });
}

function build(ui) {
  const [layers, heads, made, live, asked] = ["layers", "heads", "made", "live", "asked"].map(ui.get);
  let [bytes, texts] = [ui.get("weights"), library(ui.get)];
  let hover, now, bars;
  const at = (place) => ({ layer: Math.floor(place / heads), head: place % heads });
  const set = (changes) => { hover = null; ui.set(changes); };
  const open = (chosen) => ({ chosen, query: texts[chosen].tokens.length - 1 });
  const question = asked.right
    && ask(asked, (prediction) => set({ prediction, ...(prediction !== "skip" && { ...open(made.chosen), ...at(asked.place) }) }));

  const list = () => select("Text", texts.map((each, i) => [i, each.name]), (chosen) => set(open(chosen)));
  let pick = list();
  const mark = slider("Query token", { min: 0 }, (query) => set({ query }));
  const measure = select("Number under each map", Object.entries(MEASURES), (name) => set({ measure: name }));
  const small = (text) => h("p", { class: "soft nt-small", style: "margin:8px 0" }, text);
  const [said, reply] = [small(""), small("")];
  for (const node of [said, reply]) node.setAttribute("aria-live", "polite");
  // JupyterLab forbids a new line after a key that it hears of.
  const field = h("textarea", { rows: 3, onkeydown: (event) => event.stopPropagation() }, ui.state().text);
  let refused = "";
  const answer = () => {
    const { text } = ui.state();
    const said = text && texts.every((each) => each.text !== text)
      ? "Computing in the kernel; the first time it loads the model. The last picture stays until then." : refused;
    put(reply, "textContent", said);
  };
  const typing = !live ? null : [h("label", { class: "nt-field" }, "Your own text", field), button("Read this text", () => {
    const text = field.value;
    refused = !text.trim() ? "The text is empty: type a few words." : text.length > 10000
      ? "The text is too long: at most 160 tokens can be shown, about a paragraph." : "";
    if (refused) answer();
    else set({ text });
  }), reply];

  // The maps of all heads. The arrow keys go from one to its neighbours.
  const tiles = Array.from({ length: layers * heads }, (_, i) =>
    h("button", { type: "button", class: "nt-tile", onclick: () => set(at(i)) }, h("canvas"), h("span")));
  const walk = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -heads, ArrowDown: heads }[event.key];
    if (!step) return;
    event.preventDefault();
    const to = tiles[now.places[0] + step];
    to?.focus();
    to?.click();
  };
  const label = (text) => h("span", { class: "soft" }, text);
  const grid = h("div", { class: "nt-grid", role: "group", "aria-label": "All heads; arrow keys move", onkeydown: walk,
    style: `grid-template-columns:auto repeat(${heads},minmax(26px,1fr))` }, label(""), tiles.slice(0, heads).map((_, i) => label(i)),
  tiles.map((tile, i) => (i % heads ? tile : [label(i / heads), tile])).flat());
  const most = button("", () => set(at(now.most)));
  const controls = h("fieldset", {}, typing, pick.node, mark.node, measure.node, small("Layers ↓, heads →, shares in %"),
    h("div", { class: "scroll" }, grid), h("div", { class: "facts" }, most,
      button("Pin as A", () => set({ pinned: [ui.state().layer, ui.state().head] })), button("Reset", ui.reset)));
  const shut = gate(question, controls);

  // Pointing at a token, or at a row of a map, makes it the query until the pointer leaves; a click keeps it.
  const point = (query, key) => {
    if (controls.disabled || (query === hover?.query && key === hover?.key)) return;
    hover = query in now.tokens ? { query, key } : null;
    follow();
  };
  const pointing = (find) => ({ onpointermove: find, onpointerleave: () => point(),
    onclick: (event) => { find(event); if (hover) set({ query: hover.query }); } });
  const onMap = ({ currentTarget, clientX, clientY }) => {
    const { left, top } = currentTarget.getBoundingClientRect();
    const [key, query] = [clientX - left - LEFT, clientY - top - TOP].map((far) => Math.floor(far / drawn.get(currentTarget).cell));
    point(query, key);
  };
  const panels = ["Now", "A"].map((name) =>
    ({ name, svg: make("svg", { role: "img", ...pointing(onMap) }), figures: h("div", { class: "facts" }) }));
  const words = h("p", { class: "nt-text", ...pointing(({ target }) => point(+target.dataset.q)) });
  const more = numbers("attention", panels.map(({ svg }) => svg));
  const onkeydown = ({ key }) => { if (key === "Escape" && !controls.disabled) set(open(ui.state().chosen)); };
  ui.root.append(h("style", {}, LOOKS), question?.node ?? "", h("div", { class: "cols", onkeydown }, h("div", {}, controls, shut.node),
    h("div", {}, h("div", { class: "nt-pair" }, panels.map(({ svg, figures }) => h("div", {}, svg, figures))),
      small("Bars: what each token gets from the framed one, upper now, lower A. Hatched: masked. "
        + "Point at a token to read from it; a click keeps it, Escape lets go."), words)), said,
  small("A weight says where a head reads from, not what it takes from there, nor whether the output would change without it. "
    + "That depends on values and later layers (Jain and Wallace, 2019)."), more.node);

  // All that follows the query.
  const follow = () => {
    const { view, tokens, places, width } = now;
    const query = hover?.query ?? now.query;
    const rows = places.map((place) => rowOf(view, place, query));
    const told = rows.map((row, i) => `${panels[i].name}, ${headed(places[i], heads)}: ${called(tokens, query, 30)} gives ${
      ranked(row).slice(0, 2).map((k) => `${percent(row[k])} to ${called(tokens, k, 30)}`).join(" and ")}.`);
    panels.forEach(({ svg, name }, i) => draw(svg, { view, tokens, place: places[i], heads, query, key: hover?.key, width, name,
      role: i ? "var(--third)" : "var(--truth)", text: told[i] }));
    bars.forEach((bar, k) => {
      bar.className = k > query ? "nt-later" : k === query ? "nt-from" : "";
      bar.style.backgroundSize = k > query ? "" : `${rows.map((row) => `100% ${Math.round(15 * row[k])}px`)},auto`;
    });
    if (!hover) put(said, "textContent", told.join(" "));
  };

  return (width) => {
    const state = ui.state();
    if (bytes !== ui.get("weights")) {
      [bytes, texts] = [ui.get("weights"), library(ui.get)];
      const old = pick.node;
      pick = list();
      old.replaceWith(pick.node);
    }
    const { tokens, next, view: measured } = texts[state.chosen];
    const view = measured();
    const places = [[state.layer, state.head], state.pinned].map(([layer, head]) => layer * heads + head);
    const values = view[state.measure];
    const top = values.reduce((a, value, i) => (value > values[a] ? i : a), 0);
    const before = now;
    now = { view, tokens, places, most: top, query: state.query, id: [places, state.measure].join(),
      width: width > 860 ? (width - 284) / 2 : width > 640 ? width - 260 : width };
    const other = before?.view !== view;
    if (other) {
      bars = tokens.map((token, q) => h("span", { "data-q": q }, token.replace(/\n/g, "⏎")));
      words.replaceChildren(...bars.flatMap((bar, q) => (/\n/.test(tokens[q]) ? [bar, h("br")] : [bar])),
        next && ` Next: “${visible(next)}”`);
      mark.node.querySelector("input").max = tokens.length - 1;
      tiles.forEach((tile, i) => map(tile.firstChild, view, i));
    }
    if (other || before.id !== now.id) {
      tiles.forEach((tile, i) => {
        const value = written(state.measure, values[i]);
        tile.lastChild.textContent = value.replace(/ %|< /g, "");
        tile.classList.toggle("nt-most", i === top);
        tile.setAttribute("aria-label", `${headed(i, heads)}: ${habit(view, i)}; ${MEASURES[state.measure]} ${value}`);
        tile.setAttribute("aria-pressed", i === places[0]);
      });
      most.textContent = `Show most: ${headed(top, heads)}`;
      panels.forEach(({ figures }, i) =>
        facts(figures, ["previous", "first", "itself", "entropy"].map((name) => [written(name, view[name][places[i]]), MEASURES[name]])));
      more.show(["head", ...Object.values(MEASURES)], () => tiles.map((_, i) => [headed(i, heads), ...NAMES.map((name) => view[name][i])]),
        ([head, ...row]) => [head, ...row.map((value, i) => written(NAMES[i], value))]);
    }
    shut.show(state.prediction);
    pick.show(state.chosen);
    measure.show(state.measure);
    mark.show(state.query, called(tokens, state.query));
    answer();
    follow();
  };
}

const below = (name) => (v, get) => whole(v, 0, get(name) - 1);

export default widget({
  title: "Which earlier tokens does each attention head read from?",
  state: {
    text: (v, get) => typeof v === "string" && (!v || get("live") || get("texts").some(({ text }) => text === v)
      || "No model runs here to read a text of your own."),
    chosen: (v, get) => whole(v, 0, get("texts").length - 1),
    layer: below("layers"),
    head: below("heads"),
    query: (v, get) => whole(v, 0, get("texts")[get("chosen")]?.tokens.length - 1),
    pinned: (v, get) => v?.length === 2 && ["layers", "heads"].every((name, i) => below(name)(v[i], get)),
    measure: (v) => Object.hasOwn(MEASURES, v),
  },
  watch: ["texts", "weights"],
  build,
});
