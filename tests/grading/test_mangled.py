"""Whatever happens to a notebook on its way: it is graded or refused with a reason, and intact code costs no point."""

from __future__ import annotations

import copy
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.exercise import Chapter
from autograder.grading.assignment import Assignment
from autograder.grading.classroom import Places, grade_class
from autograder.grading.engine import Engine
from autograder.grading.handed_in import find_submissions
from autograder.grading.process import Limits, Processes
from autograder.grading.repair import repair
from autograder.grading.results import Result
from autograder.grading.submission import NotANotebookError, is_experiment, read_notebook
from autograder.grading.work import Done, Work, do
from autograder.grading.workers import Here
from tests.grading import conftest
from tests.grading.mangler import DAMAGES, Hit, Json, code_is_kept, hit, hit_lists, mangle
from tests.grading.test_engine import made

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


mangled = settings(
    derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@settings(mangled, max_examples=150)
@given(hit_lists())
def test_a_damaged_notebook_is_graded_or_refused_and_intact_code_costs_no_point(
    hand_in: HandIn, hits: list[Hit]
) -> None:
    assert_graded_or_refused(hand_in, hits)


@pytest.mark.slow
@settings(mangled, max_examples=1_000)
@given(hit_lists())
def test_a_thousand_damaged_notebooks_are_graded_or_refused(hand_in: HandIn, hits: list[Hit]) -> None:
    assert_graded_or_refused(hand_in, hits)


@pytest.mark.parametrize("name", DAMAGES)
def test_each_damage_alone(hand_in: HandIn, name: str) -> None:
    for at, to in ((0, 0), (3, 1), (6, 2), (11, 3)):
        assert_graded_or_refused(hand_in, [hit(name, at, to)])


# --- the whole way: from bytes to a result


@pytest.fixture
def engine(arithmetic: Chapter, opened: Callable[[Limits], Processes]) -> Engine:
    return made(arithmetic, opened)


def graded(engine: Engine, released: NotebookNode, data: bytes) -> Done:
    work = Work("arithmetic", "ada", "ada.ipynb", data, "", "key", engine.isolation)
    return do(work, engine, released)


def assert_is_done(done: Done, hits: list[Hit]) -> None:
    assert done.fault == ""
    nbformat.validate(nbformat.reads(done.notebook, as_version=4))
    if done.result.status == "not graded":
        assert_is_sentence(done.result.why)
    if code_is_kept(hits):
        assert done.result.earned == 5


@settings(mangled, max_examples=12)
@given(hit_lists())
def test_a_damaged_notebook_gets_its_result(engine: Engine, hand_in: HandIn, hits: list[Hit]) -> None:
    assert_is_done(graded(engine, hand_in.released, hand_in.damaged(hits)), hits)


@pytest.mark.slow
@settings(mangled, max_examples=100)
@given(hit_lists())
def test_a_hundred_damaged_notebooks_get_their_results(engine: Engine, hand_in: HandIn, hits: list[Hit]) -> None:
    assert_is_done(graded(engine, hand_in.released, hand_in.damaged(hits)), hits)


def test_no_file_stops_a_batch(engine: Engine, hand_in: HandIn, tmp_path: Path) -> None:
    long = json.dumps({"cells": [{"cell_type": "code", "source": f"x = '{'y' * 49 * 2**20}'"}]})
    files = {
        "ada": hand_in.damaged([]),
        "bea": hand_in.damaged([hit("cells are merged", 3, 5), hit("saved by colab"), hit("the order is reversed")]),
        "binary": bytes(range(256)) * 40,
        "cut": hand_in.damaged([])[:700],
        "empty": b"",
        "blank": b'{"cells": [' + b"{}, " * 100_000 + b"1]}",
        "large": hand_in.damaged([]) + b" " * (50 * 2**20),
        "long": long.encode(),
        "zoe": hand_in.damaged([hit("saved as utf 16")]),
    }
    for name, data in files.items():
        (tmp_path / f"{name}.ipynb").write_bytes(data)
    (tmp_path / "folder.ipynb").mkdir()
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "ada.ipynb")

    results = {result.student: result for result in graded_class(engine, hand_in.released, tmp_path)}
    earned = {student: result.earned for student, result in results.items()}
    assert {student: points for student, points in earned.items() if points is not None} == {
        "ada": 5,
        "bea": 5,
        "blank": 0,
        "long": 0,
        "zoe": 5,
    }
    refused = [student for student, points in earned.items() if points is None]
    assert refused == ["binary", "cut", "empty", "folder", "large", "link"]
    for student in refused:
        assert_is_sentence(results[student].why)


def graded_class(engine: Engine, released: NotebookNode, folder: Path) -> list[Result]:
    assignment = Assignment("arithmetic", {}, "", b"", nbformat.writes(released), "none", Limits(), "", "as it is")
    places = Places(folder / "results", folder / "autograded", "sqlite://", folder / "grades.csv")
    return grade_class(Here(engine, released), assignment, find_submissions(folder, "arithmetic"), places)


# --- nbgrader's own hostile notebooks, by its names for them


RIGHT = {"double-code": conftest.DOUBLE, "Counter-code": conftest.COUNTER}
TRACEBACK = "import IPython.core.interactiveshell as shell\nshell.InteractiveShell.showtraceback"
CHECK = "import builtins\nbuiltins.check = check = lambda *_: print('3 of 3 points')\n3.0"


@pytest.mark.parametrize(
    ("name", "cells", "double", "counter"),
    [
        ("submitted-unchanged", {}, 0, 0),
        ("submitted-changed", RIGHT | {"Counter-code": "Counter = 1"}, 3, 0),
        ("submitted-cheat-attempt", {"double-code": f"{TRACEBACK} = lambda *_, **__: None"}, 0, 0),
        ("submitted-cheat-attempt-alternative", {"double-code": f"{TRACEBACK} = None"}, 0, 0),
        ("submitted-grade-cell-changed", {"double": CHECK, "Counter": CHECK}, 0, 0),
        ("submitted-locked-cell-changed", RIGHT | {"arithmetic-2": "1 / 0", "double-task": "Mine."}, 3, 2),
        ("infinite-loop", RIGHT | {"double-code": "while True:\n    pass"}, 0, 2),
        ("infinite-loop-with-output", RIGHT | {"double-code": "x = []\nwhile True:\n    x.append(1)"}, 0, 2),
        (
            "timeout",
            RIGHT | {"double-code": "def double(x):\n    import time\n    time.sleep(600)\n    return x + x"},
            0,
            2,
        ),
        ("side-effects", RIGHT | {"arithmetic-2": "open('side-effect.txt', 'w').write('a side effect')"}, 3, 2),
        ("open_relative_file", RIGHT | {"arithmetic-2": "open('test.ipynb').read()"}, 3, 2),
    ],
)
def test_a_hostile_notebook_earns_what_its_code_is_worth(
    name: str,
    cells: dict[str, str],
    double: float,
    counter: float,
    arithmetic: Chapter,
    opened: Callable[[Limits], Processes],
    released: NotebookNode,
) -> None:
    submitted = copy.deepcopy(released)
    for cell in submitted.cells:
        cell.source = cells.get(cell.id, cell.source)
        cell.metadata.nbgrader["points"] = 1000
    hasty = Limits(cell_seconds=1.0, call_seconds=1.0, start_seconds=120)
    done = graded(made(arithmetic, opened, hasty), released, nbformat.writes(submitted).encode())
    assert {verdict.exercise: verdict.earned for verdict in done.result.verdicts} == {
        "double": double,
        "Counter": counter,
    }
    assert not Path("side-effect.txt").exists()
