"""What a submission consists of, seen from the release: cells, each with the released one that it says it is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from nbformat import NotebookNode

from autograder.grading.python_text import MAX_READ, definition_of, names, runs


@dataclass(frozen=True)
class Piece:
    """A submitted cell, or a part of one that once was a cell of its own."""

    cell: NotebookNode
    #: The grade_id of the released cell that it says it is, whether that is so or not.
    claim: str | None
    #: It is run, or is to be: a solution's cell may have become text.
    is_code: bool
    #: Its text as far as texts are compared.
    text: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", bare(self.cell.source))


@dataclass(frozen=True)
class Release:
    """A released notebook's marked cells by grade_id, in order, and what finds them in a submission."""

    cells: dict[str, NotebookNode]
    locked: dict[str, str]
    #: The text of each exercise as it was given.
    stubs: dict[str, str]
    #: The name that each exercise's code is to define.
    names: dict[str, str]
    ids: dict[str, str]
    #: The texts of locked cells and of exercises as they were given, with the grade_id of the first that has it.
    given: dict[str, str]
    given_lines: re.Pattern[str]
    #: The lines of exercises as they were given and of checks: what does no good among a student's code.
    harmful_lines: re.Pattern[str]
    definition: re.Pattern[str]

    def piece(self, cell: NotebookNode) -> Piece:
        """See a submitted cell as what it claims to be: by nbgrader's mark, else by its id."""
        claim = self.ids.get(cell.metadata.get("nbgrader", {}).get("grade_id")) or self.ids.get(cell.id)
        return Piece(cell, claim, cell.cell_type == "code" or claim in self.names)

    def defines(self, piece: Piece) -> set[str]:
        """Return the exercises, by grade_id, whose names a piece defines."""
        found = {first or second for first, second in self.definition.findall(piece.text)}
        if found and len(piece.text) <= MAX_READ and runs(piece.cell.source):
            found &= names(piece.cell.source).binds  # not what a text in quotes says
        return {grade_id for grade_id, name in self.names.items() if name in found}

    def is_stub(self, piece: Piece) -> bool:
        """Say whether a piece is an exercise as it was given."""
        return piece.text in self.stubs.values()

    def is_part_of(self, piece: Piece, grade_id: str) -> bool:
        """Say whether a piece has whole lines of a locked cell and nothing else."""
        return f"\n{piece.text}\n" in f"\n{self.locked[grade_id]}\n"


def release_of(notebook: NotebookNode) -> Release:
    """Look at a released notebook as what submissions are compared with."""
    cells = {grade_id: cell for cell in notebook.cells if (grade_id := grade_id_of(cell))}
    locked = {name: bare(cell.source) for name, cell in cells.items() if cell.metadata["nbgrader"].get("locked")}
    stubs = {name: bare(cell.source) for name, cell in cells.items() if name not in locked}
    names = {name: name.removesuffix("-code") for name in stubs if cells[name].cell_type == "code"}
    ids = {cell.id: name for name, cell in cells.items() if "id" in cell} | {name: name for name in cells}
    checks = [text for name, text in locked.items() if cells[name].metadata["nbgrader"].get("grade")]
    given = {text: name for name, text in reversed((locked | stubs).items()) if text}
    return Release(
        cells,
        locked,
        stubs,
        names,
        ids,
        given,
        _whole_lines(given),
        _whole_lines([*stubs.values(), *checks]),
        definition_of(names.values()),
    )


def grade_id_of(cell: Any) -> str:
    """Return a cell's grade_id; empty if it has none."""
    mark = cell.metadata.get("nbgrader")
    return str(mark.get("grade_id", "")) if isinstance(mark, dict) else ""


def _whole_lines(texts: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern that finds the texts where they fill whole lines, the longest that fits."""
    patterns = (r"[ \t]*\n".join(map(re.escape, text.split("\n"))) for text in texts if text)
    either = "|".join(sorted(patterns, key=len, reverse=True)) or "(?!)"
    return re.compile(rf"^(?:{either})[ \t]*$", re.MULTILINE)


def bare(text: str) -> str:
    """Return a text without the blanks that editors add and take off."""
    return "\n".join(line.rstrip() for line in text.strip().split("\n"))
