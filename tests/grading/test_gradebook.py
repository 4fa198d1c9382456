"""nbgrader's gradebook follows from the results; what a person entered by hand is never touched."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Base, Gradebook
from sqlalchemy import create_engine

from autograder.courseroot import CourseRoot
from autograder.exercise import Chapter, chapter_names, graded_chapter
from autograder.grading.gradebook import COURSE_ID, database_url, write_gradebook
from autograder.grading.process import InfrastructureError
from autograder.grading.results import Result
from autograder.verdict import ProbeVerdict, Verdict

CHAPTER = chapter_names()[0]
WHEN = datetime(2026, 11, 2, 9, 15)  # noqa: DTZ001 - nbgrader's are naive, in UTC


@pytest.fixture
def chapter(course: CourseRoot) -> Chapter:
    return graded_chapter(CHAPTER, course.hidden)


@pytest.fixture
def exercises(chapter: Chapter) -> list[str]:
    return list(chapter.exercises)


@pytest.fixture(scope="session")
def empty_gradebook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a gradebook's tables once for each worker; nbgrader itself starts two programs for its version number."""
    path = tmp_path_factory.mktemp("gradebook") / "gradebook.db"
    engine = create_engine(database_url(path))
    Base.metadata.create_all(engine)
    engine.dispose()
    return path


@pytest.fixture
def database(empty_gradebook: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(empty_gradebook, tmp_path / "gradebook.db"))


@pytest.fixture
def enter(course: CourseRoot, chapter: Chapter, database: Path) -> Callable[..., None]:
    """Return a function that enters results."""

    def write(*results: Result, times: dict[str, datetime] | None = None) -> None:
        write_gradebook(course, chapter, results, times or {}, database_url(database))

    return write


def graded(student: str, exercises: list[str], *points: float) -> Result:
    """Return a result with points for the first exercises, and none for the others."""
    given = dict(zip(exercises, points, strict=False))
    verdicts = tuple(
        Verdict(name, "", (ProbeVerdict("p", "", given.get(name) or 1, bool(given.get(name)), 1, 1, False, None),))
        for name in exercises
    )
    return Result(CHAPTER, student, "graded", "", "", "", "none", (), verdicts)


def not_graded(student: str) -> Result:
    return Result(CHAPTER, student, "not graded", "the file is empty", "", "", "none")


class Book:
    """What the gradebook says of one student."""

    def __init__(self, database: Path, student: str) -> None:
        with Gradebook(database_url(database), COURSE_ID) as gradebook:
            submission = gradebook.find_submission(CHAPTER, student)
            (notebook,) = submission.notebooks
            self.grades = {
                grade.name: (grade.auto_score, grade.manual_score, grade.extra_credit, grade.needs_manual_grade)
                for grade in notebook.grades
            }
            self.score = submission.score
            self.max_score = submission.max_score
            self.needs_manual_grade = submission.needs_manual_grade
            self.timestamp = submission.timestamp
            self.comments = len(notebook.comments)
            self.students = sorted(item.id for item in gradebook.students)


def by_hand(database: Path, student: str, exercise: str, **marks: Any) -> None:
    """Enter marks as formgrader does."""
    with Gradebook(database_url(database), COURSE_ID) as gradebook:
        grade = gradebook.find_grade(exercise, CHAPTER, CHAPTER, student)
        for name, value in marks.items():
            setattr(grade, name, value)
        gradebook.db.commit()


def test_points_arrive_for_each_exercise_and_sum_up(
    enter: Any, database: Path, exercises: list[str], chapter: Chapter
) -> None:
    enter(graded("ada", exercises, 3, 0, 2.5))
    book = Book(database, "ada")
    assert {name: grade[0] for name, grade in book.grades.items()} == dict(
        zip_longest(exercises, (3, 0, 2.5), fillvalue=0)
    )
    assert book.score == 5.5
    assert book.max_score == sum(exercise.points for exercise in chapter.exercises.values())
    assert not book.needs_manual_grade
    assert book.comments == len(exercises)


def test_the_time_of_handing_in_arrives_and_stays_when_it_is_not_known_again(
    enter: Any, database: Path, exercises: list[str]
) -> None:
    enter(graded("ada", exercises, 1, 1, 1), times={"ada": WHEN})
    enter(graded("ada", exercises, 1, 1, 1))
    assert Book(database, "ada").timestamp == WHEN


def test_what_is_not_graded_needs_a_person_and_has_no_score(enter: Any, database: Path) -> None:
    enter(not_graded("ada"))
    book = Book(database, "ada")
    assert book.needs_manual_grade
    assert {grade[0] for grade in book.grades.values()} == {None}
    assert {grade[3] for grade in book.grades.values()} == {True}


def test_what_was_not_graded_and_now_is_needs_nobody(enter: Any, database: Path, exercises: list[str]) -> None:
    enter(not_graded("ada"))
    enter(graded("ada", exercises, 1, 2, 3))
    assert Book(database, "ada").score == 6
    assert not Book(database, "ada").needs_manual_grade


def test_entering_again_replaces_points_and_doubles_nothing(enter: Any, database: Path, exercises: list[str]) -> None:
    enter(graded("ada", exercises, 1, 1, 1), graded("bea", exercises, 2, 2, 2))
    enter(graded("ada", exercises, 3, 3, 3), graded("bea", exercises, 2, 2, 2))
    assert Book(database, "ada").score == 9
    assert Book(database, "bea").score == 6
    assert Book(database, "ada").students == ["ada", "bea"]


def test_marks_given_by_hand_and_extra_credit_survive_a_regrade(
    enter: Any, database: Path, exercises: list[str]
) -> None:
    first, second, *_ = exercises
    enter(graded("ada", exercises, 1, 1, 1))
    by_hand(database, "ada", first, manual_score=7.0, needs_manual_grade=False)
    by_hand(database, "ada", second, extra_credit=0.5)
    enter(graded("ada", exercises, 2, 2, 2))
    grades = Book(database, "ada").grades
    assert grades[first][:2] == (2, 7.0)
    assert grades[first][3], "a mark by hand on points that changed is for a person to look at"
    assert grades[second][:3] == (2, None, 0.5)
    assert not grades[second][3]
    enter(not_graded("ada"))
    assert Book(database, "ada").grades[first][1] == 7.0
    assert Book(database, "ada").grades[second][2] == 0.5


def test_a_mark_by_hand_is_not_asked_for_again_when_nothing_changed(
    enter: Any, database: Path, exercises: list[str]
) -> None:
    first = exercises[0]
    enter(graded("ada", exercises, 1, 1, 1))
    by_hand(database, "ada", first, manual_score=7.0, needs_manual_grade=False)
    enter(graded("ada", exercises, 1, 1, 1))
    assert Book(database, "ada").grades[first][1] == 7.0
    assert not Book(database, "ada").grades[first][3]


def test_students_who_are_not_among_the_results_are_left_alone(
    enter: Any, database: Path, exercises: list[str]
) -> None:
    enter(graded("ada", exercises, 1, 1, 1), graded("bea", exercises, 1, 1, 1))
    enter(graded("bea", exercises, 0, 0, 0))
    assert Book(database, "ada").score == 3


def test_no_results_make_the_assignment_known_and_nothing_else(enter: Any, database: Path) -> None:
    enter()
    with Gradebook(database_url(database), COURSE_ID) as gradebook:
        assert [item.name for item in gradebook.assignments] == [CHAPTER]
        assert gradebook.students == []


def refused(enter: Any, database: Path, result: Result) -> str:
    before = database.read_bytes()
    with pytest.raises(InfrastructureError) as error:
        enter(result)
    assert database.read_bytes() == before
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.slow
def test_a_locked_gradebook_is_left_as_it_was_and_the_remedy_named(
    enter: Any, database: Path, exercises: list[str]
) -> None:
    enter(graded("ada", exercises, 1, 1, 1))
    lock = sqlite3.connect(database)
    try:
        lock.execute("BEGIN EXCLUSIVE")
        said = refused(enter, database, graded("ada", exercises, 2, 2, 2))
    finally:
        lock.close()
    assert "locked" in said
    assert "run the same command again" in said
    enter(graded("ada", exercises, 2, 2, 2))
    assert Book(database, "ada").score == 6


def test_a_file_that_is_no_gradebook_is_left_as_it_was(enter: Any, database: Path, exercises: list[str]) -> None:
    database.write_bytes(b"not a database at all, but somebody's file " * 100)
    assert "is no SQLite file" in refused(enter, database, graded("ada", exercises, 2, 2, 2))


def test_a_failure_half_way_leaves_no_half_of_a_class(
    enter: Any, database: Path, exercises: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(graded("ada", exercises, 1, 1, 1), graded("bea", exercises, 1, 1, 1))
    bad = replace(graded("bea", exercises, 2, 2, 2), student="bea")
    broken = Verdict(exercises[0], "", (ProbeVerdict("p", "", "many", True, 1, 1, False, None),))  # type: ignore[arg-type]
    with pytest.raises((InfrastructureError, TypeError)):
        enter(graded("ada", exercises, 2, 2, 2), replace(bad, verdicts=(broken,)))
    assert Book(database, "ada").score == 3
    assert Book(database, "bea").score == 3


def test_a_gradebook_that_does_not_exist_yet_where_nothing_can_be_written_is_one_sentence(
    course: CourseRoot, chapter: Chapter, tmp_path: Path
) -> None:
    with pytest.raises(InfrastructureError, match="could not be written") as error:
        write_gradebook(course, chapter, [], {}, database_url(tmp_path / "absent" / "gradebook.db"))
    assert "\n" not in str(error.value)


def test_other_assignments_in_the_gradebook_are_left_alone(enter: Any, database: Path, exercises: list[str]) -> None:
    with Gradebook(database_url(database), COURSE_ID) as gradebook:
        gradebook.add_assignment("older")
        gradebook.add_student("zoe")
    enter(graded("ada", exercises, 1, 1, 1))
    with Gradebook(database_url(database), COURSE_ID) as gradebook:
        assert sorted(item.name for item in gradebook.assignments) == sorted([CHAPTER, "older"])
        assert gradebook.find_student("zoe").id == "zoe"
