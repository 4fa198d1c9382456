"""How quickly the widgets answer, beside a Plotly FigureWidget and ipywidgets' `interact` with matplotlib.

    python benchmarks/widgets.py [--json] [--quick]

1. A step: one key press on each slider of each widget, in headless Chromium. Counted is the work of the page's thread
   for handler, style and layout, at full speed and with the processor slowed four times.
2. From input to paint: a key press on a temperature slider in JupyterLab, until a frame with the changed picture was
   painted. The three do the same: ten bars of a softmax. The peers ask the kernel each time, we do not. Plotly is no
   package of the course: `python -m pip install plotly` first, or it is left out and said so.
3. What importing the widgets takes, what a module weighs, and what ten widgets, of all kinds alike, add to a notebook.

Sources: ipywidgets 8, https://ipywidgets.readthedocs.io; Plotly 6, https://plotly.com/python/figurewidget.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)  # not this folder: this file has the name of the package

import widgets  # noqa: E402
from tests.browser.courseserver import copy_course, serving, watch  # noqa: E402
from tests.browser.labpage import LabPage  # noqa: E402
from tests.conftest import CHROMIUM_FLAGS  # noqa: E402

STEPS = 40
#: Tokens that a live Attention shows without lag.
LONG_TEXT = 128
ROUNDS = 5
#: p95 of a step in milliseconds, by how many times the processor is slowed.
TARGETS = {1: 8.0, 4: 16.0}
IMPORT_TARGET, MODULE_TARGET, NOTEBOOK_TARGET = 0.3, 30 * 1024, 600 * 1024

# Moves a slider by one step of a path to and fro, and forces style and layout, of the whole page as always.
_STEP = """window.prepareSteps = (place) => {
  const slider = document.querySelectorAll("input[type=range]")[place];
  const widget = slider.closest(".nt");
  const [min, max, step] = [slider.min, slider.max, slider.step || 1].map(Number);
  const room = Math.max(1, Math.floor((max - min) / step));
  window.takeStep = (n) => {
    const at = n % (2 * room);
    slider.value = min + step * (at > room ? 2 * room - at : at);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    return Promise.resolve().then(() => { widget.getBoundingClientRect(); });
  };
}"""
#: What Chromium counts of a step, in seconds of the page's own thread.
_WORK = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")

# Waits for a frame with a changed picture after each key press.
_WATCH = """(selector) => {
  const area = document.querySelector(selector);
  window.painted = [];
  let start = 0;
  addEventListener("keydown", (event) => { start = event.timeStamp; }, { capture: true });
  new MutationObserver(() => {
    if (!start) return;
    const since = start;
    start = 0;
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => window.painted.push(performance.now() - since);
      port2.postMessage(0);
    });
  }).observe(area, { childList: true, subtree: true, attributes: true, characterData: true });
}"""

_SOFTMAX = """
import numpy as np
z = np.linspace(3, -3, 10)
def softmax(T):
    e = np.exp((z - z.max()) / T)
    return e / e.sum()
names = [f"token {i}" for i in range(10)]
"""
#: Each peer: its cell, what to focus, and the picture that changes.
PEERS = {
    "ours": (
        "from widgets import Temperature\nTemperature(z, names).load({'version': 1, 'prediction': 'skip'})",
        ".nt input[type=range]",
        ".nt svg",
    ),
    "Plotly FigureWidget": (
        (
            "import plotly.graph_objects as go\nimport ipywidgets\n"
            "figure = go.FigureWidget(go.Bar(x=names, y=softmax(1.0)))\n"
            "slider = ipywidgets.FloatSlider(1.0, min=0.05, max=3, step=0.05)\n"
            "def follow(change):\n    figure.data[0].y = softmax(change['new'])\n"
            "slider.observe(follow, 'value')\nipywidgets.VBox([slider, figure])"
        ),
        ".noUi-handle",
        ".js-plotly-plot",
    ),
    "interact with matplotlib": (
        (
            "%matplotlib inline\nimport matplotlib.pyplot as plt\nfrom ipywidgets import FloatSlider, interact\n"
            "def draw(T):\n    plt.figure(figsize=(6, 3))\n    plt.bar(names, softmax(T))\n    plt.show()\n"
            "interact(draw, T=FloatSlider(1.0, min=0.05, max=3, step=0.05));"
        ),
        ".noUi-handle",
        ".widget-interact .jupyter-widget-Output, .widget-interact .widget-output",
    ),
}


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """Yield a headless Chromium."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        yield browser
        browser.close()


def subjects() -> dict[str, Any]:
    """Return every widget's example, and Attention over as many tokens as a live one must bear."""
    import pocket
    from pocket.world import World

    lm = pocket.load("pocket-lm")
    ids = lm.tokenizer(" ".join(passage.text for passage in World("benchmark").passages[:12]))["input_ids"]
    long = widgets.Attention(lm.tokenizer.decode(ids[:LONG_TEXT]))
    tokens = len(long.texts[-1]["tokens"])
    return {name: getattr(widgets, name).example() for name in widgets.__all__} | {f"Attention, {tokens} tokens": long}


def steps(browser: Any, widget: Any, file: Path, count: int) -> dict[int, list[list[float]]]:
    """Measure `count` steps of each slider in milliseconds: a row a slider, by slow-down."""
    widget.to_html(file)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(file.as_uri())
    page.get_by_role("button", name="Skip").click()
    page.evaluate("for (const each of document.querySelectorAll('.nt fieldset details')) each.open = true")
    tools = page.context.new_cdp_session(page)
    tools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def work() -> float:
        metrics = {one["name"]: one["value"] for one in tools.send("Performance.getMetrics")["metrics"]}
        return 1000 * sum(metrics[name] for name in _WORK)

    def evaluate(expression: str) -> None:
        tools.send("Runtime.evaluate", {"expression": expression, "awaitPromise": True})

    def step(n: int) -> float:
        time.sleep(0.03)  # a key that is held down comes about so often
        before = work()
        evaluate(f"takeStep({n})")
        return work() - before

    evaluate(_STEP)
    sliders = page.locator("input[type=range]").all()
    moving = [place for place, each in enumerate(sliders) if each.is_visible() and each.is_enabled()]

    measured: dict[int, list[list[float]]] = {}
    for slowed in TARGETS:
        tools.send("Emulation.setCPUThrottlingRate", {"rate": slowed})
        measured[slowed] = []
        for slider in moving:
            evaluate(f"prepareSteps({slider})")
            # The first steps warm the code up.
            measured[slowed].append([step(n) for n in range(count + 20)][20:])
    page.close()
    return measured


def steps_in_rounds(browser: Any, folder: Path, count: int) -> dict[str, dict[int, dict[str, float]]]:
    """Measure the widgets in turns; returns p50 and p95 over the steps of the slowest slider, by slow-down.

    Every round takes the same steps, and a step counts as the median of its rounds: on a shared machine the same step
    takes now once, now twice the time. "every p95" is over all steps of all rounds, with that noise.
    """
    shown = subjects()
    rounds = [
        {name: steps(browser, widget, folder / "step.html", count) for name, widget in shown.items()}
        for _ in range(ROUNDS)
    ]
    measured: dict[str, dict[int, dict[str, float]]] = {}
    for name in shown:
        for slowed in TARGETS:
            rows = []
            for repeated in zip(*(one[name][slowed] for one in rounds), strict=True):
                each = [statistics.median(times) for times in zip(*repeated, strict=True)]
                every = [took for times in repeated for took in times]
                rows.append({"p50": statistics.median(each), "p95": _p95(each), "every p95": _p95(every)})
            measured.setdefault(name, {})[slowed] = max(rows, key=lambda row: row["p95"])
    return measured


def input_to_paint(browser: Any, folder: Path, count: int) -> dict[str, dict[str, float] | None]:
    """Measure a key press in JupyterLab until its frame; None for a peer that is not installed."""
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    course = copy_course(folder)
    measured: dict[str, dict[str, float] | None] = {}
    with serving(course) as address:
        for number, (name, (source, handle, picture)) in enumerate(PEERS.items()):
            if name.startswith("Plotly") and importlib.util.find_spec("plotly") is None:
                measured[name] = None
                continue
            cells = [new_code_cell(_SOFTMAX), new_code_cell(source)]  # type: ignore[no-untyped-call]
            notebook = new_notebook(cells=cells)  # type: ignore[no-untyped-call]
            notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
            nbformat.write(notebook, course.root / f"peer{number}.ipynb")
            watched = watch(browser)
            page = watched.page
            page.goto(address(f"lab/workspaces/peer{number}/tree/peer{number}.ipynb"))
            LabPage(page).wait_until_ready()
            page.locator(".jp-Cell").first.click()
            page.keyboard.press("Shift+Enter")
            page.keyboard.press("Shift+Enter")
            page.locator(handle).first.wait_for(timeout=60_000)
            page.locator(picture).first.wait_for()
            time.sleep(1)  # what is still loading
            page.evaluate(_WATCH, picture)
            page.locator(handle).first.focus()
            for done in range(count):
                page.keyboard.press(("ArrowRight", "ArrowLeft")[done // 10 % 2])
                page.wait_for_function(f"window.painted.length > {done}", timeout=10_000)
                time.sleep(0.05)
            times = page.evaluate("window.painted")
            measured[name] = {"p50": statistics.median(times), "p95": _p95(times)}
            page.context.close()
    return measured


def import_seconds() -> float:
    """Return what `import widgets` adds to the start of Python; the median of five."""

    def run(code: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
        return time.perf_counter() - start

    run("import widgets")
    return statistics.median(run("import widgets; widgets.Temperature") - run("pass") for _ in range(5))


def notebook_bytes(folder: Path) -> int:
    """Return what ten widgets add to a saved notebook, their state and pictures included; measured with two of each."""
    import nbformat
    from nbclient import NotebookClient
    from nbformat.v4 import new_code_cell, new_notebook

    def size(lines: Sequence[str]) -> int:
        notebook = new_notebook(cells=[new_code_cell(line) for line in lines])  # type: ignore[no-untyped-call]
        NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(ROOT)}}).execute()
        path = folder / "ten.ipynb"
        nbformat.write(notebook, path)
        return path.stat().st_size

    shown = [f"widgets.{name}.example()" for name in widgets.__all__ * 2]
    return (size(["import widgets", *shown]) - size(["pass"])) * 10 // len(shown)


def _p95(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def measure(*, quick: bool) -> dict[str, Any]:
    """Measure everything."""
    from widgets.module import compose

    with tempfile.TemporaryDirectory(prefix="benchmark-") as place, chromium() as browser:
        folder = Path(place)
        return {
            "steps": steps_in_rounds(browser, folder, 20 if quick else STEPS),
            "input to paint": input_to_paint(browser, folder / "lab", 20 if quick else STEPS),
            "import": import_seconds(),
            "modules": {name: len(compose(getattr(widgets, name).script).encode()) for name in widgets.__all__},
            "ten widgets": notebook_bytes(folder),
        }


def report(measured: dict[str, Any]) -> Iterator[str]:
    """Write the measurements for people."""
    yield "A step: handler, style and layout of the slowest slider, p95 in ms"
    yield f"  over the steps, each the median of its {ROUNDS} rounds; and over all, the machine's noise included"
    for name, rows in measured["steps"].items():
        cells = (
            f"{rows[slowed]['p95']:6.1f}, {rows[slowed]['every p95']:6.1f} (target {most:g})"
            for slowed, most in TARGETS.items()
        )
        yield f"  {name:<22} {'   at a quarter of the speed '.join(cells)}"
    yield "From a key press to the painted frame in JupyterLab, ms"
    ours = measured["input to paint"]["ours"]
    for name, row in measured["input to paint"].items():
        if row is None:
            yield f"  {name:<26} not installed: python -m pip install plotly"
            continue
        yield f"  {name:<26} p50 {row['p50']:6.1f}   p95 {row['p95']:6.1f}   {row['p50'] / ours['p50']:5.1f}x ours"
    yield f"import widgets: {measured['import']:.2f} s (target {IMPORT_TARGET})"
    for name, size in measured["modules"].items():
        yield f"  module of {name:<22} {size / 1024:5.1f} KB (target {MODULE_TARGET // 1024})"
    yield f"ten widgets in a notebook: {measured['ten widgets'] / 1024:.0f} KB (target {NOTEBOOK_TARGET // 1024})"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--quick", action="store_true", help="fewer steps: rough figures")
    arguments = parser.parse_args()
    measured = measure(quick=arguments.quick)
    print(json.dumps(measured, indent=1) if arguments.json else "\n".join(report(measured)))


if __name__ == "__main__":
    main()
