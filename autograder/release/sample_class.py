"""The sample class: submissions of an invented class, one of each kind that an instructor meets.

``solutions/sample_class/roster.toml`` says, per student, which answer stands in which exercise: ``reference``,
``given`` (untouched), or the name of a file ``answers/<exercise>-<answer>.py``; ``others`` says it for the exercises
that are not named (``given`` if it is missing). And it says which of the damages below was done to the file.
"""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from autograder.courseroot import CourseRoot
from autograder.exercise import Chapter
from autograder.release.masters import BEGIN, END, instructor_notebook

Notebook = dict[str, Any]


class RosterError(Exception):
    """The roster names an answer or a damage that does not exist."""


def sample_files(course: CourseRoot, chapter: Chapter, release: bytes) -> Iterator[tuple[Path, bytes]]:
    """Yield each submission to a chapter: where it belongs and what it holds."""
    folder = course.path / "solutions" / "sample_class"
    roster = tomllib.loads((folder / "roster.toml").read_text(encoding="utf-8"))
    master = (course.path / "solutions" / f"{chapter.name}.py").read_text(encoding="utf-8")
    references = _reference_cells(master, chapter)
    for student, entry in roster.items():
        if chapter.name not in entry:
            continue
        named: dict[str, str] = dict(entry[chapter.name])
        damage, others = named.pop("damage", None), named.pop("others", "given")
        answers = {**dict.fromkeys(chapter.exercises, others), **named}
        notebook = _filled(json.loads(release), answers, references, folder / "answers")
        data = _damaged(notebook, damage, student)
        path = course.sample_class / student / chapter.name / f"{chapter.name}.ipynb"
        if data is not None:
            yield path, data
        yield path.with_name("timestamp.txt"), f"{entry['handed_in']}\n".encode()


def _reference_cells(master: str, chapter: Chapter) -> dict[str, str]:
    """Return each exercise's solution cell as a student would write it: without the markers."""
    cells = instructor_notebook(master, chapter).cells
    return {
        cell.id.removesuffix("-code"): "\n".join(
            line for line in cell.source.splitlines() if BEGIN not in line and END not in line
        )
        for cell in cells
        if cell.id.endswith("-code")
    }


def _filled(notebook: Notebook, answers: dict[str, str], references: dict[str, str], folder: Path) -> Notebook:
    cells = {cell["id"]: cell for cell in notebook["cells"]}
    for exercise, answer in answers.items():
        if answer == "given":
            continue
        if answer == "reference":
            source = references[exercise]
        else:
            path = folder / f"{exercise}-{answer}.py"
            if not path.is_file():
                raise RosterError(f"{path} is missing, and the roster names it")
            source = path.read_text(encoding="utf-8").rstrip("\n")
        cells[f"{exercise}-code"]["source"] = source.splitlines(keepends=True)
    return notebook


def _to_bytes(notebook: Notebook) -> bytes:
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def _damaged(notebook: Notebook, damage: str | None, student: str) -> bytes | None:
    if damage is None:
        return _to_bytes(notebook)
    if damage not in _DAMAGES:
        raise RosterError(f"{student} has the damage {damage!r}; there is: {', '.join(_DAMAGES)}")
    return _DAMAGES[damage](notebook)


def _colab(notebook: Notebook) -> bytes:
    """Colab writes other metadata, another kernel and new cell ids, and keeps nbgrader's only partly."""
    changed = copy.deepcopy(notebook)
    changed["metadata"] = {"colab": {"provenance": []}, "kernelspec": {"name": "python3", "display_name": "Python 3"}}
    changed["nbformat_minor"] = 0
    for cell in changed["cells"]:
        cell["metadata"] = {"id": "x" + cell.pop("id")[:7]}
    return _to_bytes(changed)


def _checks_deleted(notebook: Notebook) -> bytes:
    changed = copy.deepcopy(notebook)
    changed["cells"] = [cell for cell in changed["cells"] if not cell["metadata"]["nbgrader"]["grade"]]
    changed["metadata"]["kernelspec"] = {"name": "my-env", "display_name": "My environment", "language": "python"}
    return _to_bytes(changed)


def _cells_doubled(notebook: Notebook) -> bytes:
    """Copy every cell with its nbgrader mark: stock nbgrader's batch stops at this one."""
    changed = copy.deepcopy(notebook)
    changed["cells"] = [copy.deepcopy(cell) for cell in changed["cells"] for _ in range(2)]
    for number, cell in enumerate(changed["cells"]):
        cell["id"] = f"c{number}"
    return _to_bytes(changed)


_DAMAGES: dict[str, Callable[[Notebook], bytes | None]] = {
    "colab": _colab,
    "checks deleted": _checks_deleted,
    "cells doubled": _cells_doubled,
    "cut off": lambda notebook: _to_bytes(notebook)[: len(_to_bytes(notebook)) // 2],
    "empty file": lambda _: b"",
    "word document": lambda _: b"PK\x03\x04\x14\x00\x06\x00\x08\x00" + bytes(range(128, 256)),
    "not a notebook": lambda _: b'{"answer": 42}\n',
    "plain text": lambda _: b"I could not do it, sorry.\n",
    "no file": lambda _: None,
}
