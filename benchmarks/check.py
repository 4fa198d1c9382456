"""How long a student waits for `check`, beside nbgrader's own way to check a notebook, in one run.

    python benchmarks/check.py [--json] [--runs 20]

Prints medians. `nbgrader validate` runs the whole solved notebook in a fresh kernel, as its Validate button does;
`check` runs one exercise's public probes in the kernel that is already there.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "solutions" / "sample_class" / "submitted" / "01-all-right" / "next_token" / "next_token.ipynb"


def seconds(action: Callable[[], object], runs: int) -> float:
    """Return the median time of an action over some runs."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def import_seconds(statement: str, runs: int) -> float:
    """Return the median time that a fresh Python takes for an import, less that of an empty one."""

    def start(code: str) -> None:
        subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)

    return seconds(lambda: start(statement), runs) - seconds(lambda: start("pass"), runs)


def quiet(action: Callable[[], object]) -> Callable[[], None]:
    """Return the action with its output thrown away."""

    def run() -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            action()

    return run


def measure(runs: int) -> dict[str, float]:
    """Measure everything, in seconds."""
    from autograder import check
    from solutions import next_token
    from solutions.mistakes.next_token import variants

    figures = {"import: from autograder import check": import_seconds("from autograder import check", 5)}
    for name, mistakes in variants.mistakes.items():
        right = getattr(next_token, name)
        wrong = next(iter(mistakes.values()))[1]
        wrong = type(name, (wrong,), {}) if isinstance(wrong, type) else wrong
        wrong.__name__ = name
        quiet(lambda right=right: check(right))()  # the first call loads probes and torch
        figures[f"check, right: {name}"] = seconds(quiet(lambda right=right: check(right)), runs)
        figures[f"check, wrong: {name}"] = seconds(quiet(lambda wrong=wrong: check(wrong)), runs)
    figures["nbgrader validate, the whole notebook"] = seconds(validate, 3)
    return figures


def validate() -> None:
    """Run nbgrader's own check of a notebook."""
    command = [sys.executable, "-m", "nbgrader", "validate", SAMPLE.name]
    subprocess.run(command, check=True, cwd=SAMPLE.parent, capture_output=True)


def main() -> None:
    """Print the figures and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print a JSON object")
    parser.add_argument("--runs", type=int, default=20, help="runs per check")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["NEXTTOKEN_HOME"] = home  # not into the history of whoever measures
        figures = measure(arguments.runs)
    peer = figures["nbgrader validate, the whole notebook"]
    slowest = max(value for name, value in figures.items() if name.startswith("check"))
    figures["ratio: nbgrader validate / slowest check"] = peer / slowest
    if arguments.json:
        print(json.dumps(figures, indent=1))
        return
    for name, value in figures.items():
        print(f"{name:<48} {value:8.1f} x" if name.startswith("ratio") else f"{name:<48} {1000 * value:8.0f} ms")


if __name__ == "__main__":
    main()
