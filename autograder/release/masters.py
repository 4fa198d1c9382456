"""The instructor's notebook of a chapter, made from its single source ``solutions/<chapter>.py``.

The master is a jupytext percent script. What nbgrader needs to know about each cell follows from the cell itself
and the exercise's registration, so nobody writes it by hand:

==================================  ========================  =================================
cell                                nbgrader                  grade_id
==================================  ========================  =================================
``check(NAME)``                     graded, locked            NAME; points: the sum of its probes
holds ``### BEGIN SOLUTION``        solution                  NAME-code
Markdown headed ``## NAME``         read-only                 NAME-task
any other                           read-only                 CHAPTER-1, CHAPTER-2, ...
==================================  ========================  =================================

Of a cell's tags, ``experiment`` is kept: students find it in their notebook, and grading does not run such a cell.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbformat import NotebookNode

from autograder.exercise import Chapter, Exercise
from autograder.release.digest import digest

_CHECK = re.compile(r"check\((\w+)\)")
_HEADING = re.compile(r"## (\w+)\n")
_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
_LANGUAGE = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"}
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


class MasterError(Exception):
    """A master does not follow the form above; names the file and the cell."""


def instructor_notebook(text: str, chapter: Chapter) -> NotebookNode:
    """Convert a master to the notebook that nbgrader generates the assignment from.

    Parameters
    ----------
    text
        The percent script.
    chapter
        Its exercises, hidden probes included, since their points count.

    Raises
    ------
    MasterError
        If an exercise has no task, no solution cell or no check cell, or one too many.
    """
    notebook: NotebookNode = jupytext.reads(text, fmt="py:percent")
    seen: dict[str, int] = {}
    plain = 0
    for cell in notebook.cells:
        meta, number = _nbgrader_metadata(cell, chapter, plain)
        plain = number
        grade_id = str(meta["grade_id"])
        seen[grade_id] = seen.get(grade_id, 0) + 1
        cell.id = grade_id
        tags = {"tags": ["experiment"]} if "experiment" in cell.metadata.get("tags", ()) else {}
        cell.metadata = NotebookNode({"nbgrader": meta, **tags})
        if grade_id.endswith("-task"):
            cell.source = _with_facts(cell.source, chapter.exercises[grade_id.removesuffix("-task")])
    _demand_whole(chapter, seen)
    notebook.metadata = NotebookNode({"kernelspec": dict(_KERNEL), "language_info": dict(_LANGUAGE)})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def page_notebook(text: str) -> NotebookNode:
    """Convert a chapter's or the start page's Markdown master to a notebook without outputs."""
    notebook: NotebookNode = jupytext.reads(text, fmt="md")
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id = f"cell-{number}"
        cell.metadata = NotebookNode({key: value for key, value in cell.metadata.items() if key == "tags"})
    notebook.metadata = NotebookNode(
        {"kernelspec": dict(_KERNEL), "language_info": dict(_LANGUAGE), "nexttoken": {"digest": digest(notebook)}}
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def write_source(root: Path, chapter: Chapter, destination: Path) -> Path:
    """Write a chapter's instructor notebook where nbgrader looks for it; return its path."""
    master = root / "solutions" / f"{chapter.name}.py"
    if not master.is_file():
        raise MasterError(f"{master} is missing: every chapter's exercises come from such a file")
    notebook = instructor_notebook(master.read_text(encoding="utf-8"), chapter)
    path = destination / chapter.name / f"{chapter.name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    return path


def exercise_of(cell: Any) -> str | None:
    """Return the name that a ``check(NAME)`` cell checks, or None for any other cell."""
    found = _CHECK.fullmatch(cell.source.strip()) if cell.cell_type == "code" else None
    return found.group(1) if found else None


def solution_lines(source: str) -> list[str]:
    """Return the lines between the solution markers, stripped."""
    lines, inside = [], False
    for line in source.splitlines():
        if BEGIN in line:
            inside = True
        elif END in line:
            inside = False
        elif inside and line.strip():
            lines.append(line.strip())
    return lines


def _nbgrader_metadata(cell: Any, chapter: Chapter, plain: int) -> tuple[dict[str, Any], int]:
    base = {"schema_version": 3, "task": False}
    name = exercise_of(cell)
    if name is not None:
        points = _registered(chapter, name).points
        return {**base, "grade": True, "solution": False, "locked": True, "grade_id": name, "points": points}, plain
    if BEGIN in cell.source:
        name = _registered(chapter, _defined(cell.source, chapter)).name
        return {**base, "grade": False, "solution": True, "locked": False, "grade_id": f"{name}-code"}, plain
    heading = _HEADING.match(cell.source) if cell.cell_type == "markdown" else None
    if heading and heading.group(1) in chapter.exercises:
        grade_id = f"{heading.group(1)}-task"
    else:
        plain += 1
        grade_id = f"{chapter.name}-{plain}"
    return {**base, "grade": False, "solution": False, "locked": True, "grade_id": grade_id}, plain


def _defined(source: str, chapter: Chapter) -> str:
    """Return the name of the first function or class that a cell defines."""
    where = f"solutions/{chapter.name}.py: the solution cell that begins {source.strip().splitlines()[0]!r}"
    try:
        body = ast.parse(source).body
    except SyntaxError as error:
        raise MasterError(f"{where} is not Python: {error.msg}, in its line {error.lineno}") from None
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            return node.name
    raise MasterError(f"{where} defines neither a function nor a class")


def _registered(chapter: Chapter, name: str) -> Exercise:
    if name not in chapter.exercises:
        raise MasterError(
            f"solutions/{chapter.name}.py has {name}, which autograder/probes/{chapter.name}/ does not register"
        )
    return chapter.exercises[name]


def _with_facts(source: str, exercise: Exercise) -> str:
    heading, _, rest = source.partition("\n")
    facts = f"*{exercise.points:g} points. About {exercise.minutes} minutes. Difficulty {exercise.difficulty} of 5.*"
    return f"{heading}\n\n{facts}\n{rest}"


def _demand_whole(chapter: Chapter, seen: dict[str, int]) -> None:
    twice = [grade_id for grade_id, count in seen.items() if count > 1]
    if twice:
        raise MasterError(f"solutions/{chapter.name}.py: two cells would be {twice[0]}")
    for name in chapter.exercises:
        for part, what in ((f"{name}-task", f"heading `## {name}`"), (f"{name}-code", "solution"), (name, "check")):
            if part not in seen:
                raise MasterError(f"solutions/{chapter.name}.py: {name} has no cell with its {what}")
