"""Derive nbgrader's gradebook from results, in one transaction; marks given by hand are never touched."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.courseroot import CourseRoot
from autograder.exercise import Chapter
from autograder.grading.process import InfrastructureError
from autograder.grading.results import Result
from autograder.release.generate import GenerationError, generate_release

COURSE_ID = "nexttoken"
_SQLITE = b"SQLite format 3\x00"


def database_url(path: Path) -> str:
    """Return the URL of a gradebook file."""
    return f"sqlite:///{path}"


def shown(url: str) -> str:
    """Return a gradebook's URL as it may be printed: without its password, and of a file the path."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except ArgumentError:
        return "that NEXTTOKEN_GRADEBOOK names (not the URL of a database)"
    return parsed.database or url if parsed.drivername == "sqlite" else parsed.render_as_string(hide_password=True)


def write_gradebook(
    course: CourseRoot, chapter: Chapter, results: Iterable[Result], times: dict[str, datetime], url: str
) -> None:
    """Enter the points of all results of one assignment.

    A graded submission gets its points; one that is not graded is marked as needing a person, with no points entered.

    Parameters
    ----------
    times
        When each student handed in, where that is known; naive, in UTC.
    url
        SQLAlchemy URL of the gradebook. It is made if it is not there.

    Raises
    ------
    InfrastructureError
        If the gradebook cannot be read or written. It is as it was before then.
    """
    from nbgrader.api import Gradebook
    from sqlalchemy.exc import SQLAlchemyError

    demand_gradebook(url)
    try:
        generate_release(course, chapter, url)
        with Gradebook(url, COURSE_ID) as gradebook:
            session = gradebook.db
            assignment = gradebook.find_assignment(chapter.name)
            known = _known(session, assignment)
            for result in results:
                submission = known.get(result.student) or _new(session, assignment, result.student)
                _enter(submission, result, times.get(result.student))
            session.commit()
    except (SQLAlchemyError, GenerationError) as error:
        reason = str(error).partition("\n")[0]
        raise InfrastructureError(
            f"the gradebook {shown(url)} could not be written ({reason}). "
            "The results are kept: run the same command again, or first move the gradebook away to have it made anew "
            "(marks given by hand are in the old one only)"
        ) from error


def demand_gradebook(url: str) -> None:
    """Refuse what can be no gradebook, before anything is graded: a file of another kind, a database out of reach.

    Raises
    ------
    InfrastructureError
        With the reason.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError

    if url.startswith("sqlite:///"):
        _demand_sqlite(Path(url.removeprefix("sqlite:///")))
        return
    try:
        create_engine(url).connect().close()
    except (SQLAlchemyError, ImportError) as error:  # ImportError: its driver is not installed
        reason = str(error).partition("\n")[0]
        raise InfrastructureError(f"the gradebook {shown(url)} cannot be used: {reason}") from error


def _demand_sqlite(path: Path) -> None:
    """Refuse a file that is something else before nbgrader tries to make sense of it."""
    if path.is_file() and path.stat().st_size:
        with path.open("rb") as file:
            if file.read(len(_SQLITE)) != _SQLITE:
                raise InfrastructureError(f"{path} is no SQLite file, so no gradebook: move it away and run again")


def _enter(submission: Any, result: Result, time: datetime | None) -> None:
    if time is not None:
        submission.timestamp = time
    points = {verdict.exercise: verdict.earned for verdict in result.verdicts}
    for notebook in submission.notebooks:
        for grade in notebook.grades:
            score = points.get(grade.name)
            changed = grade.auto_score != score
            grade.auto_score = score
            if grade.manual_score is None:
                grade.needs_manual_grade = score is None
            elif changed:  # a mark was given by hand to something else: a person looks again
                grade.needs_manual_grade = True


def _known(session: Any, assignment: Any) -> dict[str, Any]:
    """Return the submissions that are in the gradebook, by student, with their grades: three queries for a class."""
    from nbgrader.api import SubmittedAssignment, SubmittedNotebook
    from sqlalchemy.orm import selectinload

    grades = selectinload(SubmittedAssignment.notebooks).selectinload(SubmittedNotebook.grades)
    found = session.query(SubmittedAssignment).filter_by(assignment_id=assignment.id).options(grades)
    return {submission.student_id: submission for submission in found}


def _new(session: Any, assignment: Any, student_id: str) -> Any:
    """Make a student's submission with its notebooks, grades and comments as nbgrader does."""
    from nbgrader.api import Comment, Grade, Student, SubmittedAssignment, SubmittedNotebook

    with session.no_autoflush:
        student = session.get(Student, student_id)
        if student is None:
            student = Student(id=student_id)
            session.add(student)
        submission = SubmittedAssignment(assignment=assignment, student=student)
        for notebook in assignment.notebooks:
            entry = SubmittedNotebook(notebook=notebook, assignment=submission)
            for cell in notebook.grade_cells:
                Grade(cell_id=cell.id, cell=cell, notebook=entry)
            for cell in notebook.solution_cells:
                Comment(cell_id=cell.id, cell=cell, notebook=entry)
        session.add(submission)
    return submission
