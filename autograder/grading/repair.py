"""Bring a submitted notebook back to the release's form, keeping everything the student wrote. Pure."""

from __future__ import annotations

import copy
from itertools import count

from nbformat import NotebookNode

from autograder.grading.matching import listed, match
from autograder.grading.order import runnable_order
from autograder.grading.pieces import Piece, Release, grade_id_of, release_of
from autograder.grading.python_text import MAX_READ, names
from autograder.grading.seams import mend_seams
from autograder.grading.submission import clean_cells, is_experiment, make_cell, make_notebook

#: A notebook with more code than this is not looked into for cells that were merged, split or moved.
_MOST_CODE = 500_000
#: One repair can bring to light what another has to do.
_MOST_ROUNDS = 5


def repair(submitted: NotebookNode, released: NotebookNode) -> tuple[NotebookNode, list[str]]:
    """Restore locked cells, find solution cells that lost their mark, and drop foreign metadata.

    A released cell is found by its grade_id, else by its cell id; a solution also by the name that it defines, or by
    its likeness to the exercise. Merged cells are cut apart and split ones joined where the code runs only so, and a
    cell is moved up where one before it needs it.

    Returns
    -------
    notebook
        The student's cells in their order, the released locked cells among them with the released text. Every grade_id
        of the release that is not a solution occurs once, and each solution's at most once. Repairing it again changes
        nothing.
    notes
        One sentence per repair.
    """
    release = release_of(released)
    given = submitted.get("cells")
    cells = clean_cells(given if isinstance(given, list) else [])
    notes: list[str] = []
    for _ in range(_MOST_ROUNDS):
        before = cells
        cells, more = _repaired(before, release)
        notes += [note for note in more if note not in notes]
        if cells == before:
            break
    return make_notebook(cells, copy.deepcopy(released.metadata)), notes


def _repaired(submitted: list[NotebookNode], release: Release) -> tuple[list[NotebookNode], list[str]]:
    pieces = [release.piece(cell) for cell in submitted]
    is_readable = sum(len(piece.text) for piece in pieces if len(piece.text) <= MAX_READ) <= _MOST_CODE
    pieces, notes = mend_seams(pieces, release) if is_readable else (pieces, [])
    found = match(pieces, release)
    notes += found.notes
    cells = _assembled(pieces, found.locked, found.solutions, release, notes)
    cells = _with_missing(cells, release, notes)
    if is_readable:
        cells = _in_order(cells, notes)
    _make_ids_unique(cells, release)
    return cells, notes


def _assembled(
    pieces: list[Piece], locked: dict[str, int], solutions: dict[str, int], release: Release, notes: list[str]
) -> list[NotebookNode]:
    """Put the release's cells where their pieces stand, and leave what the student wrote besides."""
    locked_at = {place: grade_id for grade_id, place in locked.items()}
    solution_at = {place: grade_id for grade_id, place in solutions.items()}
    cells: list[NotebookNode] = []
    left_over = 0
    for place, piece in enumerate(pieces):
        mine = locked_at.get(place)
        if mine is not None:
            cells.append(copy.deepcopy(release.cells[mine]))
            if release.is_part_of(piece, mine):
                continue
            if is_experiment(release.cells[mine]):  # it asks to be changed, and is not run
                cells[-1].source = piece.cell.source
                continue
            notes.append(
                f"the locked cell {mine} was changed: its released text is back, the changed one stands behind it"
            )
        if place in solution_at:
            cells.append(_solution(piece, solution_at[place], release, notes))
        elif release.is_stub(piece):
            left_over += 1
        elif piece.text and not (piece.claim in release.locked and release.is_part_of(piece, piece.claim)):
            cells.append(_plain(piece.cell))
    if left_over:
        notes.append("an exercise as it was given, left over from `reset` or from copying, is not run")
    return cells


def _solution(piece: Piece, grade_id: str, release: Release, notes: list[str]) -> NotebookNode:
    restored = copy.deepcopy(release.cells[grade_id])
    restored.source = piece.cell.source
    if piece.cell.cell_type != restored.cell_type:
        notes.append(f"the cell {grade_id} was of type {piece.cell.cell_type} and is {restored.cell_type} again")
    return restored


def _plain(cell: NotebookNode) -> NotebookNode:
    tags = cell.metadata.get("tags")
    plain = make_cell(cell.cell_type, cell.source, cell.id, NotebookNode({} if tags is None else {"tags": list(tags)}))
    if "attachments" in cell:
        plain.attachments = copy.deepcopy(cell.attachments)
    return plain


def _with_missing(cells: list[NotebookNode], release: Release, notes: list[str]) -> list[NotebookNode]:
    """Put locked cells that are gone back behind the released cell that came before them."""
    present = {grade_id_of(cell) for cell in cells}
    missing = [grade_id for grade_id in release.locked if grade_id not in present]
    behind: dict[str, list[NotebookNode]] = {"": []}
    previous = ""
    for grade_id, cell in release.cells.items():
        if grade_id in present:
            previous = grade_id
        elif grade_id in release.locked:
            behind.setdefault(previous, []).append(copy.deepcopy(cell))
    if missing:
        notes.append(f"missing, put back: {listed(missing)}")
    whole = behind.pop("")
    for cell in cells:
        whole += [cell, *behind.pop(grade_id_of(cell), [])]
    return whole


def _in_order(cells: list[NotebookNode], notes: list[str]) -> list[NotebookNode]:
    """Move cells up that others need; what is not run at grading, checks and experiments among it, stays."""
    places = [place for place, cell in enumerate(cells) if is_run(cell)]
    order = [places[rank] for rank in runnable_order([names(cells[place].source) for place in places])]
    turn = {place: rank for rank, place in enumerate(order)}
    moved = [place for rank, place in enumerate(places) if turn[place] < rank]
    if not moved:
        return cells
    labels = list(dict.fromkeys(grade_id_of(cells[place]) or "a cell of the student's" for place in moved))
    notes.append(f"moved up, since cells before need what is in it: {listed(labels)}")
    following = iter(order)
    return [cells[next(following)] if is_run(cell) else cell for cell in cells]


def is_run(cell: NotebookNode) -> bool:
    """Say whether a cell of a repaired notebook is run at grading: code that is no check and no experiment."""
    return cell.cell_type == "code" and not is_experiment(cell) and not cell.metadata.get("nbgrader", {}).get("grade")


def _make_ids_unique(cells: list[NotebookNode], release: Release) -> None:
    """Give new ids to the student's cells whose own is another cell's, or a released one's."""
    numbers = count()
    given = {cell.id for cell in cells}
    seen = set(release.ids)
    for cell in cells:
        if grade_id_of(cell):
            continue
        if cell.id in seen:
            cell.id = next(name for number in numbers if (name := f"cell-{number}") not in given and name not in seen)
        seen.add(cell.id)
