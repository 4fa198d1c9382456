// Who does what in a ReAct loop? Recorded runs of an agent, step by step: Yao and others 2023 (arXiv 2210.03629). Only the texts are
// recorded; what is read in them, what may run, what is counted and why it ends is found here.
import { ask, button, facts, gate, h, make, numbers, picture, player, put, s, select, slider, visible, whole, widget } from "./core.js";

// Turns that a loop may take, and places in a run, at most.
const [MOST, PLACES] = [8, 40];
const MARK = "\nObservation:";
// In a loop your code calls tools; a guard lets only those of the task through. Else the model is asked once.
const LOOPS = ["guarded", "open", "own", "beside"];
// Who writes: a name, a colour and a lane each.
const WHO = { model: ["model", "draft"], code: ["your code", "ghost"], tool: ["tool", "truth"] };
const LANES = Object.keys(WHO);
// What can become of a turn: a sign, a colour, and what the sign means.
const ERROR = ["!", "third", "an error"];
const FATES = { done: ["✓", "good", "a reply"], failed: ERROR, unknown: ERROR, idle: ERROR, refused: ["✗", "bad", "refused"],
  forbidden: ["‼", "bad", "ran, though forbidden"], answer: ["=", "good", "an answer"],
  wrong: ["≠", "bad", "not as expected"], dropped: ["–", "ghost", "not carried out"] };

// What is meant by a turn of the model. What follows an observation of its own, or the bracket that closes the action, does not count.
export function parse(text) {
  const turn = text.split(/(?<![^\n])[ \t]*Observation:/)[0];
  const mark = /(?<![^\n])[ \t]*(Action|Answer):/.exec(turn);
  const thought = turn.slice(0, mark?.index).trim().replace(/^Thought:/, "").trim();
  const step = { thought, tool: null, argument: null, answer: null };
  const rest = mark ? turn.slice(mark.index + mark[0].length) : "";
  if (mark?.[1] === "Answer") return { ...step, answer: rest.trim() || null };
  const call = /^\s*([\p{L}\p{N}_]+)\s*\[/u.exec(rest);
  if (!call) return step;
  let open = 1;
  const end = [...rest.matchAll(/[[\]]/g)].find(({ 0: sign, index }) => index >= call[0].length && !(open += sign === "[" ? 1 : -1));
  if (!end) return step;
  const argument = rest.slice(call[0].length, end.index).trim();
  return call[1] === "finish" ? { ...step, answer: argument || null } : { ...step, tool: call[1], argument };
}

const plain = (text) => text.trim().split(/\s+/).join(" ").toLowerCase();

// What became of a turn that your code has read, from what the model was told and who may call what.
function fate({ tool, answer }, said, guard, { tools, allowed }) {
  if (answer !== null) return "answer";
  if (tool === null) return "idle";
  if (said === null) return "dropped";
  const listed = !allowed || allowed.includes(tool);
  if ((guard && !listed) || said.startsWith("Refused:")) return "refused";
  if (tools ? !tools.includes(tool) : said.startsWith("Error: there is no tool")) return "unknown";
  return said.startsWith("Error:") ? "failed" : listed ? "done" : "forbidden";
}

// A run as events, one after the other: the prompt, then for each turn what the model writes, what your code reads in it, and what
// the model is told. `run` is { prompt, turns, said, tokens, reads? }, `scene` { tools?, allowed?, expected? }. Each event has
// its pieces of text, each with who wrote it, and what is counted up to there; all pieces together are the text that the model gets.
export function compute({ run, way, cap, scene }) {
  const count = { code: 0, model: 0, tool: 0, turns: 0, calls: 0, bad: 0 };
  const events = [];
  let at = 0;
  const add = (kind, pieces, more) => {
    for (const [who] of pieces) count[who] += run.tokens[at++];
    events.push({ kind, pieces, turn: count.turns, count: { ...count }, ...more });
  };
  // Your code reads a turn; an answer may be wrong, as far as one knows.
  const reading = (read, what) => {
    const wrong = what === "answer" && scene.expected != null && plain(read.answer) !== plain(scene.expected);
    add("read", [], { read, fate: wrong ? "wrong" : what });
  };
  const end = (answer) => ({ events, answer, stopped: answer === null ? "limit" : "answer" });
  add("start", [["code", run.prompt]]);
  if (!LOOPS.includes(way)) {
    const [text] = run.turns;
    count.turns++;
    add("write", [["model", text]]);
    const answer = way === "direct" ? text.trim().split("\n")[0] || null : parse(text.split(MARK).at(-1)).answer;
    reading({ answer }, answer === null ? "idle" : "answer");
    return end(answer);
  }
  for (const [i, raw] of run.turns.slice(0, cap).entries()) {
    // What the model invents behind an observation of its own is cut off.
    const turn = raw.split(MARK)[0];
    const read = run.reads?.[i] ?? parse(turn);
    const said = run.said[i] ?? null;
    const what = fate(read, said, way === "guarded", scene);
    count.turns++;
    add("write", [["model", turn]]);
    reading(read, what);
    if (what === "answer") return end(read.answer);
    if (said === null) break;
    const ran = !"refused unknown idle".includes(what);
    count.calls += ran;
    count.bad += what === "refused" || FATES[what] === ERROR;
    const last = i + 1 === Math.min(cap, run.turns.length);
    add("tell", [["code", `${MARK} `], [ran ? "tool" : "code", said], ["code", "\nThought:"]], { read, fate: what, ran, last });
  }
  return end(null);
}

const total = ({ code, model, tool }) => code + model + tool;
const many = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;

// What a call comes to once your code has read it, and once it is told.
const CHECKED = {
  refused: "The guard refuses: it is not on the task's list.",
  unknown: "There is no such tool.",
  forbidden: "It is not on the task's list, but nobody looks.",
  dropped: "No turn is left: it ends the loop.",
};
const TOLD = {
  done: "The tool replies. Your code writes the reply",
  failed: "The tool fails. Your code writes the error",
  refused: "No tool runs. Your code writes the refusal",
  forbidden: "The tool has run, though this task may not use it. Your code writes the reply",
};

// An event in words.
function story(events, at, way, { expected, unit }) {
  const { kind, count, turn, read, fate: what, last } = events[at];
  const before = at && total(events[at - 1].count);
  const fresh = many(total(count) - before, unit);
  if (kind === "start") return `Your code writes the prompt: ${fresh}, up to “${way === "direct" ? "Answer" : "Thought"}:”.`;
  if (kind === "write")
    return `Turn ${turn}. The model reads all ${many(before, unit)} and writes ${fresh}${way === "direct" ? ", from memory."
      : way === "alone" ? " in one go. Its observations are invented: no tool was called."
      : ". There your code stops it."}`;
  const { tool, argument, answer } = read;
  if (answer != null)
    return `Your code finds an answer, “${answer}”, and ends here.${what === "wrong"
      ? ` It is not right: expected is “${expected}”.` : expected == null ? "" : " It is right."}`;
  if (kind === "read")
    return what === "idle" ? "Your code finds no action and no answer."
      : `Your code finds a call: “${tool}” with “${argument}”. ${CHECKED[what]
        ?? (way === "guarded" ? "The guard lets it through: it is on the list." : "It calls the tool.")}`;
  return `${TOLD[what] ?? "No tool runs. Your code writes an error"} behind “Observation:”, ${fresh} in all.${
    last ? " No turn is left: your code ends the loop, without an answer." : ""}`;
}

const label = (x, y, text, anchor, soft) => s("text", { x, y, "text-anchor": anchor, class: soft && "s" }, text);
// Three lanes, with a box where somebody acts, up to event `at`; below, how the text grows, by who wrote it. `places` events have
// room, and `high` is the longest text.
export function draw(svg, { events, at, places, high, w, unit, text }) {
  const [left, right, foot] = [72, 88, 194];
  const pitch = Math.min(46, (w - left - right) / places);
  // Where room is scarce, boxes that follow each other overlap across, but not up: they stand in other lanes.
  const wide = Math.max(pitch - 4, Math.min(12, 2 * pitch));
  const bar = 0.8 * pitch;
  const mid = (i) => left + (i + 0.5) * pitch;
  const shown = events.slice(0, at + 1);
  const judged = ({ kind, fate: what }) => kind === "tell" || ["answer", "wrong", "refused"].includes(what);
  const lane = ({ kind, ran }) => (kind === "write" ? 0 : ran ? 2 : 1);
  const y = (n) => 14 + 28 * n;
  const boxes = shown.map((event, i) => {
    const { kind, turn, fate: what } = event;
    const n = lane(event);
    const [sign, role] = judged(event) ? FATES[what] : [{ start: "?", read: "→" }[kind] ?? turn, WHO[LANES[n]][1]];
    return [s("rect", { x: mid(i) - wide / 2, y: y(n) - 10, width: wide, height: 20, rx: 3, fill: `var(--${role})`, "fill-opacity": 0.25,
      stroke: `var(--${i === at ? "ink" : role})`, "stroke-width": i === at ? 2.5 : 1.2 }),
      label(mid(i), y(n) + 4, sign, "middle")];
  });
  const way = shown.slice(1).map((event, i) =>
    `M${mid(i) + wide / 2} ${y(lane(shown[i]))}L${mid(i + 1) - wide / 2} ${y(lane(event))}`).join("");
  const scale = (foot - 106) / high;
  // From the bottom: your code, the model, the tool.
  const stack = ["code", "model", "tool"];
  const level = ({ count }, n) => foot - scale * stack.slice(0, n).reduce((sum, who) => sum + count[who], 0);
  const areas = stack.map((who, n) => s("path", { fill: `var(--${WHO[who][1]})`, d: shown.map((event, i) =>
    `M${mid(i) - bar / 2} ${level(event, n)}h${bar}V${level(event, n + 1)}h${-bar}z`).join("") }));
  const now = shown.at(-1);
  let lowest = foot + 13;
  const parts = stack.map((who, n) => {
    if (!now.count[who]) return null;
    lowest = Math.min(lowest - 13, (level(now, n) + level(now, n + 1)) / 2 + 4);
    return label(mid(at) + pitch / 2 + 4, lowest, `${WHO[who][0]} ${now.count[who]}`);
  });
  const used = [...new Set(shown.filter(judged).map(({ fate: what }) => `${FATES[what][0]} ${FATES[what][2]}`))];
  picture(svg, w, 222, text,
    LANES.map((who, n) => [label(left - 10, y(n) + 4, WHO[who][0], "end"),
      s("line", { x1: left, x2: left + pitch * places, y1: y(n), y2: y(n), stroke: "var(--line)" })]),
    s("path", { d: way, stroke: "var(--soft)", "stroke-width": 1.5 }), boxes, label(left - 10, 118, `${unit}s`, "end", true),
    s("line", { x1: left, x2: left + pitch * places, y1: foot, y2: foot, stroke: "var(--line)" }), areas, parts,
    label(left, 211, used.join("   "), null, true));
}

const LOOK = `.nt-text{display:flex;flex-direction:column-reverse;max-height:19em;overflow-y:auto;contain:content;
border:1px solid var(--line);padding:8px}.nt-text p{white-space:pre-wrap;font:13px/1.6 ui-monospace,monospace}
.nt-text i{--tint:12%;font-style:normal;background:color-mix(in srgb,var(--who) var(--tint),var(--paper));
border-bottom:1px solid var(--who)}
.nt-text i::before{content:attr(data-who);font:600 11px system-ui,sans-serif;background:color-mix(in srgb,var(--who) 40%,var(--paper));
padding:1px 5px;margin-right:4px}.nt-text .nt-new{--tint:28%;border-width:3px}.nt-text .nt-new::before{content:"new: " attr(data-who)}
.nt-read{display:grid;grid-template-columns:72px 1fr;gap:0 8px;margin:4px 0 8px;font-size:13px}.nt-read dd{margin:0}
.nt-choice{display:grid;grid-template-columns:repeat(auto-fit,minmax(16em,1fr));gap:0 24px}.nt-choice select{grid-column:1/3}`;

// One run: its picture, an event in words, what is counted, what your code reads, and the text. `show` brings it up to date.
function panel(name, { unit, limit }) {
  const svg = make("svg", { role: "img" });
  const said = h("p", { class: "nt-small", "aria-live": name === "Now" && "polite" });
  const head = h("p", { style: "font-weight:600;margin:12px 0 8px" });
  const figures = h("div", { class: "facts" });
  const cells = ["thought", "tool", "argument", "answer"].map((part) => [part, h("dd")]);
  const text = h("p");
  const soft = (words) => h("p", { class: "soft nt-small" }, words);
  const read = h("dl", { class: "nt-read" }, cells.flatMap(([part, cell]) => [h("dt", {}, part), cell]));
  const node = h("div", {}, head, svg, said, figures, soft("Your code reads"), read,
    soft("The model's prompt so far, to the letter"),
    h("div", { class: "nt-text", tabindex: 0, role: "region", "aria-label": `Text, ${name}` }, text));
  let [key, held, spans] = ["", null, []];
  const show = (events, step, { how, way, run, scene, places, high, w }) => {
    const at = Math.min(step, events.length - 1);
    // What has not changed is not touched.
    if (key === (key = [at, how, places, high, w, scene.name].join())) return;
    if (held !== (held = run)) {
      spans = [];
      text.replaceChildren();
    }
    for (const { pieces } of events.slice(spans.length)) spans.push(pieces.map(([who, words]) => {
      // Blanks and line breaks stand before the name of who wrote them, for the eye.
      const [lead] = /^\s*/.exec(words);
      const inner = h("i", { "data-who": WHO[who][0], style: `--who:var(--${WHO[who][1]})` }, words.slice(lead.length));
      text.append(h("span", {}, lead, inner));
      return inner;
    }));
    spans.forEach((each, i) => each.forEach((inner) => {
      inner.parentNode.hidden = i > at;
      inner.className = i === at ? "nt-new" : "";
    }));
    const { count, read: found } = events[at];
    const words = `Step ${at + 1} of ${events.length}. ${story(events, at, way, scene)}`;
    put(head, "textContent", `${name}: ${how}`);
    put(said, "textContent", words);
    facts(figures, [[`${count.turns}`, "turns"], [`${count.calls}`, "tool calls"], [`${count.bad}`, "refused or failed"],
      [`${total(count)}`, `${unit}s${limit ? ` of ${limit}` : ""}`]]);
    for (const [part, cell] of cells) put(cell, "textContent", found?.[part] || "–");
    draw(svg, { events, at, places, high, w, unit, text: `${name}: ${how}. ${words}` });
  };
  return { node, svg, show };
}

// The scenes are one JSON text; it is read once.
let [heard, known] = ["", []];
function scenes(get) {
  if (heard !== get("scenes")) [heard, known] = [get("scenes"), JSON.parse(get("scenes"))];
  return known;
}
// The run of a scene in a way; a way that made no difference holds the name of another.
function recorded({ runs }, way) {
  return typeof runs[way] === "string" ? runs[runs[way]] : runs[way];
}

function build(ui) {
  const all = scenes(ui.get);
  const [made, names, asked] = ["made", "ways", "asked"].map((each) => ui.get(each));
  const question = asked.right && ask(asked, (prediction) =>
    ui.set(prediction === "skip" ? { prediction } : { ...made, step: 3, prediction }));

  // A scene brings its own contrast, and begins with what the model writes first.
  const scene = select("Question", all.map(({ name }, i) => [i, name]), (i) => {
    const { way, contrast } = all[i];
    stop();
    ui.set({ scene: i, way, cap: MOST, step: 1, pinned: [contrast, MOST] });
  });
  const way = select("How it is answered", Object.entries(names), (value) => ui.set({ way: value }));
  const cap = slider("Turns at most", { min: 1, max: MOST, step: 1 }, (value) => ui.set({ cap: value }));
  let end = 1;
  const go = (by) => {
    const step = Math.min(end, Math.max(0, Math.min(end, ui.state().step) + by));
    ui.set({ step });
    return step < end;
  };
  const place = slider("Step", { min: 0, max: PLACES, step: 1 }, (step) => { stop(); ui.set({ step }); });
  const { node: steps, stop } = player(() => go(1), 1500);
  const choice = h("fieldset", { class: "nt-choice" }, scene.node, way.node, cap.node);
  const walk = h("fieldset", {}, place.node, h("div", { class: "nt-row" }, button("Back", () => { stop(); go(-1); }), steps,
    button("Pin as A", () => ui.set({ pinned: [ui.state().way, ui.state().cap] })),
    button("Reset", () => { stop(); ui.reset(); })));
  const shut = gate(question, choice, walk);
  const caption = h("p", { style: "margin:12px 0 0" });
  const panels = ["Now", "A"].map((name) => panel(name, all[0]));
  const more = numbers("react-stepper", panels.map(({ svg }) => svg));
  ui.root.style.overflowWrap = "anywhere";
  ui.root.append(h("style", {}, LOOK), question?.node ?? "", choice, walk, shut.node, caption,
    h("div", { class: "nt-pair" }, panels.map(({ node }) => node)), more.node);

  let [memo, results] = ["", []];
  return (w) => {
    const state = ui.state();
    const given = all[state.scene];
    const sides = [[state.way, state.cap], state.pinned];
    const key = JSON.stringify([state.scene, sides]);
    if (memo !== key) {
      memo = key;
      results = sides.map(([each, most]) => compute({ run: recorded(given, each), way: each, cap: most, scene: given }));
    }
    const open = shut.show(state.prediction);
    panels[1].node.hidden = !open;
    const shown = open ? results : results.slice(0, 1);
    const places = Math.max(...results.map(({ events }) => events.length));
    const high = Math.max(...results.map(({ events }) => total(events.at(-1).count)));
    end = places - 1;
    const at = Math.min(state.step, end);
    scene.show(state.scene);
    way.show(state.way);
    cap.show(state.cap, `${state.cap}`);
    place.node.lastChild.max = end;
    place.show(at, `${at + 1} of ${end + 1}`);
    put(caption, "textContent", `“${given.question}” ${given.note}`);
    const room = w > 828 ? (w - 24) / 2 : w;
    sides.forEach(([each, most], i) => panels[i].show(results[i].events, at, { way: each, run: recorded(given, each), scene: given,
      places, high, w: room, how: names[each] + (LOOPS.includes(each) ? `, ${many(most, "turn")} at most` : "") }));
    more.show(["run", "event", "who", "text", "tool", "argument", "answer", "fate", `${given.unit}s`], () =>
      shown.flatMap(({ events }, i) => events.flatMap(({ pieces, read, fate: what, count }, n) =>
        (pieces.length ? pieces : [["code", ""]]).map(([who, text]) => [i ? "A" : "now", n + 1, WHO[who][0], text,
          ...["tool", "argument", "answer"].map((part) => read?.[part] ?? ""), what ?? "", total(count)]))),
    (row) => row.map((cell) => visible(String(cell), 32).replaceAll("␣", " ").replace("(empty)", "")));
  };
}

const fitting = (way, get) => typeof way === "string" && Object.hasOwn(scenes(get)[get("scene")]?.runs ?? {}, way);

export default widget({
  title: "Who does what in a ReAct loop: the model, your code, or the tool?",
  state: {
    scene: (v, get) => whole(v, 0, scenes(get).length - 1),
    way: fitting,
    cap: (v) => whole(v, 1, MOST),
    step: (v) => whole(v, 0, PLACES),
    pinned: (v, get) => Array.isArray(v) && v.length === 2 && fitting(v[0], get) && whole(v[1], 1, MOST),
  },
  data: ["scenes", "ways", "asked"],
  build,
});
