"""Whatever happened to a notebook on the way: the release's text is back, and nothing that the student wrote is lost."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.grading.repair import repair

Fill = Callable[..., NotebookNode]

DOUBLE = "def double(x):\n    return x + x  # mine"
COUNTER = "class Counter:\n    up = 3  # mine"


def grade_ids(notebook: NotebookNode) -> list[str]:
    return [cell.metadata.get("nbgrader", {}).get("grade_id", "") for cell in notebook.cells]


def sources(notebook: NotebookNode, kind: str = "code") -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == kind]


def cell_of(notebook: NotebookNode, grade_id: str) -> NotebookNode:
    (cell,) = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id]
    return cell


def assert_whole(repaired: NotebookNode, released: NotebookNode) -> None:
    """Hold that every locked cell stands there once, as released, and that the notebook is a valid one."""
    nbformat.validate(repaired)
    ids = [cell.id for cell in repaired.cells]
    assert len(ids) == len(set(ids))
    for cell in released.cells:
        meta = cell.metadata.nbgrader
        found = [
            other for other in repaired.cells if other.metadata.get("nbgrader", {}).get("grade_id") == meta.grade_id
        ]
        assert len(found) <= 1
        if meta.locked:
            assert [(other.cell_type, other.source, other.metadata) for other in found] == [
                (cell.cell_type, cell.source, cell.metadata)
            ]
        elif found:
            assert found[0].metadata == cell.metadata
            assert found[0].cell_type == "code"


# --- one damage at a time


def test_a_notebook_that_is_as_it_should_be_is_left_so(submit: Fill, released: NotebookNode) -> None:
    submitted = submit(DOUBLE, COUNTER, "mine = 1")
    repaired, notes = repair(submitted, released)
    assert notes == []
    assert [cell.source for cell in repaired.cells] == [cell.source for cell in submitted.cells]
    assert_whole(repaired, released)


def test_nothing_that_was_handed_in_is_changed_in_place(submit: Fill, released: NotebookNode) -> None:
    submitted = submit(DOUBLE, COUNTER)
    submitted.cells[0].source = "changed"
    submitted.cells.append(copy.deepcopy(submitted.cells[3]))
    before = copy.deepcopy((submitted, released))
    repaired, _ = repair(submitted, released)
    for cell in repaired.cells:
        cell.metadata["changed"] = True
        cell.source += "more"
    repaired.metadata["changed"] = True
    assert (submitted, released) == before


def test_locked_cells_that_were_deleted_are_back_in_their_places(submit: Fill, released: NotebookNode) -> None:
    submitted = submit(DOUBLE, COUNTER)
    submitted.cells = [cell for cell in submitted.cells if not cell.metadata.nbgrader.locked]
    repaired, notes = repair(submitted, released)
    assert grade_ids(repaired) == grade_ids(released)
    assert_whole(repaired, released)
    assert notes == ["missing, put back: arithmetic-1, arithmetic-2, double-task, double and 2 more"]


def test_a_locked_cell_that_was_changed_is_back_and_the_students_stands_behind_it(
    submit: Fill, released: NotebookNode
) -> None:
    submitted = submit(DOUBLE, COUNTER)
    cell_of(submitted, "arithmetic-2").source = "import math, statistics"
    repaired, notes = repair(submitted, released)
    at = grade_ids(repaired).index("arithmetic-2")
    assert [cell.source for cell in repaired.cells[at : at + 2]] == ["import math", "import math, statistics"]
    assert repaired.cells[at + 1].metadata == {}
    assert_whole(repaired, released)
    assert notes == [
        "the locked cell arithmetic-2 was changed: its released text is back, the changed one stands behind it"
    ]


def test_code_written_into_a_check_cell_stays(submit: Fill, released: NotebookNode) -> None:
    submitted = submit("def double(x):\n    raise NotImplementedError", COUNTER)
    cell_of(submitted, "double").source = f"{DOUBLE}\ncheck(double)"
    repaired, _ = repair(submitted, released)
    assert f"{DOUBLE}\ncheck(double)" in sources(repaired)
    assert_whole(repaired, released)


def test_of_a_doubled_solution_the_last_counts_and_the_first_stays(submit: Fill, released: NotebookNode) -> None:
    submitted = submit("def double(x):\n    return 0", COUNTER)
    again = copy.deepcopy(cell_of(submitted, "double-code"))
    again.source = DOUBLE
    submitted.cells.append(again)
    repaired, notes = repair(submitted, released)
    assert cell_of(repaired, "double-code").source == DOUBLE
    assert "def double(x):\n    return 0" in sources(repaired)
    assert notes == ["there more than once: double-code"]
    assert_whole(repaired, released)


def test_a_locked_cell_that_was_doubled_is_there_once(submit: Fill, released: NotebookNode) -> None:
    submitted = submit(DOUBLE, COUNTER)
    submitted.cells = [copy.deepcopy(cell) for cell in submitted.cells for _ in range(3)]
    repaired, notes = repair(submitted, released)
    assert len(repaired.cells) == len(released.cells) + 4  # each solution keeps its two copies
    assert_whole(repaired, released)
    assert notes == ["there more than once: arithmetic-1, arithmetic-2, double-task, double-code and 4 more"]


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_a_solution_that_became_text_is_code_again(kind: str, submit: Fill, released: NotebookNode) -> None:
    submitted = submit(DOUBLE, COUNTER)
    cell = cell_of(submitted, "double-code")
    cell.cell_type = kind
    for name in ("outputs", "execution_count"):
        del cell[name]
    repaired, notes = repair(submitted, released)
    assert cell_of(repaired, "double-code").source == DOUBLE
    assert notes == [f"the cell double-code was of type {kind} and is code again"]
    assert_whole(repaired, released)


def test_cells_in_another_order_stay_in_the_students_order(submit: Fill, released: NotebookNode) -> None:
    submitted = submit(DOUBLE, COUNTER)
    submitted.cells.reverse()
    repaired, notes = repair(submitted, released)
    assert grade_ids(repaired) == grade_ids(released)[::-1]
    assert notes == []
    assert_whole(repaired, released)


def test_without_metadata_the_ids_of_the_cells_are_enough(submit: Fill, released: NotebookNode) -> None:
    submitted = submit(DOUBLE, COUNTER)
    for cell in submitted.cells:
        cell.metadata = NotebookNode()
    repaired, notes = repair(submitted, released)
    assert grade_ids(repaired) == grade_ids(released)
    assert notes == []
    assert_whole(repaired, released)


def test_without_metadata_and_ids_a_solution_is_found_by_the_name_it_defines(
    submit: Fill, released: NotebookNode
) -> None:
    submitted = submit(DOUBLE, COUNTER)
    for number, cell in enumerate(submitted.cells):
        cell.metadata = NotebookNode({"id": f"colab{number}"})
        cell.id = f"x{number}"
    repaired, notes = repair(submitted, released)
    assert grade_ids(repaired) == grade_ids(released)
    assert notes == ["without its mark, found by its name: double, Counter"]
    assert_whole(repaired, released)


def test_a_solution_pasted_into_a_new_notebook_is_graded(released: NotebookNode) -> None:
    submitted = nbformat.v4.new_notebook(
        cells=[new_code_cell("def helper(x):\n    return x"), new_code_cell(f"{DOUBLE}\n\n{COUNTER}")]
    )
    repaired, notes = repair(submitted, released)
    assert cell_of(repaired, "double-code").source == f"{DOUBLE}\n\n{COUNTER}"
    assert "def helper(x):\n    return x" in sources(repaired)
    assert notes[0] == "without its mark, found by its name: double"
    assert_whole(repaired, released)


def test_a_name_that_only_occurs_in_a_text_is_no_solution(submit: Fill, released: NotebookNode) -> None:
    submitted = submit(DOUBLE, COUNTER)
    for cell in submitted.cells:
        cell.metadata, cell.id = NotebookNode(), f"x{cell.id}"
    submitted.cells.append(new_markdown_cell("def double(x): is above"))
    submitted.cells.append(new_code_cell("print('def double(x)')"))
    repaired, _ = repair(submitted, released)
    assert cell_of(repaired, "double-code").source == DOUBLE
    assert_whole(repaired, released)


def test_marks_of_another_course_are_taken_off(submit: Fill, released: NotebookNode) -> None:
    submitted = submit(DOUBLE, COUNTER, "mine = 1")
    submitted.cells[-1].metadata["nbgrader"] = {"grade_id": "another", "grade": True, "points": 1000}
    submitted.cells[-1].metadata["tags"] = ["experiment"]
    repaired, _ = repair(submitted, released)
    assert repaired.cells[-1].metadata == {"tags": ["experiment"]}


def test_points_that_a_student_gave_themselves_are_gone(submit: Fill, released: NotebookNode) -> None:
    submitted = submit(DOUBLE, COUNTER)
    cell_of(submitted, "double").metadata.nbgrader["points"] = 1000
    repaired, _ = repair(submitted, released)
    assert cell_of(repaired, "double").metadata.nbgrader["points"] == 3


def test_a_solution_tagged_as_an_experiment_is_run_all_the_same(submit: Fill, released: NotebookNode) -> None:
    submitted = submit(DOUBLE, COUNTER)
    cell_of(submitted, "double-code").metadata["tags"] = ["experiment"]
    repaired, _ = repair(submitted, released)
    assert "tags" not in cell_of(repaired, "double-code").metadata


def test_the_kernel_is_the_releases(submit: Fill, released: NotebookNode) -> None:
    released.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    submitted = submit(DOUBLE, COUNTER)
    submitted.metadata["kernelspec"] = {"name": "my-env", "display_name": "Mine"}
    repaired, _ = repair(submitted, released)
    assert repaired.metadata == released.metadata


def test_an_empty_notebook_becomes_the_locked_part_of_the_release(released: NotebookNode) -> None:
    repaired, _ = repair(nbformat.v4.new_notebook(), released)
    assert grade_ids(repaired) == [name for name in grade_ids(released) if not name.endswith("-code")]
    assert_whole(repaired, released)


def test_repairing_a_repaired_notebook_changes_nothing(submit: Fill, released: NotebookNode) -> None:
    submitted = submit(DOUBLE, COUNTER, "mine = 1")
    del submitted.cells[2]
    submitted.cells.append(copy.deepcopy(submitted.cells[0]))
    once, _ = repair(submitted, released)
    twice, notes = repair(once, released)
    assert (twice, notes) == (once, [])


# --- any damages together


def delete(cells: list[Any], at: int, to: int) -> None:
    if len(cells) > 1:
        del cells[at]


def double(cells: list[Any], at: int, to: int) -> None:
    cells.insert(to, copy.deepcopy(cells[at]))


def move(cells: list[Any], at: int, to: int) -> None:
    cells.insert(to, cells.pop(at))


def retype(cells: list[Any], at: int, to: int) -> None:
    source, metadata, name = cells[at].source, cells[at].metadata, cells[at].id
    cells[at] = new_markdown_cell(source, metadata=metadata, id=name)


def lose_mark(cells: list[Any], at: int, to: int) -> None:
    cells[at].metadata.pop("nbgrader", None)


def lose_id(cells: list[Any], at: int, to: int) -> None:
    cells[at].id = f"lost{to}"


def spoil_mark(cells: list[Any], at: int, to: int) -> None:
    cells[at].metadata["nbgrader"] = ["no", "mark"] if to % 2 else {"grade_id": to, "points": "many"}


def change(cells: list[Any], at: int, to: int) -> None:
    cells[at].source += f"\nchanged = {to}"


def take_anothers_mark(cells: list[Any], at: int, to: int) -> None:
    cells[at].metadata = copy.deepcopy(cells[to].metadata)


def write(cells: list[Any], at: int, to: int) -> None:
    cells.insert(at, new_code_cell(f"own_{to} = {at}"))


DAMAGES = [delete, double, move, retype, lose_mark, lose_id, spoil_mark, change, take_anothers_mark, write]
places = st.integers(0, 30)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None, derandomize=True
)
@given(st.lists(st.tuples(st.sampled_from(DAMAGES), places, places), max_size=12))
def test_after_any_damages_the_release_is_whole_and_no_text_of_the_student_is_lost(
    submit: Fill, released: NotebookNode, damages: list[tuple[Callable[..., None], int, int]]
) -> None:
    submitted = submit(DOUBLE, COUNTER, "mine = 1")
    for damage, at, to in damages:
        damage(submitted.cells, at % len(submitted.cells), to % len(submitted.cells))
    before = copy.deepcopy((submitted, released))
    repaired, notes = repair(submitted, released)

    assert (submitted, released) == before
    assert_whole(repaired, released)
    given_out = {cell.source for cell in released.cells}
    theirs = {cell.source for cell in submitted.cells} - given_out
    assert theirs <= {cell.source for cell in repaired.cells}
    assert all(isinstance(note, str) and "\n" not in note for note in notes)
    assert repair(submitted, released) == (repaired, notes)
