"""Keep what was measured: one file with every measure, and the table in each model's card."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from pocket.catalogue import FOLDER
from pocket.evaluate.measure import Measure

RECORD = FOLDER / "measures.json"
BEGIN, END = "<!-- measured: written by python -m pocket.evaluate --write -->", "<!-- end -->"


def merged(old: Iterable[Measure], new: Sequence[Measure]) -> list[Measure]:
    """Return the old measures without those of the models that were measured anew, and then the new ones."""
    anew = {measure.model for measure in new}
    return sorted([*(measure for measure in old if measure.model not in anew), *new], key=lambda measure: measure.model)


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


def with_table(card: str, measures: Iterable[Measure]) -> str:
    """Return a card with its table made anew.

    Raises
    ------
    ValueError
        If the card has no place for one.
    """
    before, begin, rest = card.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the card has no lines {BEGIN!r} and {END!r} around its table")
    return f"{before}{BEGIN}\n\n{table(measures)}\n\n{END}{after}"


def write(measures: Sequence[Measure]) -> None:
    """Put measures into the record and into the cards of their models."""
    everything = merged(recorded(), measures)
    text = ",\n".join(json.dumps(measure.as_dict()) for measure in everything)
    RECORD.write_text(f"[\n{text}\n]\n", encoding="utf-8")
    for model in {measure.model for measure in measures}:
        card = FOLDER / model / "README.md"
        ours = [measure for measure in everything if measure.model == model]
        card.write_text(with_table(card.read_text(encoding="utf-8"), ours), encoding="utf-8")
