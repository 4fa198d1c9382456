"""What a student should know of the notebook, though nothing in it had to be repaired."""

from __future__ import annotations

from nbformat import NotebookNode

from autograder.grading.matching import listed
from autograder.grading.pieces import grade_id_of
from autograder.grading.python_text import names
from autograder.grading.repair import is_run

#: A notebook with more code than this is not looked into.
_MOST_CODE = 500_000


def remarks(notebook: NotebookNode) -> list[str]:
    """Return one sentence for each exercise whose code looks up names that a later cell binds anew.

    The checks come after all cells, so they see the later meaning.

    Parameters
    ----------
    notebook
        A repaired one.
    """
    cells = [cell for cell in notebook.cells if is_run(cell)]
    if sum(len(cell.source) for cell in cells) > _MOST_CODE:
        return []
    bound_later: set[str] = set()
    found = []
    for cell in reversed(cells):
        here, grade_id = names(cell.source), grade_id_of(cell)
        if grade_id and (changed := here.looked_up & bound_later):
            exercise = grade_id.removesuffix("-code")
            found.append(f"a later cell gives a new meaning to what {exercise} uses: {listed(sorted(changed))}")
        bound_later |= here.binds - here.imports
    return found[::-1]
