"""The sample class from end to end: with `nexttoken grade`, and with nbgrader's own commands."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from autograder.courseroot import CourseRoot
from autograder.exercise import chapter_names, graded_chapter

pytestmark = pytest.mark.slow

CHAPTER = "next_token"
FULL = 131.0
POINTS: dict[str, float | None] = {
    "01-all-right": 131,
    "02-another-way": 131,
    "03-untouched": 0,
    "04-half-done": 43,
    "05-usual-mistakes": 72,
    "06-other-mistakes": 67,
    "07-endless-loop": 125,
    "08-syntax-error": 118,
    "09-ends-the-process": 115,
    "10-from-colab": 131,
    "11-checks-deleted": 131,
    "12-cells-doubled": 131,
    "13-cut-off": None,
    "14-empty-file": None,
    "15-word-document": None,
    "16-not-a-notebook": None,
    "17-plain-text": None,
    "18-no-file": None,
}
#: Perfect, in part, wrong, rewritten by Colab, and one on which stock nbgrader's batch stops.
FIVE = ("01-all-right", "04-half-done", "06-other-mistakes", "10-from-colab", "12-cells-doubled")
GRADED = tuple(student for student, points in POINTS.items() if points is not None)


def gradebook(path: Path) -> dict[str, dict[str, float | None]]:
    """Read each student's points per exercise from a gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{path}", "nexttoken") as book:
        return {
            submission.student_id: {
                grade.name: grade.auto_score for notebook in submission.notebooks for grade in notebook.grades
            }
            for submission in book.find_assignment(CHAPTER).submissions
        }


def total(points: dict[str, float | None]) -> float | None:
    earned = list(points.values())
    return None if None in earned else sum(earned)  # type: ignore[arg-type]


def test_the_full_points_are_those_of_the_chapter(course: CourseRoot) -> None:
    exercises = graded_chapter(CHAPTER, course.hidden).exercises.values()
    assert chapter_names() == [CHAPTER], "the sample class has submissions to every chapter: name their points here"
    assert sum(exercise.points for exercise in exercises) == FULL


@pytest.mark.parametrize("secret", ["5e" * 32, "0123456789abcdef" * 2])
def test_the_sample_class_gets_its_points_whatever_the_secret(
    secret: str, course: CourseRoot, run_in_course: Any
) -> None:
    done = run_in_course("nexttoken", "grade", "--sample", "--json", NEXTTOKEN_SECRET=secret)
    assert done.returncode == 0, done.stderr
    assert {item["student"]: item["points"] for item in json.loads(done.stdout)} == POINTS

    out = course.path / "build" / "sample"
    book = gradebook(out / "gradebook.db")
    assert {student: total(points) for student, points in book.items()} == POINTS
    with (out / "grades-next_token.csv").open(newline="", encoding="utf-8") as file:
        table = {row["student"]: row["points"] for row in csv.DictReader(file)}
    assert table == {student: "" if points is None else f"{points:g}" for student, points in POINTS.items()}
    for student in POINTS:
        assert (out / "autograded" / student / CHAPTER / f"{CHAPTER}.ipynb").is_file()
        assert (out / "results" / CHAPTER / f"{student}.json").is_file()
    assert secret not in done.stdout + done.stderr


@pytest.mark.parametrize("students", [FIVE, pytest.param(GRADED, marks=pytest.mark.slow)], ids=["five", "all"])
def test_stock_nbgrader_gives_the_same_points_for_each_exercise(
    students: tuple[str, ...], course: CourseRoot, run_in_course: Any
) -> None:
    submitted = course.path / "submitted"
    for student in students:
        shutil.copytree(course.sample_class / student, submitted / student)

    for command in (("generate_assignment", CHAPTER, "--force"), ("autograde", CHAPTER), ("export",)):
        done = run_in_course("nbgrader", *command)
        assert done.returncode == 0, f"{command}: {done.stderr}"
    stock = gradebook(course.path / "gradebook.db")
    assert {student: total(points) for student, points in stock.items()} == {name: POINTS[name] for name in students}

    half = stock["04-half-done"]
    assert half["generate"] == 0
    assert 0 < half["BPETokenizer"] < graded_chapter(CHAPTER, course.hidden).exercises["BPETokenizer"].points

    with (course.path / "grades.csv").open(newline="", encoding="utf-8") as file:
        exported = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert exported == {name: POINTS[name] for name in students}

    done = run_in_course("nexttoken", "grade", CHAPTER, "--submissions", "submitted", "--output", "ours")
    assert done.returncode == 0, done.stderr
    assert gradebook(course.path / "ours" / "gradebook.db") == stock

    done = run_in_course("nbgrader", "generate_feedback", CHAPTER)
    assert done.returncode == 0, done.stderr
    page = (course.path / "feedback" / "06-other-mistakes" / CHAPTER / f"{CHAPTER}.html").read_text(encoding="utf-8")
    assert "Likely cause." in page
    assert "Hidden probes:" in page
    for probe in (probe for item in graded_chapter(CHAPTER, course.hidden).exercises.values() for probe in item.probes):
        if probe.hidden:
            assert probe.title not in page
            assert probe.name not in page


def test_grading_again_keeps_what_is_graded_and_regrade_does_not(course: CourseRoot, run_in_course: Any) -> None:
    submitted = course.path / "handed-in"
    submitted.mkdir()
    source = course.sample_class / "04-half-done" / CHAPTER / f"{CHAPTER}.ipynb"
    shutil.copy(source, submitted / "ada.ipynb")
    (submitted / "bea.ipynb").write_bytes(b"")

    def grade(*more: str) -> Any:
        command = ("nexttoken", "grade", CHAPTER, "--submissions", "handed-in", "--output", "out", "--json", *more)
        return run_in_course(*command)

    result = course.path / "out" / "results" / CHAPTER / "ada.json"
    first = grade()
    assert first.returncode == 3, first.stderr  # bea's file is empty
    assert {item["student"]: item["points"] for item in json.loads(first.stdout)} == {"ada": 43, "bea": None}
    assert "bea: not graded: the file is empty" in first.stderr
    before = result.stat()
    assert json.loads(grade().stdout) == json.loads(first.stdout)
    assert (result.stat().st_ino, result.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert json.loads(grade("--regrade").stdout) == json.loads(first.stdout)
    assert result.stat().st_ino != before.st_ino or result.stat().st_mtime_ns != before.st_mtime_ns
