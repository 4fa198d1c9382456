"""The sample class from end to end: with `nexttoken grade`, and with nbgrader's own commands."""

from __future__ import annotations

import csv
import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from autograder.courseroot import CourseRoot
from autograder.exercise import chapter_names, graded_chapter

pytestmark = pytest.mark.slow

#: The points of each submission; None for one that cannot be graded.
POINTS: dict[str, dict[str, float | None]] = {
    "next_token": {
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
    },
    "rag": {
        "01-all-right": 131,
        "02-another-way": 131,
        "04-half-done": 44,
        "05-usual-mistakes": 62,
        "06-other-mistakes": 47,
        "07-endless-loop": 125,
        "10-from-colab": 131,
    },
    "agents": {
        "01-all-right": 143,
        "02-another-way": 143,
        "04-half-done": 45,
        "05-usual-mistakes": 80,
        "06-other-mistakes": 64,
        "07-endless-loop": 134,
        "10-from-colab": 143,
    },
}
FULL = {"next_token": 131.0, "rag": 131.0, "agents": 143.0}
GRADED = {
    chapter: tuple(student for student, points in whole.items() if points is not None)
    for chapter, whole in POINTS.items()
}
#: Perfect, in part, wrong, rewritten by Colab, and one on which stock nbgrader's batch stops.
FIVE = ("01-all-right", "04-half-done", "06-other-mistakes", "10-from-colab", "12-cells-doubled")
#: In 04-half-done: an exercise that was not begun, and one that was and is not finished.
HALF = {
    "next_token": ("generate", "BPETokenizer"),
    "rag": ("k_star", "bm25_scores"),
    "agents": ("Guard", "Memory"),
}
MISTAKEN = ("05-usual-mistakes", "06-other-mistakes")

Grades = dict[str, dict[str, float | None]]


def gradebook(path: Path, chapter: str) -> Grades:
    """Read each student's points per exercise from a gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{path}", "nexttoken") as book:
        return {
            submission.student_id: {
                grade.name: grade.auto_score for notebook in submission.notebooks for grade in notebook.grades
            }
            for submission in book.find_assignment(chapter).submissions
        }


def total(points: dict[str, float | None]) -> float | None:
    earned = list(points.values())
    return None if None in earned else sum(earned)  # type: ignore[arg-type]


def lossy(chapter: str, points: dict[str, float | None], course: CourseRoot) -> set[str]:
    """Return the exercises in which a submission did not earn everything."""
    exercises = graded_chapter(chapter, course.hidden).exercises
    return {name for name, earned in points.items() if earned != exercises[name].points}


def answers(student: str, chapter: str, course: CourseRoot) -> dict[str, str]:
    """Return the answers that a student has of their own, by exercise."""
    roster = tomllib.loads((course.sample_class.parent / "roster.toml").read_text(encoding="utf-8"))
    written = roster[student][chapter].items()
    return {name: answer for name, answer in written if name not in {"others", "damage"} and answer != "reference"}


def test_every_chapter_has_its_points() -> None:
    assert chapter_names() == sorted(POINTS), "the sample class has submissions to every chapter: name their points"


@pytest.mark.parametrize("chapter", POINTS)
def test_the_full_points_are_those_of_the_chapter(chapter: str, course: CourseRoot) -> None:
    exercises = graded_chapter(chapter, course.hidden).exercises.values()
    assert sum(exercise.points for exercise in exercises) == FULL[chapter]


@pytest.mark.parametrize("chapter", POINTS)
@pytest.mark.parametrize("secret", ["5e" * 32, "0123456789abcdef" * 2])
def test_the_sample_class_gets_its_points_whatever_the_secret(
    secret: str, chapter: str, course: CourseRoot, run_in_course: Any
) -> None:
    done = run_in_course("nexttoken", "grade", chapter, "--sample", "--json", NEXTTOKEN_SECRET=secret)
    assert done.returncode == 0, done.stderr
    points = POINTS[chapter]
    assert {item["student"]: item["points"] for item in json.loads(done.stdout)} == points

    out = course.path / "build" / "sample"
    book = gradebook(out / "gradebook.db", chapter)
    assert {student: total(earned) for student, earned in book.items()} == points
    with (out / f"grades-{chapter}.csv").open(newline="", encoding="utf-8") as file:
        table = {row["student"]: row["points"] for row in csv.DictReader(file)}
    assert table == {student: "" if earned is None else f"{earned:g}" for student, earned in points.items()}
    for student in points:
        assert (out / "autograded" / student / chapter / f"{chapter}.ipynb").is_file()
        assert (out / "results" / chapter / f"{student}.json").is_file()
    assert secret not in done.stdout + done.stderr

    for student in (*MISTAKEN, "07-endless-loop"):  # a wrong answer costs something, and only its own exercise
        assert lossy(chapter, book[student], course) == set(answers(student, chapter, course)), student


def test_without_a_name_all_chapters_of_the_sample_class_are_graded(run_in_course: Any) -> None:
    done = run_in_course("nexttoken", "grade", "--sample", "--json", "--students", "01-all-right")
    assert done.returncode == 0, done.stderr
    assert {item["assignment"]: item["points"] for item in json.loads(done.stdout)} == FULL


@pytest.mark.parametrize(
    ("chapter", "students"),
    [("next_token", FIVE), *GRADED.items()],
    ids=["five", *GRADED],
)
def test_stock_nbgrader_gives_the_same_points_for_each_exercise(
    chapter: str, students: tuple[str, ...], course: CourseRoot, run_in_course: Any
) -> None:
    submitted = course.path / "submitted"
    expected = {student: POINTS[chapter][student] for student in students}
    for student in students:
        shutil.copytree(course.sample_class / student / chapter, submitted / student / chapter)

    for command in (("generate_assignment", chapter, "--force"), ("autograde", chapter), ("export",)):
        done = run_in_course("nbgrader", *command)
        assert done.returncode == 0, f"{command}: {done.stderr}"
    stock = gradebook(course.path / "gradebook.db", chapter)
    assert {student: total(points) for student, points in stock.items()} == expected

    exercises = graded_chapter(chapter, course.hidden).exercises
    untouched, begun = HALF[chapter]
    half = stock["04-half-done"]
    assert half[untouched] == 0
    assert 0 < (half[begun] or 0) < exercises[begun].points

    with (course.path / "grades.csv").open(newline="", encoding="utf-8") as file:
        exported = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert exported == expected

    done = run_in_course("nexttoken", "grade", chapter, "--submissions", "submitted", "--output", "ours")
    assert done.returncode == 0, done.stderr
    assert gradebook(course.path / "ours" / "gradebook.db", chapter) == stock

    done = run_in_course("nbgrader", "generate_feedback", chapter)
    assert done.returncode == 0, done.stderr
    page = (course.path / "feedback" / "06-other-mistakes" / chapter / f"{chapter}.html").read_text(encoding="utf-8")
    assert "Likely cause." in page
    hidden = [probe for exercise in exercises.values() for probe in exercise.probes if probe.hidden]
    assert ("Hidden probes:" in page) == bool(hidden)
    for probe in hidden:
        assert probe.title not in page
        assert probe.name not in page


def test_grading_again_keeps_what_is_graded_and_regrade_does_not(course: CourseRoot, run_in_course: Any) -> None:
    submitted = course.path / "handed-in"
    submitted.mkdir()
    source = course.sample_class / "04-half-done" / "next_token" / "next_token.ipynb"
    shutil.copy(source, submitted / "ada.ipynb")
    (submitted / "bea.ipynb").write_bytes(b"")

    def grade(*more: str) -> Any:
        command = ("nexttoken", "grade", "next_token", "--submissions", "handed-in", "--output", "out", "--json", *more)
        return run_in_course(*command)

    result = course.path / "out" / "results" / "next_token" / "ada.json"
    first = grade()
    assert first.returncode == 3, first.stderr  # bea's file is empty
    assert {item["student"]: item["points"] for item in json.loads(first.stdout)} == {"ada": 43, "bea": None}
    assert "bea: not graded: the file is empty" in first.stderr
    before = result.stat()
    assert json.loads(grade().stdout) == json.loads(first.stdout)
    assert (result.stat().st_ino, result.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert json.loads(grade("--regrade").stdout) == json.loads(first.stdout)
    assert result.stat().st_ino != before.st_ino or result.stat().st_mtime_ns != before.st_mtime_ns
