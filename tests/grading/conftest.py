"""The student's package, unpacked, and small chapters to grade without torch."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.exercise import Chapter
from autograder.grading.assignment import Assignment
from autograder.grading.classroom import Places
from autograder.grading.isolation import Isolation, open_processes
from autograder.grading.process import Limits, Processes
from tests.conftest import absent

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def package() -> bytes:
    """Build the student's wheel once for each worker."""
    from autograder.release.package import student_package

    return student_package(ROOT)


@pytest.fixture(scope="session", params=["bubblewrap", "none"])
def isolation(request: pytest.FixtureRequest) -> Isolation:
    """Run a test once with each way to hold a process in."""
    return request.param  # type: ignore[no-any-return]


Opened = Callable[[Limits], Processes]


@pytest.fixture
def opened(package: bytes, isolation: Isolation) -> Iterator[Opened]:
    """Make where processes come from, under limits; what is opened is closed at the end."""
    made: list[Processes] = []

    def open_with(limits: Limits) -> Processes:
        made.append(open_processes(isolation, package, new_notebook(), limits))
        return made[-1]

    yield open_with
    for processes in made:
        processes.close()


@pytest.fixture
def arithmetic() -> Chapter:
    """Make a chapter of two exercises, ``double`` (3 points in two probes) and ``Counter`` (2 points)."""
    chapter = Chapter("arithmetic", "To count")
    double = chapter.function("double", title="To double", minutes=1, difficulty=1, oracle="arithmetic")

    @double.probe(points=2, cases=2)
    def doubles(impl: Any, rng: Any) -> Any:
        """It doubles."""
        return impl(int(rng.integers(3, 1000)))

    @double.probe(points=1, cases=1)
    def doubles_texts(impl: Any, rng: Any) -> Any:
        """It doubles a text."""
        return impl("ab" * int(rng.integers(1, 9)))

    counter = chapter.class_("Counter", title="To count", minutes=1, difficulty=1, oracle="arithmetic", methods=("up",))

    @counter.probe(points=2, cases=2)
    def counts(impl: Any, rng: Any) -> Any:
        """It counts."""
        one = impl(int(rng.integers(100)))
        return [one.up(), one.up()]

    return chapter


DOUBLE = "def double(x):\n    return x + x\n"
COUNTER = (
    "class Counter:\n    def __init__(self, start):\n        self.n = start\n\n"
    "    def up(self):\n        self.n += 1\n        return self.n\n"
)


def marked(cell: NotebookNode, grade_id: str, *, points: float | None = None, solution: bool = False) -> NotebookNode:
    """Give a cell nbgrader's metadata."""
    meta: dict[str, Any] = {"grade": points is not None, "solution": solution, "locked": not solution, "task": False}
    meta |= {"grade_id": grade_id, "schema_version": 3} | ({} if points is None else {"points": points})
    cell.id = grade_id
    cell.metadata = nbformat.from_dict({"nbgrader": meta})
    return cell


@pytest.fixture
def released() -> NotebookNode:
    """Make the release of the small chapter."""
    stub = "    raise NotImplementedError\n"
    cells = [
        marked(new_markdown_cell("# Count"), "arithmetic-1"),
        marked(new_code_cell("import math"), "arithmetic-2"),
        marked(new_markdown_cell("## double\n\nDouble."), "double-task"),
        marked(new_code_cell(f"def double(x):\n{stub}"), "double-code", solution=True),
        marked(new_code_cell("check(double)"), "double", points=3),
        marked(new_markdown_cell("## Counter\n\nCount."), "Counter-task"),
        marked(
            new_code_cell(f"class Counter:\n    def __init__(self, start):\n    {stub}"), "Counter-code", solution=True
        ),
        marked(new_code_cell("check(Counter)"), "Counter", points=2),
    ]
    notebook = new_notebook(cells=cells)
    notebook.nbformat_minor = 5
    return notebook


@pytest.fixture
def submit(released: NotebookNode) -> Callable[..., NotebookNode]:
    """Return a function that fills in the release: the code of each exercise, and cells added at the end."""

    def fill(double: str = DOUBLE, counter: str = COUNTER, *more: str) -> NotebookNode:
        filled = nbformat.from_dict(released)
        for cell in filled.cells:
            if cell.id == "double-code":
                cell.source = double
            if cell.id == "Counter-code":
                cell.source = counter
        filled.cells += [new_code_cell(source) for source in more]
        return filled

    return fill


@pytest.fixture
def small(released: NotebookNode) -> Assignment:
    """Make the release of the small chapter an assignment."""
    return Assignment("arithmetic", {}, "", b"", nbformat.writes(released), "none", Limits(), "", "as it is")


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "results", tmp_path / "autograded", "sqlite://", tmp_path / "grades.csv")


@pytest.fixture(scope="session")
def bubblewrap() -> None:
    """Be absent where bubblewrap is."""
    if shutil.which("bwrap") is None:
        absent("bubblewrap (apt-get install bubblewrap)")
