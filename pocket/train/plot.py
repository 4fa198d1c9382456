"""Draw the curve of each training run, from its log: `python -m pocket.train.plot`."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from pocket.train.loop import MODELS

BLUE, ORANGE, GREY = "#0072B2", "#E69F00", "#7F7F7F"
SHARES = {"accuracy", "answers", "overlap"}  # what goes from 0 to 1; the rest are losses


def draw(log: Path) -> Figure:
    """Return a figure of one log: losses on a logarithmic axis to the left, shares to the right, by minutes."""
    run = json.loads(log.read_text(encoding="utf-8"))
    curve = run["curve"]
    figure = Figure(figsize=(7, 3.2), layout="constrained")
    left = figure.subplots()
    right = left.twinx()
    names = dict.fromkeys(key for point in curve for key in point if key not in {"step", "seconds"})
    for name, style in zip(names, ("-", "--", ":", "-."), strict=False):
        points = [(point["step"], point[name]) for point in curve if name in point]
        axis, colour = (right, ORANGE) if name in SHARES else (left, BLUE)
        axis.plot(*zip(*points, strict=True), style, color=colour, linewidth=1.5)
        axis.annotate(name, points[-1], color=colour, xytext=(4, 0), textcoords="offset points", va="center")
    left.set_yscale("log")
    left.yaxis.set_major_formatter("{x:g}")
    left.yaxis.set_minor_formatter("{x:g}")
    left.set_xlabel(f"step of {run['steps']:,} ({run['seconds'] / 60:.0f} minutes)")
    left.set_ylabel("loss, nats", color=BLUE)
    right.set_ylim(0, 1)
    right.set_ylabel("share", color=ORANGE)
    for axis in (left, right):
        axis.spines["top"].set_visible(False)
    left.margins(x=0.12)
    left.set_title(f"{log.parent.name}, seed {run['seed']}", loc="left", fontsize=11)
    return figure


def main() -> None:
    """Draw every log beside itself, the same bytes each time."""
    mpl.rcParams["svg.hashsalt"] = "nexttoken"
    for log in sorted(MODELS.glob("*/training.json")):
        draw(log).savefig(log.with_suffix(".svg"), metadata={"Date": None})


if __name__ == "__main__":
    main()
