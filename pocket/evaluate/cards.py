"""Keep what was measured: one file with every measure, and the tables of the models' cards and of the README."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from pocket.catalogue import FOLDER, MODELS
from pocket.evaluate.measure import Measure

README = FOLDER.parents[1] / "README.md"
RECORD = FOLDER / "measures.json"
BEGIN, END = "<!-- measured: written by python -m pocket.evaluate --write -->", "<!-- end -->"


def merged(old: Iterable[Measure], new: Sequence[Measure]) -> list[Measure]:
    """Return the old measures without those of the models that were measured anew, and then the new ones."""
    anew = {measure.model for measure in new}
    return sorted(
        [*(measure for measure in old if measure.model not in anew), *new],
        key=lambda measure: list(MODELS).index(measure.model),
    )


def recorded(path: Path = RECORD) -> list[Measure]:
    """Return the measures in the record; none if there is no record."""
    if not path.is_file():
        return []
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [Measure(**{**row, "interval": tuple(row["interval"])}) for row in rows]


def table(measures: Iterable[Measure]) -> str:
    """Return measures as a Markdown table."""
    rows = ["| | measured | 95% interval | examples | target |", "|---|---|---|---|---|"]
    for measure in measures:
        value, low, high = measure.shown()
        rows.append(f"| {measure.ability} | {value} | {low} to {high} | {measure.n} | {measure.target} |")
    return "\n".join(rows)


def overview(measures: Sequence[Measure]) -> str:
    """Return a Markdown table of all models with what was measured first of each."""
    rows = ["| model | what it is | measured on what it never saw, with the 95% interval |", "|---|---|---|"]
    for model in MODELS.values():
        for measure in [measure for measure in measures if measure.model == model.name][:1]:
            value, low, high = measure.shown()
            card = f"[{model.name}](pocket/models/{model.name}/README.md)"
            rows.append(f"| {card} | {model.summary} | {measure.ability}: {value} ({low} to {high}) |")
    return "\n".join(rows)


def with_table(page: str, made: str) -> str:
    """Return a page with the table between its two marks made anew.

    Raises
    ------
    ValueError
        If the page has no place for one.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no lines {BEGIN!r} and {END!r} around its table")
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{after}"


def pages(measures: Sequence[Measure]) -> dict[Path, str]:
    """Return each page that shows measures, as it should be: the models' cards, and in a checkout the README."""
    made = {
        FOLDER / model / "README.md": table(measure for measure in measures if measure.model == model)
        for model in dict.fromkeys(measure.model for measure in measures)
    }
    if README.is_file():
        made[README] = overview(measures)
    return {page: with_table(page.read_text(encoding="utf-8"), text) for page, text in made.items()}


def write(measures: Sequence[Measure]) -> None:
    """Put measures into the record and into the pages that show them."""
    everything = merged(recorded(), measures)
    text = ",\n".join(json.dumps(measure.as_dict()) for measure in everything)
    RECORD.write_text(f"[\n{text}\n]\n", encoding="utf-8")
    for page, content in pages(everything).items():
        page.write_text(content, encoding="utf-8")
