"""How long a visitor of `nexttoken demo` waits for the first widget, and what a kernel costs.

    python benchmarks/demo.py [--json] [--visits 5] [--demo temperature]

Measures twice in one run: with a kernel that waits (the default) and with one that starts at each visit. Prints the
seconds from the request to the widget's first picture, for the first visit and the median of the later ones, in one
headless Chromium whose cache the first visit fills; and the resident memory of a kernel.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.browser.demoserver import Demos, serving_demos
from tests.conftest import CHROMIUM_FLAGS

#: Seconds between two visits: a reader's, not a machine's. A kernel that waits is made in this time.
PAUSE = 8.0


def visit(browser: Browser, address: str) -> float:
    """Return the seconds from asking for a page to its widget's first picture, then leave the page."""
    page = browser.contexts[0].new_page()
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.locator("div.nt svg[role=img]").first.wait_for(timeout=120_000)
    took = time.perf_counter() - start
    page.goto("about:blank")
    page.close()
    return took


def memory(demos: Demos) -> tuple[float, float]:
    """Return the resident and the unshared megabytes of a kernel."""
    each = [psutil.Process(kernel).memory_full_info() for kernel in demos.kernels()]
    return statistics.median(one.rss for one in each) / 2**20, statistics.median(one.uss for one in each) / 2**20


def measure(name: str, visits: int, ready: int) -> dict[str, Any]:
    """Measure visits to one demo with so many kernels that wait."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=shutil.which("chromium"), args=list(CHROMIUM_FLAGS))
        chromium.new_context()
        with serving_demos(Path(folder), "--ready", str(ready)) as demos:
            time.sleep(PAUSE * 3 if ready else 0)
            took = []
            for _ in range(visits):
                took.append(visit(chromium, demos.address + name))
                time.sleep(PAUSE if ready else 1)
            page = chromium.contexts[0].new_page()
            page.goto(demos.address + name)
            page.locator("div.nt").wait_for(timeout=120_000)
            resident, unshared = memory(demos)
        chromium.close()
    later = statistics.median(took[1:])
    return {"ready": ready, "visits_s": took, "later_s": later, "resident_mb": resident, "unshared_mb": unshared}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--visits", type=int, default=5, help="2 or more")
    parser.add_argument("--demo", default="temperature")
    options = parser.parse_args()
    rows = [measure(options.demo, options.visits, ready) for ready in (1, 0)]
    if options.json:
        print(json.dumps(rows, indent=1))
        return
    for row in rows:
        first, second, *_ = row["visits_s"]
        print(f"kernels that wait: {row['ready']}")
        print(f"  first widget at the first visit  {first:.2f} s")
        print(f"  second visit                     {second:.2f} s")
        print(f"  median from the second on        {row['later_s']:.2f} s")
        print(f"  a kernel                         {row['resident_mb']:.0f} MB, {row['unshared_mb']:.0f} MB its own")


if __name__ == "__main__":
    main()
