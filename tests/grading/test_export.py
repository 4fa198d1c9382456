"""nbgrader's export with our column: what nobody graded is not read as a 0."""

import csv
import logging
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from traitlets.config import Config

from autograder.grading.export import COLUMNS, ExportWithStatus
from autograder.release.nbgrader_path import put_scripts_on_path

#: nbgrader's own way to add a submission.
pytestmark = pytest.mark.filterwarnings("ignore:Object of type:sqlalchemy.exc.SAWarning")


@pytest.fixture
def gradebook(tmp_path: Path) -> Gradebook:
    """Make a gradebook of one exercise and four students: graded, to be looked at, not graded, nothing handed in."""
    put_scripts_on_path()
    book = Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}")
    book.add_assignment("towers")
    book.add_notebook("towers", "towers")
    book.add_grade_cell("height", "towers", "towers", max_score=5, cell_type="code")
    for student, auto, manual in (("ada", 3.0, None), ("bea", 1.0, 4.0), ("cid", None, None), ("dot", None, None)):
        book.add_student(student)
        if student == "dot":
            continue
        book.add_submission("towers", student)
        grade = book.find_grade("height", "towers", "towers", student)
        grade.auto_score, grade.manual_score = auto, manual
        grade.needs_manual_grade = student != "ada"
        book.db.commit()
    yield book
    book.close()


def exported(gradebook: Gradebook, path: Path, **chosen: list[str]) -> list[dict[str, str]]:
    plugin = ExportWithStatus(config=Config({"ExportPlugin": {"to": str(path), **chosen}}))
    plugin.log = logging.getLogger("test")
    plugin.export(gradebook)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_scores_and_status_of_a_class(gradebook: Gradebook, tmp_path: Path) -> None:
    rows = exported(gradebook, tmp_path / "out.csv")
    assert [(row["student_id"], row["score"], row["status"]) for row in rows] == [
        ("ada", "3.0", "graded"),
        ("bea", "4.0", "needs grading"),
        ("cid", "", "needs grading"),
        ("dot", "0.0", "missing"),
    ]
    assert {row["max_score"] for row in rows} == {"5.0"}


def test_the_first_columns_are_those_of_stock_nbgrader() -> None:
    import inspect

    from nbgrader.plugins.export import CsvExportPlugin

    stock = inspect.getsource(CsvExportPlugin.export)
    assert all(f'"{column}"' in stock for column in COLUMNS[:-1])


def test_only_what_was_chosen_is_exported(gradebook: Gradebook, tmp_path: Path) -> None:
    rows = exported(gradebook, tmp_path / "out.csv", student=["bea"])
    assert [row["student_id"] for row in rows] == ["bea"]
    assert exported(gradebook, tmp_path / "out.csv", assignment=["rivers"]) == []
