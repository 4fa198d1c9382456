"""Grade what a class handed in: find the files, grade what is new, write results, notebooks and a CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.courseroot import CourseRoot
from autograder.grading.engine import Engine
from autograder.grading.repair import repair
from autograder.grading.report import explain_refusal, fill_outputs
from autograder.grading.results import Result, load, save, submission_key, write_atomically
from autograder.grading.session import InfrastructureError
from autograder.grading.submission import NotANotebookError, read_notebook

ISOLATION = "none"


class NoSubmissionsError(Exception):
    """There is nothing to grade where the grader was told to look."""


@dataclass(frozen=True)
class Submission:
    """One student's file, or the place where it should be."""

    student: str
    #: The notebook; None if the student handed in something without one.
    file: Path | None
    #: Why `file` is None.
    problem: str = ""
    handed_in: datetime | None = None


@dataclass(frozen=True)
class Places:
    """Where the outcome of grading goes."""

    results: Path
    autograded: Path
    gradebook_url: str
    grades: Path


def find_submissions(folder: Path, assignment: str, students: Iterable[str] = ()) -> list[Submission]:
    """List a class's submissions, sorted by student.

    Two layouts are known: nbgrader's, ``<folder>/<student>/<assignment>/<assignment>.ipynb``, and a plain folder of
    ``<student>.ipynb``.

    Parameters
    ----------
    students
        If any are given, only these.

    Raises
    ------
    NoSubmissionsError
        If the folder is missing or holds nothing for the assignment, or a named student has nothing in it.
    """
    if not folder.is_dir():
        raise NoSubmissionsError(f"there is no folder {folder}; name the folder of submissions with --submissions")
    found = {item.student: item for item in _by_student(folder, assignment)}
    if not found:
        found = {
            path.stem: Submission(path.stem, path, "", _modified(path))
            for path in sorted(folder.glob("*.ipynb"))
            if path.is_file() and not path.is_symlink()
        }
    if not found:
        raise NoSubmissionsError(
            f"{folder} holds no submission to {assignment}: "
            f"expected STUDENT/{assignment}/{assignment}.ipynb, or STUDENT.ipynb"
        )
    wanted = list(students)
    unknown = [name for name in wanted if name not in found]
    if unknown:
        raise NoSubmissionsError(f"{unknown[0]} handed in nothing; there is: {', '.join(sorted(found))}")
    return [found[name] for name in sorted(found) if not wanted or name in wanted]


def _by_student(folder: Path, assignment: str) -> Iterator[Submission]:
    for place in sorted(folder.glob(f"*/{assignment}")):
        if not place.is_dir() or place.is_symlink():
            continue
        student = place.parent.name
        expected = place / f"{assignment}.ipynb"
        notebooks = sorted(path for path in place.glob("*.ipynb") if path.is_file() and not path.is_symlink())
        time = _timestamp(place / "timestamp.txt")
        if expected in notebooks or len(notebooks) == 1:
            yield Submission(student, expected if expected in notebooks else notebooks[0], "", time)
        elif not notebooks:
            yield Submission(student, None, "no notebook was handed in", time)
        else:
            names = ", ".join(path.name for path in notebooks)
            yield Submission(student, None, f"there are several notebooks and none is {expected.name}: {names}", time)


def _timestamp(path: Path) -> datetime | None:
    """Read nbgrader's ``timestamp.txt``: a date and a time, by default in UTC; None if there is none to read."""
    try:
        text = path.read_text(encoding="utf-8").strip()
        found = re.match(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)", text)
        return datetime.fromisoformat(f"{found[1]} {found[2]}") if found else None
    except (OSError, ValueError):
        return None


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None, microsecond=0)


def grade_class(
    engine: Engine,
    course: CourseRoot,
    submissions: Iterable[Submission],
    places: Places,
    *,
    regrade: bool = False,
    tell: Callable[[Result], None] = lambda _: None,
) -> list[Result]:
    """Grade what is new or changed and keep the rest.

    Parameters
    ----------
    regrade
        Grade everything again.
    tell
        Called with the result of each submission, as soon as it is known.

    Returns
    -------
    list of Result
        One per submission, in order.
    """
    fingerprint = engine.fingerprint()
    released = read_notebook_of(course, engine.chapter.name)
    results = []
    for submission in submissions:
        data = _read(submission)
        key = submission_key(data or b"", fingerprint)
        known = None if regrade else load(places.results, engine.chapter.name, submission.student)
        path = places.autograded / submission.student / engine.chapter.name / f"{engine.chapter.name}.ipynb"
        if known is not None and known.key == key and known.status == "graded" and path.exists():
            tell(known)
            results.append(known)
            continue
        result, notebook = _grade(engine, submission, data, key, released)
        _write_notebook(path, notebook, submission.handed_in)
        save(places.results, result)
        tell(result)
        results.append(result)
    return results


def read_notebook_of(course: CourseRoot, assignment: str) -> NotebookNode:
    """Read an assignment's released notebook with its metadata.

    Raises
    ------
    InfrastructureError
        If it is missing or damaged.
    """
    path = course.released(assignment)
    try:
        notebook: NotebookNode = nbformat.read(path, as_version=4)
    except Exception as error:
        raise InfrastructureError(
            f"the released notebook {path} cannot be read ({error}); run `nexttoken build`"
        ) from error
    return notebook


def _read(submission: Submission) -> bytes | None:
    if submission.file is None:
        return None
    try:
        return submission.file.read_bytes()
    except OSError:
        return None


def _grade(
    engine: Engine, submission: Submission, data: bytes | None, key: str, released: NotebookNode
) -> tuple[Result, NotebookNode]:
    name = engine.chapter.name
    file = submission.file.name if submission.file else ""

    def refused(why: str) -> tuple[Result, NotebookNode]:
        result = Result(name, submission.student, "not graded", why, file, key, ISOLATION)
        return result, explain_refusal(released, why)

    if data is None:
        return refused(submission.problem or f"{file} cannot be read")
    try:
        notebook, notes = repair(read_notebook(data), released)
        graded = engine.grade(notebook)
    except (NotANotebookError, InfrastructureError) as error:
        return refused(str(error))
    result = Result(name, submission.student, "graded", "", file, key, ISOLATION, tuple(notes), graded.verdicts)
    return result, fill_outputs(notebook, graded)


def _write_notebook(path: Path, notebook: NotebookNode, handed_in: datetime | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, nbformat.writes(notebook) + "\n")
    if handed_in is not None:
        write_atomically(path.with_name("timestamp.txt"), f"{handed_in:%Y-%m-%d %H:%M:%S} UTC\n")


def grades_csv(results: Iterable[Result], exercises: Iterable[str]) -> str:
    """Write the class as CSV: one line a student; where nothing was graded the points are empty, not 0."""
    names = list(exercises)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["student", "assignment", "status", "points", *names, "why"])
    for result in results:
        points = {verdict.exercise: f"{verdict.earned:g}" for verdict in result.verdicts}
        total = "" if result.earned is None else f"{result.earned:g}"
        row = [result.student, result.assignment, result.status, total, *(points.get(name, "") for name in names)]
        writer.writerow([*(_inert(item) for item in row), _inert(result.why)])
    return text.getvalue()


def _inert(text: str) -> str:
    """Keep a spreadsheet from reading a student's name as a formula, and a name with a return in one column."""
    text = text.replace("\r", " ")
    return f"'{text}" if text.lstrip()[:1] in ("=", "+", "-", "@") or text[:1] == "\t" else text
