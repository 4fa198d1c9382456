"""python -m pocket.evaluate: measure every pocket model on what it has never seen, offline, on the CPU."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping

from rich.console import Console
from rich.table import Table

import pocket
from pocket.evaluate import cards
from pocket.evaluate.measure import Measure


def of_lm(n: int) -> list[Measure]:
    """Measure pocket-lm."""
    from pocket.evaluate import lm

    model = pocket.load("pocket-lm")
    return [*lm.reading(model, n), *lm.acting(model, pocket.load("minilm"), n), *lm.prose(model, n)]


def of_draft(n: int) -> list[Measure]:
    """Measure pocket-draft against pocket-lm."""
    from pocket.evaluate import draft

    return draft.acceptance(pocket.load("pocket-lm"), pocket.load("pocket-draft"), n)


def of_clip(n: int) -> list[Measure]:
    """Measure pocket-clip."""
    from pocket.evaluate import clip

    return clip.measure(n=n)


def of_llava(n: int) -> list[Measure]:
    """Measure pocket-llava."""
    from pocket.evaluate import llava

    return llava.seeing(pocket.load("pocket-llava"), n)


FEWEST = 10

MEASURES: Mapping[str, Callable[[int], list[Measure]]] = {
    "pocket-lm": of_lm,
    "pocket-draft": of_draft,
    "pocket-clip": of_clip,
    "pocket-llava": of_llava,
}


def shown(measures: list[Measure]) -> Table:
    """Return the measures as a table."""
    table = Table("what", "measured", "95% interval", "n", "target", "")
    for measure in measures:
        value, low, high = measure.shown()
        state = "ok" if measure.ok else "MISSED"
        table.add_row(measure.name, value, f"{low} to {high}", str(measure.n), measure.target, state)
    return table


def main(arguments: list[str] | None = None) -> int:
    """Measure, show, and return 1 if a target was missed."""
    parser = argparse.ArgumentParser(prog="python -m pocket.evaluate", description=__doc__)
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"of {', '.join(MEASURES)}; all if none is named")
    parser.add_argument("--json", action="store_true", help="print a list of {name, value, interval, n, target, ok}")
    parser.add_argument("--write", action="store_true", help="keep the measures in pocket/models and the models' cards")
    parser.add_argument("-n", type=int, default=500, help="examples a measurement (default: %(default)s)")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.models if name not in MEASURES]:
        parser.error(f"there is no model {unknown[0]!r}; there are {', '.join(MEASURES)}")
    if options.n < FEWEST:
        parser.error(f"-n is {options.n}: with fewer than {FEWEST} examples there is nothing to say")
    measures: list[Measure] = []
    for name in options.models or MEASURES:
        print(f"measuring {name} ...", file=sys.stderr)  # noqa: T201
        measures += MEASURES[name](options.n)
    if options.write:
        cards.write(measures)
    if options.json:
        print(json.dumps([measure.as_dict() for measure in measures], indent=2))  # noqa: T201
    else:
        Console().print(shown(measures))
    return 0 if all(measure.ok for measure in measures) else 1


if __name__ == "__main__":
    sys.exit(main())
