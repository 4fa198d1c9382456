"""Bring a submitted notebook back to the release's form, keeping everything the student wrote. Pure."""

from __future__ import annotations

import ast
import copy
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_notebook


def repair(submitted: NotebookNode, released: NotebookNode) -> tuple[NotebookNode, list[str]]:
    """Restore locked cells, find solution cells that lost their mark, and drop foreign nbgrader metadata.

    A released cell is found by its grade_id, else by its cell id; a solution also by the name that it defines.

    Returns
    -------
    notebook
        The student's cells in their order, the released locked cells among them with the released text. Every grade_id
        of the release that is not a solution occurs once.
    notes
        One sentence per repair.
    """
    ours = {_grade_id(cell): cell for cell in released.cells}
    owners, notes = _owners(submitted.cells, ours)
    cells: list[NotebookNode] = []
    for index, cell in enumerate(submitted.cells):
        grade_id = owners.get(index)
        if grade_id is not None and not _is_locked(ours[grade_id]):
            cells.append(_solution(cell, ours[grade_id], notes))
            continue
        if grade_id is not None:
            cells.append(copy.deepcopy(ours[grade_id]))
            if _says_the_same(cell, ours[grade_id]):
                continue
        if _is_stub(cell, ours):
            notes.append("a cell with an exercise as it was given, left over from `reset`, is not run")
        elif not _is_copy(cell, ours, notes, owner=grade_id is not None):
            cells.append(_plain(cell))
    _insert_missing(cells, released.cells, notes)
    _make_ids_unique(cells)
    notebook = new_notebook(cells=cells, metadata=copy.deepcopy(released.metadata))
    notebook.nbformat_minor = 5
    return notebook, notes


def _grade_id(cell: Any) -> str:
    meta = cell.metadata.get("nbgrader")
    return str(meta.get("grade_id", "")) if isinstance(meta, dict) else ""


def _is_locked(cell: Any) -> bool:
    return bool(cell.metadata["nbgrader"]["locked"])


def _claims(cell: Any, ours: dict[str, Any]) -> str | None:
    """Return the grade_id of the released cell that a submitted one says it is."""
    grade_id = _grade_id(cell)
    if grade_id in ours:
        return grade_id
    cell_id = str(cell.get("id", ""))
    return cell_id if cell_id in ours else None


def _owners(cells: list[Any], ours: dict[str, Any]) -> tuple[dict[int, str], list[str]]:
    """Decide which submitted cell stands for which released one: the first for locked ones, the last worked in else."""
    notes: list[str] = []
    doubled: dict[str, None] = {}
    place: dict[str, int] = {}
    for index, cell in enumerate(cells):
        grade_id = _claims(cell, ours)
        if grade_id is None:
            continue
        if grade_id in place:
            doubled[grade_id] = None
            if _is_locked(ours[grade_id]) or _says_the_same(cell, ours[grade_id]):
                continue
        place[grade_id] = index
    if doubled:
        notes.append(f"there more than once: {_listed(list(doubled))}")
    taken = set(place.values())
    unmarked = []
    for grade_id, cell in ours.items():
        if grade_id in place:
            continue
        locked = _is_locked(cell)
        name = grade_id.removesuffix("-code")
        found = [
            i
            for i, other in enumerate(cells)
            if i not in taken and (_says_the_same(other, cell) if locked else _defines(other, name))
        ]
        if found:
            place[grade_id] = found[0 if locked else -1]
            taken.add(place[grade_id])
            unmarked += [] if locked else [name]
    if unmarked:
        notes.append(f"without its mark, found by its name: {_listed(unmarked)}")
    return {index: grade_id for grade_id, index in place.items()}, notes


def _listed(names: list[str], most: int = 4) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def _says_the_same(cell: Any, released: Any) -> bool:
    return bool(cell.cell_type == released.cell_type and cell.source.strip() == released.source.strip())


def _defines(cell: Any, name: str) -> bool:
    if cell.cell_type != "code" or name not in cell.source:
        return False
    try:
        body = ast.parse(cell.source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == name for node in body
    )


def _plain(cell: NotebookNode) -> NotebookNode:
    kept = copy.deepcopy(cell)
    tags = kept.metadata.get("tags")
    kept.metadata = NotebookNode({"tags": tags} if isinstance(tags, list) else {})
    return kept


def _is_stub(cell: NotebookNode, ours: dict[str, Any]) -> bool:
    """Say whether a cell is an exercise as it was given: run behind the student's own, it would undo it."""
    return any(not _is_locked(released) and _says_the_same(cell, released) for released in ours.values())


def _is_copy(cell: NotebookNode, ours: dict[str, Any], notes: list[str], *, owner: bool) -> bool:
    """Say whether a cell only repeats a released locked one; if it is one that was changed, note that it stays."""
    grade_id = _claims(cell, ours)
    if grade_id is None or not _is_locked(ours[grade_id]):
        return False
    if _says_the_same(cell, ours[grade_id]):
        return True
    if owner:
        notes.append(
            f"the locked cell {grade_id} was changed: its released text is back, the changed one stands behind it"
        )
    return False


def _solution(cell: NotebookNode, released: NotebookNode, notes: list[str]) -> NotebookNode:
    if cell.cell_type != "code":
        notes.append(f"the cell {_grade_id(released)} was of type {cell.cell_type} and is code again")
    restored = copy.deepcopy(released)
    restored.source = cell.source
    return restored


def _insert_missing(cells: list[NotebookNode], released: list[NotebookNode], notes: list[str]) -> None:
    """Put locked cells that are gone back behind the released cell that came before them."""
    previous: str | None = None
    missing = []
    for cell in released:
        grade_id = _grade_id(cell)
        present = [_grade_id(other) for other in cells]
        if grade_id not in present and _is_locked(cell):
            at = present.index(previous) + 1 if previous in present else 0
            cells.insert(at, copy.deepcopy(cell))
            missing.append(grade_id)
            previous = grade_id
        elif grade_id in present:
            previous = grade_id
    if missing:
        notes.append(f"missing, put back: {_listed(missing)}")


def _make_ids_unique(cells: list[NotebookNode]) -> None:
    seen: set[str] = set()
    for number, cell in enumerate(cells):
        if not isinstance(cell.get("id"), str) or cell.id in seen:
            cell.id = f"cell-{number}"
        while cell.id in seen:
            cell.id += "-"
        seen.add(cell.id)
