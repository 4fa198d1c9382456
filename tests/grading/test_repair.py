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

from autograder.grading.remarks import remarks
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


# --- merged and split cells


def pasted(*sources: str, marks: dict[int, str] | None = None) -> NotebookNode:
    """Make a notebook of code cells, those with a mark at their numbers."""
    notebook = nbformat.v4.new_notebook(cells=[new_code_cell(source) for source in sources])
    for place, grade_id in (marks or {}).items():
        notebook.cells[place].metadata["nbgrader"] = {"grade_id": grade_id}
    return notebook


@pytest.mark.parametrize("marks", [{}, {0: "double-code"}, {0: "double-code", 1: "double-code"}])
@pytest.mark.parametrize(
    "parts",
    [
        ("def double(x):\n    y = 2 * x", "    return y"),
        ("def double(x):", "    y = 2 * x", "    return y"),
        ("def double(x):\n    ", "y = 2 * x\n    return y"),
        ('def double(x):\n    """Return', '    it twice."""\n    return 2 * x'),
        ("@cached", "def double(x):\n    return 2 * x"),
        ("class double:\n    a = 1", "    def up(self):\n        return 1"),
        ("if True:\n    double = 1", "else:\n    double = 2"),
    ],
    ids=range(7),
)
def test_what_makes_sense_only_together_is_joined_again(
    parts: tuple[str, ...], marks: dict[int, str], released: NotebookNode
) -> None:
    repaired, notes = repair(pasted(*parts, COUNTER, marks=marks), released)
    whole = "\n".join(parts) if parts[0][-1] != " " else "".join(parts)
    assert (
        cell_of(repaired, "double-code").source == whole
        if "double" in whole.split("\n")[0]
        else whole in sources(repaired)
    )
    assert "joined again where a cell had been split" in notes
    assert_whole(repaired, released)


@pytest.mark.parametrize(
    "parts",
    [
        (DOUBLE, "    import math\n    x = math.pi"),
        (DOUBLE, "def ("),
        ("def (", "x = 1"),
        ("%%bash\nif true", "then echo; fi"),
        ("!ls", "x = !ls", "%time y = 1", "double?"),
        ("x = await f()", "y = 1"),
    ],
    ids=range(6),
)
def test_cells_that_are_cells_of_their_own_are_not_joined(parts: tuple[str, ...], released: NotebookNode) -> None:
    repaired, notes = repair(pasted(*parts), released)
    assert [source for source in sources(repaired) if source in parts] == list(parts)
    assert not [note for note in notes if "joined" in note]


def test_cells_merged_into_code_that_does_not_run_are_cut_apart(submit: Fill, released: NotebookNode) -> None:
    submitted = submit(DOUBLE, COUNTER)
    submitted.cells[3].source = "\n\n".join(cell.source for cell in submitted.cells[3:8])
    del submitted.cells[4:8]
    repaired, notes = repair(submitted, released)
    assert [(cell.cell_type, cell.source) for cell in repaired.cells] == [
        (cell.cell_type, cell.source) for cell in submit(DOUBLE, COUNTER).cells
    ]
    assert notes == ["cut apart where cells had been merged: 1 cell", "without its mark, found by its name: Counter"]
    assert_whole(repaired, released)


def test_code_merged_into_a_locked_text_is_code_again(submit: Fill, released: NotebookNode) -> None:
    submitted = submit(DOUBLE, COUNTER)
    submitted.cells[2].source += f"\n\n{DOUBLE}"
    del submitted.cells[3]
    repaired, _ = repair(submitted, released)
    assert cell_of(repaired, "double-code").source == DOUBLE
    assert_whole(repaired, released)


def test_remarks_in_a_locked_text_stay_text(submit: Fill, released: NotebookNode) -> None:
    submitted = submit(DOUBLE, COUNTER)
    submitted.cells[2].source += "\n\nx = 2 is what I tried."
    repaired, _ = repair(submitted, released)
    assert sources(repaired, "markdown")[2] == "## double\n\nDouble.\n\nx = 2 is what I tried."


def test_a_check_among_code_does_not_keep_the_rest_from_running(submit: Fill, released: NotebookNode) -> None:
    submitted = submit(f"{DOUBLE}\n\ncheck(double)\n\n{COUNTER}", COUNTER)
    repaired, _ = repair(submitted, released)
    assert {DOUBLE, COUNTER} <= set(sources(repaired))
    assert_whole(repaired, released)


def test_an_exercise_as_it_was_given_does_not_undo_the_students(submit: Fill, released: NotebookNode) -> None:
    stub = cell_of(released, "double-code").source
    repaired, notes = repair(submit(f"{DOUBLE}\n\n{stub}", COUNTER), released)
    assert cell_of(repaired, "double-code").source == DOUBLE
    assert stub not in sources(repaired)
    assert "an exercise as it was given, left over from `reset` or from copying, is not run" in notes


def test_a_solution_beside_the_exercise_as_it_was_given_takes_its_place(submit: Fill, released: NotebookNode) -> None:
    submitted = submit(cell_of(released, "double-code").source, COUNTER)
    submitted.cells.insert(0, new_code_cell(DOUBLE))
    repaired, _ = repair(submitted, released)
    assert cell_of(repaired, "double-code").source == DOUBLE
    assert len(repaired.cells) == len(released.cells)


# --- who is who


def test_code_is_preferred_to_text_of_the_same_name(submit: Fill, released: NotebookNode) -> None:
    submitted = submit(DOUBLE, COUNTER)
    attempt = copy.deepcopy(cell_of(submitted, "double-code"))
    submitted.cells.append(nbformat.v4.new_raw_cell("def double(x):\n    return 0", metadata=attempt.metadata))
    repaired, _ = repair(submitted, released)
    assert cell_of(repaired, "double-code").source == DOUBLE
    assert sources(repaired, "raw") == ["def double(x):\n    return 0"]


def test_a_solution_without_mark_that_became_text_is_found_by_its_name(released: NotebookNode) -> None:
    submitted = nbformat.v4.new_notebook(cells=[nbformat.v4.new_raw_cell(DOUBLE), new_markdown_cell(COUNTER)])
    repaired, _ = repair(submitted, released)
    assert [cell_of(repaired, name).source for name in ("double-code", "Counter-code")] == [DOUBLE, COUNTER]


def test_what_a_text_in_quotes_defines_is_no_solution(released: NotebookNode) -> None:
    repaired, _ = repair(pasted(DOUBLE, '"""\ndef double(x):\n    return 0\n"""'), released)
    assert cell_of(repaired, "double-code").source == DOUBLE


@pytest.mark.parametrize(
    "source", ["double = lambda x: x + x", "async def double(x): pass", "def double(x", "double: int = 3"]
)
def test_a_name_may_be_bound_in_any_way_and_with_mistakes(source: str, released: NotebookNode) -> None:
    repaired, _ = repair(pasted("x = 1", source, "y = double == 2"), released)
    assert cell_of(repaired, "double-code").source == source


def test_marks_on_the_wrong_cells_deceive_nobody(submit: Fill, released: NotebookNode) -> None:
    submitted = submit(DOUBLE, COUNTER)
    metadata = [cell.metadata for cell in submitted.cells]
    for cell, other in zip(submitted.cells, metadata[1:] + metadata[:1], strict=True):
        cell.metadata = other
    repaired, _ = repair(submitted, released)
    assert [cell.source for cell in repaired.cells] == [cell.source for cell in submitted.cells]
    assert_whole(repaired, released)


def test_a_solution_that_python_cannot_read_is_found_by_its_likeness(released: NotebookNode) -> None:
    source = "# doubled:\n    def double(x):\n    return x +"
    repaired, notes = repair(pasted("x = 1", source, COUNTER), released)
    assert cell_of(repaired, "double-code").source == source
    assert "without its mark, found by its likeness to the exercise: double" in notes


def test_a_part_of_a_locked_cell_is_not_kept_beside_it(submit: Fill, released: NotebookNode) -> None:
    submitted = submit(DOUBLE, COUNTER)
    submitted.cells[2].source = "## double"
    submitted.cells.insert(3, copy.deepcopy(submitted.cells[2]) | {"source": "Double."})
    repaired, notes = repair(submitted, released)
    assert [cell.source for cell in repaired.cells] == [cell.source for cell in submit(DOUBLE, COUNTER).cells]
    assert notes == ["there more than once: double-task"]


def test_an_id_of_the_release_on_a_cell_of_the_students_is_replaced(submit: Fill, released: NotebookNode) -> None:
    submitted = submit(DOUBLE, COUNTER, "mine = 1", "mine = 2")
    for cell in submitted.cells[-2:]:
        cell.id = "double-task"
        cell.metadata["nbgrader"] = {"grade_id": "double-code"}
    repaired, _ = repair(submitted, released)
    assert {"mine = 1", "mine = 2"} <= set(sources(repaired))
    assert_whole(repaired, released)
    assert repair(repaired, released) == (repaired, [])


# --- order


def test_what_is_needed_earlier_is_moved_up_and_nothing_else(submit: Fill, released: NotebookNode) -> None:
    released.cells[1].source = "import math"
    submitted = submit("def double(x: math.inf):\n    return x + x", COUNTER, "mine = 1")
    submitted.cells.reverse()
    repaired, notes = repair(submitted, released)
    expected = ["mine = 1", "check(Counter)", COUNTER, "check(double)", "import math", submitted.cells[5].source]
    assert sources(repaired) == expected
    assert notes == ["moved up, since cells before need what is in it: arithmetic-2"]
    assert sources(repaired, "markdown") == sources(submitted, "markdown")


def test_an_experiment_is_neither_moved_nor_moved_for(submit: Fill, released: NotebookNode) -> None:
    submitted = submit(DOUBLE, COUNTER, "y = trained", "trained = 1", "z = after", "after = 1")
    submitted.cells[-4].metadata["tags"] = submitted.cells[-1].metadata["tags"] = ["experiment"]
    repaired, notes = repair(submitted, released)
    assert notes == []
    assert sources(repaired) == sources(submitted)


# --- anything at all


@pytest.mark.parametrize(
    "cells", [None, 3, "x", {}, [], [None, 3, "x", []], [{}], [NotebookNode(source=3, metadata=[])]]
)
def test_what_is_hardly_a_notebook_becomes_the_locked_part_of_the_release(cells: Any, released: NotebookNode) -> None:
    repaired, _ = repair(NotebookNode(cells=cells), released)
    assert len(repaired.cells) == 6
    assert repair(NotebookNode(), released) == (
        repaired,
        ["missing, put back: arithmetic-1, arithmetic-2, double-task, double and 2 more"],
    )


@pytest.mark.parametrize(
    ("mine", "later", "said"),
    [
        ("def double(x):\n    return max(x, x) * 2", "max = 3", "max"),
        (
            "def double(x):\n    return helper(x)\n\ndef helper(x):\n    return 2 * x",
            "def helper(x):\n    pass",
            "helper",
        ),
        ("def double(x):\n    return math.ldexp(x, 1)\n\nimport math", "math = 0; sum = 1", "math"),
    ],
)
def test_a_name_that_a_later_cell_gives_a_new_meaning_is_told(
    mine: str, later: str, said: str, submit: Fill, released: NotebookNode
) -> None:
    notebook = submit(double=mine)
    notebook.cells.append(new_code_cell(later))
    assert remarks(repair(notebook, released)[0]) == [f"a later cell gives a new meaning to what double uses: {said}"]


@pytest.mark.parametrize(
    "later", ["import math", "x = 3", "result = double(3)", "def other():\n    max = 1", "%%bash\nmax=3"]
)
def test_what_a_later_cell_leaves_as_it_is_is_not_told(later: str, submit: Fill, released: NotebookNode) -> None:
    notebook = submit(double="import math\n\ndef double(x):\n    return math.ldexp(max(x, x), 1)")
    notebook.cells.append(new_code_cell(later))
    assert remarks(repair(notebook, released)[0]) == []


def test_pasted_pictures_stay_and_blank_cells_do_not(submit: Fill, released: NotebookNode) -> None:
    submitted = submit(DOUBLE, COUNTER, "", " \n ")
    submitted.cells.append(new_markdown_cell("![a](attachment:a.png)", attachments={"a.png": {"image/png": "aGk="}}))
    repaired, notes = repair(submitted, released)
    assert len(repaired.cells) == len(released.cells) + 1
    assert repaired.cells[-1].attachments == {"a.png": {"image/png": "aGk="}}
    assert notes == []


@pytest.mark.parametrize(
    "source", ["x = '" + "y" * 3_000_000 + "'", "[" * 40_000, "-" * 40_000 + "1", "\0", "\ud800", "x" * 60_000]
)
def test_no_text_is_too_odd_to_be_kept(source: str, submit: Fill, released: NotebookNode) -> None:
    repaired, notes = repair(submit(DOUBLE, COUNTER, source), released)
    assert sources(repaired)[-1] == source
    assert notes == []


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
    whole = "\n".join(cell.source for cell in repaired.cells)
    assert all(line in whole for text in theirs for line in text.split("\n"))
    assert all(isinstance(note, str) and "\n" not in note for note in notes)
    assert repair(submitted, released) == (repaired, notes)


@pytest.mark.parametrize(
    "cells",
    [
        ["x = 1\n   \ndef f(self): pass"] * 1_500,
        [" " * 49_000 + "\n+"] * 9,
        ["%" + " " * 20_000 + "x\n+", "a." * 20_000 + "\n+", "a," * 20_000 + " \n+"],
    ],
    ids=["a chain of methods", "lines of blanks", "half magics"],
)
def test_no_small_file_takes_long(cells: list[str], submit: Fill, released: NotebookNode) -> None:
    """Each took minutes once, or ended in a RecursionError; with a time that grows with the square it would again."""
    repaired, _ = repair(submit(DOUBLE, COUNTER, *cells), released)
    assert cell_of(repaired, "double-code").source == DOUBLE
