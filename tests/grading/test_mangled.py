"""Whatever happens to a notebook on its way: it is graded or refused with a reason, and intact code costs no point."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest.mock import MagicMock

import nbformat
import pytest
from hypothesis import HealthCheck, example, given, settings
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.grading.repair import repair
from autograder.grading.submission import NotANotebookError, is_experiment, read_notebook
from tests.grading.mangler import Hit, Json, code_is_kept, hit, hit_lists, mangle

Fill = Callable[..., NotebookNode]

#: Right answers that need one another, helper cells, and what the release imports: at once, and when they are called.
DOUBLE = (
    "@remembered\ndef double(x):\n"
    '    """Return it twice.\n\n    Nothing else."""\n'
    "    result = x * TWO\n\n    return result"
)
COUNTER = (
    "STEP = len('a')  # mine\n\n\nclass Counter(Counted):\n    def __init__(self, start):\n        self.n = start\n\n"
    "    def up(self):\n        self.n += STEP\n        return self.n"
)
CONSTANTS = "import functools  # mine\n\nTWO = 2  # mine\nMOST = math.inf  # mine"
REMEMBERED = (
    "def remembered(function):\n    # mine\n    @functools.wraps(function)\n    def asked(x):\n"
    "        return function(x)\n\n    return asked"
)
COUNTED = "class Counted:\n    # mine\n    limit = MOST"
TRIED = "tried = [double(4), Counter(1).up()]  # mine"


@dataclass(frozen=True, repr=False)
class HandIn:
    """Right answers to the small chapter, with cells of the student's own, and its release; both also as plain JSON."""

    released: NotebookNode
    release: Json
    right: Json

    def __repr__(self) -> str:
        return "hand_in"

    def damaged(self, hits: list[Hit]) -> bytes:
        return mangle(self.right, self.release, hits)


@pytest.fixture
def hand_in(submit: Fill, released: NotebookNode) -> HandIn:
    notebook = submit(DOUBLE, COUNTER, TRIED)
    remark = new_markdown_cell("This is mine: naïve, but right.")
    notebook.cells[2:2] = [new_code_cell(CONSTANTS), remark, new_code_cell(REMEMBERED)]
    place = next(place for place, cell in enumerate(notebook.cells) if cell.id == "Counter-task")
    notebook.cells.insert(place, new_code_cell(COUNTED))
    for number, cell in enumerate(notebook.cells):
        if "nbgrader" not in cell.metadata:
            cell.id = f"own-{number}"
    return HandIn(released, json.loads(json.dumps(released)), json.loads(json.dumps(notebook)))


# --- what must hold


def points(notebook: NotebookNode) -> int:
    """Run a notebook's cells, past errors, and give the small chapter's points as its probes do."""
    shared: dict[str, Any] = {"get_ipython": MagicMock()}
    transformer = TransformerManager()
    for cell in notebook.cells:
        if cell.cell_type == "code" and not is_experiment(cell) and not cell.metadata.get("nbgrader", {}).get("grade"):
            _run(lambda source=cell.source: exec(compile(transformer.transform_cell(source), "cell", "exec"), shared))

    def counts() -> bool:
        one = shared["Counter"](4)
        return [one.up(), one.up()] == [5, 6]

    held = [lambda: shared["double"](21) == 42, lambda: shared["double"]("ab") == "abab", counts]
    return sum(worth for worth, holds in zip((2, 1, 2), held, strict=True) if _run(holds) is True)


def _run(do: Callable[[], Any]) -> Any:
    with warnings.catch_warnings(action="ignore"):
        try:
            return do()
        except Exception as error:
            return error


def assert_is_sentence(text: str) -> None:
    assert text.strip() == text
    assert text.isprintable()
    assert 10 < len(text) < 400


def assert_graded_or_refused(hand_in: HandIn, hits: list[Hit]) -> None:
    data, released = hand_in.damaged(hits), hand_in.released
    try:
        submitted = read_notebook(data)
    except NotANotebookError as error:
        assert_is_sentence(str(error))
        assert not code_is_kept(hits), "a notebook that holds all the code is never refused"
        return
    before = json.dumps(submitted)
    repaired, notes = repair(submitted, released)
    assert json.dumps(submitted) == before, "what was handed in is not changed in place"

    nbformat.validate(repaired)
    assert repaired.metadata == released.metadata
    marked = {cell.metadata.nbgrader.grade_id: cell for cell in repaired.cells if "nbgrader" in cell.metadata}
    assert len(marked) == sum("nbgrader" in cell.metadata for cell in repaired.cells), "each is there at most once"
    for cell in released.cells:
        grade_id = cell.metadata.nbgrader.grade_id
        if cell.metadata.nbgrader.locked:
            assert marked.pop(grade_id) == cell
        elif grade_id in marked:
            found = marked.pop(grade_id)
            assert {**found, "source": ""} == {**cell, "source": ""}
    assert not marked, "no mark of another course is left"

    for note in notes:
        assert_is_sentence(note)
    assert repair(repaired, released) == (repaired, []), "there is nothing more to repair"
    if code_is_kept(hits):
        assert points(repaired) == 5


def test_the_notebook_before_any_damage_is_right(hand_in: HandIn) -> None:
    repaired, notes = repair(read_notebook(hand_in.damaged([])), hand_in.released)
    assert points(repaired) == 5
    assert notes == []
    assert points(hand_in.released) == 0


EXAMPLES = 150
mangled = settings(
    derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@settings(mangled, max_examples=EXAMPLES)
@given(hit_lists())
def test_a_damaged_notebook_is_graded_or_refused_and_intact_code_costs_no_point(
    hand_in: HandIn, hits: list[Hit]
) -> None:
    assert_graded_or_refused(hand_in, hits)


@pytest.mark.slow
@settings(mangled, max_examples=1_000)
@given(hit_lists())
def test_a_thousand_damaged_notebooks(hand_in: HandIn, hits: list[Hit]) -> None:
    assert_graded_or_refused(hand_in, hits)
