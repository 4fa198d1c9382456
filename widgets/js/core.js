// What every widget shares: elements, looks, state, the prediction, export. A widget's own file imports from
// here; widgets/module.py joins the files into one ES module, so top-level names must differ between them, and
// nothing may touch the page before `render` is called.

const STYLE = `
.nt{--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--paper:#fff;--panel:#f6f8fa;--truth:#0072B2;--draft:#E69F00;--good:#009E73;
--bad:#D55E00;--third:#CC79A7;--ghost:#b6bec7;--focus:#0969da;color-scheme:light;container-type:inline-size;box-sizing:border-box;width:100%;
font:14px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper);font-variant-numeric:tabular-nums;max-width:920px;
padding:16px;border:1px solid var(--line);border-radius:8px;
&[data-theme=dark]{--ink:#e6edf3;--soft:#9198a1;--line:#30363d;--paper:#0d1117;--panel:#161b22;--truth:#56B4E9;--draft:#F0B429;
--good:#2BC79A;--bad:#F27A3D;--third:#E39AC4;--ghost:#4a525c;--focus:#58a6ff;color-scheme:dark}
*{box-sizing:border-box}h2{font-size:16px;line-height:1.3;margin:0 0 4px;font-weight:600;color:inherit}p{margin:0}
.soft{color:var(--soft)}.nt-small{font-size:13px}
.ask{margin:12px 0 16px;padding:8px 12px;background:var(--panel);border-left:3px solid var(--draft)}
.nt-row{display:flex;gap:8px;flex-wrap:wrap;align-items:center}.ask .nt-row,.ask .nt-row+p:not(:empty){margin-top:8px}
.cols{display:grid;grid-template-columns:236px minmax(0,1fr);gap:24px}@container(max-width:640px){.cols{grid-template-columns:100%;gap:16px}}
.nt-pair{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:24px}@container(max-width:860px){.nt-pair{grid-template-columns:100%}}
fieldset{border:0;margin:0;padding:0;min-width:0}fieldset:disabled{opacity:.55}
label{display:grid;grid-template-columns:1fr auto;font-size:13px;margin-bottom:12px}
input[type=range]{grid-column:1/3;width:100%;accent-color:var(--truth);margin:4px 0 0}
button,select,input:is([type=text],[type=number]){font:inherit;font-size:13px;color:inherit;background:var(--paper);border:1px solid var(--line);border-radius:6px;padding:4px 10px;max-width:100%}
button:enabled,summary{cursor:pointer}
button:hover:enabled{border-color:var(--soft)}
button[aria-pressed=true]{border-color:var(--truth);box-shadow:inset 0 0 0 1px var(--truth)}
:focus-visible{outline:2px solid var(--focus);outline-offset:2px}
svg{width:100%;height:auto;display:block}svg text{font:12px system-ui,sans-serif;fill:var(--ink)}svg .s{fill:var(--soft)}
details{margin-top:12px;font-size:13px}.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:12px;width:100%;margin:8px 0}
th,td{text-align:right;padding:2px 8px;border-bottom:1px solid var(--line);font-weight:400;white-space:nowrap}
th:first-child{text-align:left}thead th{color:var(--soft)}
.facts{display:flex;gap:8px 16px;flex-wrap:wrap;margin:8px 0;font-size:12px}.facts b{font-size:18px;font-weight:600;display:block}
label.nt-field{gap:4px 8px}label.nt-check{grid-template-columns:auto 1fr;gap:8px;align-items:center}
[hidden]{display:none!important}
.nt-problem{margin:8px 0;padding:8px 12px;border-left:3px solid var(--bad);background:var(--panel)}
@media print{.ask,fieldset,details{display:none}.cols{display:block}}}
`;

function fill(node, attrs, children) {
  for (const [key, value] of Object.entries(attrs)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== false && value != null) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child != null));
  return node;
}

// An HTML element, and an SVG one. Text always arrives as text, so a token such as "<b>" is shown, not obeyed.
export const h = (tag, attrs = {}, ...children) => fill(document.createElement(tag), attrs, children);
export const make = (tag, attrs = {}, ...children) => fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attrs, children);

// Set a property if it is another, and say whether it was: what is set again is laid out again.
export function put(node, name, value) {
  const other = node[name] !== value;
  if (other) node[name] = value;
  return other;
}

// An SVG element to be: `redraw` makes it, or changes what stands in its place.
export const s = (tag, attrs = {}, ...children) => ({ tag, attrs, children });

// Bring what is in an element to a list of such elements, texts and real nodes. Only what differs from the last time is
// touched, so that a step of a slider costs little; an element that is the very same as the last time is not looked into.
export function redraw(parent, ...nodes) {
  let at = parent.firstChild;
  const place = (node) => {
    if (at) at.replaceWith(node);
    else parent.append(node);
    at = node;
  };
  const show = (node) => {
    if (Array.isArray(node)) return node.forEach(show);
    if (node == null || node === false) return;
    if (node instanceof Node) {
      if (at !== node) parent.insertBefore(node, at);
      at = node;
    } else if (node.tag) {
      if (at?.nodeName !== node.tag || !at.made) place(Object.assign(make(node.tag), { made: { attrs: {} } }));
      const { attrs } = at.made;
      if (at.made !== node) {
        for (const key in node.attrs) {
          const value = node.attrs[key] ?? false;
          if (value !== (attrs[key] ?? false)) value === false ? at.removeAttribute(key) : at.setAttribute(key, value);
        }
        for (const key in attrs) if (!(key in node.attrs)) at.removeAttribute(key);
        if (at.firstChild || node.children.length) redraw(at, node.children);
      }
      at.made = node;
    } else if (at?.nodeType !== Node.TEXT_NODE) place(document.createTextNode(node));
    else put(at, "data", String(node));
    at = at.nextSibling;
  };
  show(nodes);
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

// Bring a whole picture up to date: its size in pixels, what it shows in words, and what is in it.
export function picture(svg, width, height, text, ...nodes) {
  const attrs = { viewBox: `0 0 ${width} ${height}`, "aria-label": text };
  // A view box that is written again, even the same, makes the browser lay out every text in the picture.
  for (const name in attrs) if (svg.getAttribute(name) !== attrs[name]) svg.setAttribute(name, attrs[name]);
  redraw(svg, nodes);
}

// The bytes of a binary trait, whichever way the host hands them over.
export function octets(bytes) {
  const { buffer, byteOffset, byteLength } = ArrayBuffer.isView(bytes) ? bytes : new DataView(bytes);
  return new Uint8Array(buffer.slice(byteOffset, byteOffset + byteLength));
}

// The numbers of a `Floats` trait: the bytes that each takes, then all of them. Exact and with infinities, which JSON has not.
export function floats(bytes) {
  const all = octets(bytes);
  return Float64Array.from(new { 4: Float32Array, 8: Float64Array }[all[0]](all.slice(1).buffer));
}

// The texts of a `Texts` trait: each stands behind the character that the whole begins with.
export const parted = (all) => all.split(all[0]).slice(1);

// What a state's check is often made of.
export const within = (value, from, to) => typeof value === "number" && value >= from && value <= to;
export const whole = (value, from, to) => Number.isInteger(value) && within(value, from, to);

// Numbers in [0, 1) that are the same in every browser: mulberry32.
export function dice(seed) {
  let at = seed >>> 0;
  return () => {
    at = (at + 0x6d2b79f5) >>> 0;
    let x = Math.imul(at ^ (at >>> 15), at | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
}

// A token as one can see it, no longer than there is room for.
export function visible(token, room = 12) {
  const text = token.replace(/ /g, "␣").replace(/\n/g, "⏎").replace(/\t/g, "⇥") || "(empty)";
  const letters = [...text];
  return letters.length > room ? `${letters.slice(0, room - 1).join("")}…` : text;
}

// A whole number, or one below a thousand, as it is read: 13,100.
export const grouped = (n) => (n < 1000 ? String(n) : String(n).replace(/\B(?=(\d{3})+$)/g, ","));

export function percent(p) {
  if (p === 0) return "0 %";
  if (p < 0.001) return "< 0.1 %";
  if (p > 0.999 && p < 1) return "> 99.9 %";
  return `${(100 * p).toFixed(p < 0.0995 ? 1 : 0)} %`;
}

// A native range input. `show(value, text)` follows the state; the input itself never is the state.
export function slider(label, range, onvalue) {
  const said = h("span", { "aria-hidden": "true" }, ""); // a screen reader hears it as the input's value text
  const input = h("input", { type: "range", "aria-label": label, ...range, oninput: () => onvalue(input.valueAsNumber) });
  const show = (value, text) => {
    put(input, "value", String(value));
    if (put(said.firstChild, "data", text)) input.setAttribute("aria-valuetext", text);
  };
  return { node: h("label", {}, h("span", {}, label), said, input), show };
}

// A native choice of one among a few. `choices` are [value, text].
export function select(label, choices, onvalue) {
  const input = h("select", { "aria-label": label, onchange: () => onvalue(choices[input.selectedIndex][0]) },
    choices.map(([, text]) => h("option", {}, text)));
  const show = (value) => put(input, "selectedIndex", choices.findIndex(([each]) => each === value));
  return { node: h("label", { class: "nt-field" }, h("span", {}, label), input), show };
}

// A native field for a number; what is no number counts as 0.
export function numberField(label, attrs, onvalue) {
  const input = h("input", { type: "number", ...attrs, onchange: () => onvalue(input.valueAsNumber || 0) });
  return { node: h("label", { class: "nt-field" }, h("span", {}, label), input), show: (value) => put(input, "value", String(value)) };
}

// A native checkbox.
export function check(label, onvalue) {
  const input = h("input", { type: "checkbox", onchange: () => onvalue(input.checked) });
  return { node: h("label", { class: "nt-check" }, input, h("span", {}, label)), show: (value) => put(input, "checked", value) };
}

// What `make` made the last time, as long as `key`, numbers and texts that it depends on, is the same.
export function remember(make) {
  let last, made;
  return (key, ...given) => {
    const now = key.join();
    if (now !== last) [last, made] = [now, make(...given)];
    return made;
  };
}

// Bring figures in large type up to date, each with what it is: [[value, name], ...].
export function facts(place, pairs) {
  while (place.childElementCount > pairs.length) place.lastChild.remove();
  pairs.forEach((texts, i) => {
    const { children } = place.children[i] ?? place.appendChild(h("div", {}, h("b", {}, ""), h("span", { class: "soft" }, "")));
    texts.forEach((text, n) => put(children[n].firstChild, "data", text));
  });
}

export function button(text, onclick) {
  return h("button", { type: "button", onclick }, text);
}

export function table(head, rows) {
  const cells = ([first, ...rest]) => [h("th", { scope: "row" }, first), ...rest.map((cell) => h("td", {}, cell))];
  return h("table", {}, h("thead", {}, h("tr", {}, head.map((cell) => h("th", { scope: "col" }, cell)))),
    h("tbody", {}, rows.map((row) => h("tr", {}, cells(row)))));
}

// The question that comes before the first reveal. `choice` is the text of the answer, "" before, "skip" if passed over.
export function ask({ question, choices, right, why }, onchoice) {
  const told = h("p", { "aria-live": "polite" });
  const buttons = choices.map((text) => h("button", { type: "button", "aria-pressed": "false", onclick: () => onchoice(text) }, text));
  const skip = button("Skip, let me play", () => onchoice("skip"));
  let shown;
  const show = (choice) => {
    if (choice === shown) return;
    shown = choice;
    for (const each of buttons) each.setAttribute("aria-pressed", String(each.textContent === choice));
    skip.hidden = choice !== "";
    const verdict = choice === right ? `Right, ${right}. ` : `You said ${choice}; it is ${right}. `;
    const said = !choice || choice === "skip" ? "" : verdict + why;
    told.textContent = said;
  };
  const row = h("div", { class: "nt-row", role: "group", "aria-label": "Your prediction" }, buttons, skip);
  return { node: h("div", { class: "ask" }, h("p", {}, question), row, told), show };
}

// Keep controls shut until the question is answered or passed over. `show(prediction)` says whether they are open.
export function gate(question, ...sets) {
  const node = h("p", { class: "soft" }, "The controls wait for your prediction.");
  const show = (prediction) => {
    question?.show(prediction);
    const open = !question || prediction !== "";
    put(node, "hidden", open);
    for (const set of sets) put(set, "disabled", !open);
    return open;
  };
  return { node, show };
}

// What hosts say about light and dark, else what the system says.
function isDark() {
  const { jpThemeLight, vscodeThemeKind } = document.body.dataset;
  if (jpThemeLight) return jpThemeLight === "false";
  if (vscodeThemeKind) return /dark|high-contrast$/.test(vscodeThemeKind);
  const said = document.documentElement.getAttribute("theme") ?? document.documentElement.dataset.theme; // Colab; sites
  if (said === "dark" || said === "light") return said === "dark";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

// Pictures as one file, one below the other: colours resolved, background included.
function standalone(pictures) {
  const sizes = pictures.map((svg) => svg.viewBox.baseVal);
  const width = Math.max(...sizes.map((size) => size.width));
  const height = sizes.reduce((sum, size) => sum + size.height, 0);
  const sheet = make("svg", { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}` },
    make("rect", { width, height, fill: getComputedStyle(pictures[0].closest(".nt")).backgroundColor }));
  pictures.reduce((y, svg, i) => {
    const copy = svg.cloneNode(true);
    const [from, to] = [svg, copy].map((root) => [root, ...root.querySelectorAll("*")]);
    from.forEach((node, n) => {
      const style = getComputedStyle(node);
      for (const name of ["fill", "stroke", "font-family", "font-size", "font-weight", "filter"]) to[n].setAttribute(name, style.getPropertyValue(name));
      to[n].removeAttribute("style");
    });
    sheet.append(fill(copy, { y, width: sizes[i].width, height: sizes[i].height }, []));
    return y + sizes[i].height;
  }, 0);
  return new XMLSerializer().serializeToString(sheet);
}

function save(name, blob) {
  const link = h("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

async function png(text) {
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = h("canvas", { width: 2 * image.width, height: 2 * image.height });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function csv(rows) {
  const cell = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((row) => row.map((each) => cell(String(each))).join(",")).join("\r\n");
}

// The numbers behind the pictures, folded, and buttons that save both. `show(head, rows, words)`: `rows()` are unrounded, as
// the CSV has them; `words(row)` is what a person reads. Neither is asked for before somebody looks.
export function numbers(name, pictures) {
  let shown;
  const place = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table of numbers" });
  const write = () => node.open && place.replaceChildren(table(shown.head, shown.rows().slice(0, 200).map(shown.words)));
  const node = h("details", { ontoggle: write }, h("summary", {}, "Numbers, and files to save"), place,
    h("div", { class: "nt-row", role: "group", "aria-label": "Save" },
      button("SVG", () => save(`${name}.svg`, new Blob([standalone(pictures)], { type: "image/svg+xml" }))),
      button("PNG", async () => save(`${name}.png`, await png(standalone(pictures)))),
      button("CSV", () => save(`${name}.csv`, new Blob([csv([shown.head, ...shown.rows()])], { type: "text/csv" })))));
  return { node, show: (head, rows, words) => { shown = { head, rows, words }; write(); } };
}

// Step, and Play or Pause, for what evolves. `step()` goes on by one and says whether there is more.
export function player(step, pace = 600) {
  let clock = 0;
  const stop = () => { clock = clearInterval(clock) ?? 0; play.textContent = "Play"; };
  const tick = () => { if (!play.isConnected || play.matches(":disabled") || !step()) stop(); };
  const play = button("Play", () => {
    if (clock) return stop();
    play.textContent = "Pause";
    clock = setInterval(tick, pace);
  });
  return { node: h("div", { class: "nt-row" }, button("Step", () => { stop(); step(); }), play), stop };
}

// What a widget says in words instead of drawing it, such as that a text is empty.
export class Sorry extends Error {}

// Make a widget. `state` holds, for each trait that a reader changes, what a value must fulfil: `(value, get) => true`, or
// false, or a sentence that says what is wrong with it.
// `data` names what only Python changes, after which all is built anew; `watch` what is only painted again.
// `build(ui)` fills `ui.root` and returns `paint(width)`. `ui.state()` is the last good state, `ui.set({...})` changes it
// everywhere, `ui.reset()` returns to what Python made. A value that does not fit, or an error, becomes a sentence in the widget.
export function widget({ title, state, data = [], watch = [], build }) {
  const fits = { ...state, prediction: (value) => typeof value === "string" };
  return {
    render({ model, el }) {
      const get = (name) => model.get(name);
      const good = {};
      let told = get("problem") ?? "";
      let paint = null;
      let body = h("div");
      const alarm = h("p", { class: "nt-problem", role: "alert" });
      // Without this mark on what has the focus, JupyterLab takes its arrows and Enter for commands to the notebook.
      const mark = (event) => event.target.setAttribute("data-lm-suppress-shortcuts", "");
      const root = h("div", { class: "nt", role: "group", "aria-label": title, onfocusin: mark }, h("h2", {}, title), alarm, body);

      const take = () => {
        for (const [name, fit] of Object.entries(fits)) {
          const value = get(name);
          const fitting = fit(value, get);
          if (fitting === true) { good[name] = value; continue; }
          const before = [good[name], get("made")?.[name]].find((each) => each !== undefined && fit(each, get) === true);
          told = fitting || `A setting was not taken: ${name} cannot be ${String(JSON.stringify(value)).slice(0, 60)} here.`;
          if (before === undefined) continue;
          good[name] = before;
          model.set(name, before);
        }
      };
      const set = (changes) => {
        told = "";
        for (const [name, value] of Object.entries(changes)) model.set(name, value);
        try { model.save_changes(); } catch { /* a host without a kernel: the page's own state is enough */ }
        repaint();
      };
      const reset = () => set({ ...get("made"), prediction: good.prediction });
      // What was open stays open, and the control that has the focus keeps it.
      const make = (width) => {
        const fresh = h("div");
        const painter = build({ root: fresh, get, state: () => ({ ...good }), set, reset });
        const all = (kind) => [body, fresh].map((node) => [...node.querySelectorAll(kind)]);
        const [folds, newFolds] = all("details");
        folds.forEach((fold, i) => newFolds[i]?.toggleAttribute("open", fold.open));
        painter(width);
        const [controls, newControls] = all("button,input,select,summary");
        const place = controls.indexOf(root.getRootNode().activeElement);
        body.replaceWith(fresh);
        body = fresh;
        newControls[place]?.focus();
        return painter;
      };
      let waiting = false;
      // Asked for when the room changes only: asking after a change makes the browser lay out the page at once.
      let width = 608;
      const measure = () => { width = Math.max(280, (root.clientWidth || 640) - 32); };
      const show = () => {
        waiting = false;
        let fault = "";
        try {
          take();
          if (paint) paint(width);
          else paint = make(width);
        } catch (error) {
          fault = error instanceof Sorry ? error.message : `This could not be drawn (${error.message}).`;
        }
        const said = `${told} ${fault}`.trim();
        put(alarm, "textContent", said);
        put(alarm, "hidden", !said);
      };
      const repaint = () => {
        if (!waiting) queueMicrotask(show);
        waiting = true;
      };
      const renew = () => { paint = null; repaint(); };
      const hear = () => { told = get("problem"); repaint(); };
      const dress = () => { root.dataset.theme = isDark() ? "dark" : "light"; };
      const heard = [...Object.keys(fits), ...watch].map((name) => [name, repaint]);
      heard.push(...data.map((name) => [name, renew]), ["problem", hear]);

      dress();
      // Hosts may put a picture without scripts beside the widget: it goes where the widget lives.
      const still = `[data-nt-still="${CSS.escape(get("key") ?? "")}"]{display:none}`;
      el.append(h("style", {}, STYLE + still), root);
      for (const [name, callback] of heard) model.on(`change:${name}`, callback);
      const room = new ResizeObserver(() => { measure(); repaint(); });
      room.observe(root);
      const host = new MutationObserver(dress);
      for (const node of [document.body, document.documentElement]) host.observe(node, { attributes: true });
      const system = matchMedia("(prefers-color-scheme: dark)");
      system.addEventListener("change", dress);
      measure();
      show();
      return () => {
        for (const [name, callback] of heard) try { model.off(`change:${name}`, callback); } catch { /* nothing to undo there */ }
        room.disconnect();
        host.disconnect();
        system.removeEventListener("change", dress);
      };
    },
  };
}
