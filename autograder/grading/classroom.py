"""Grade what a class handed in: grade what is new, keep the rest, write results, notebooks and a CSV."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.courseroot import CourseRoot
from autograder.grading.engine import Engine
from autograder.grading.handed_in import Submission
from autograder.grading.process import InfrastructureError
from autograder.grading.repair import repair
from autograder.grading.report import explain_refusal, fill_outputs
from autograder.grading.results import Result, load, result_path, save, submission_key, write_atomically
from autograder.grading.submission import NotANotebookError, read_notebook, read_released

_ENDED = "the grader ended while it ran this; look at the file, then grade it with --students {student} --regrade"


@dataclass(frozen=True)
class Places:
    """Where the outcome of grading goes."""

    results: Path
    autograded: Path
    gradebook_url: str
    grades: Path


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
    released = read_released(course.released(engine.chapter.name))
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
        marker = result_path(places.results, engine.chapter.name, submission.student).with_suffix(".started")
        with _started(marker, regrade=regrade) as ended_before:
            result, notebook = (
                _refuse(engine, submission, key, released, _ENDED.format(student=submission.student))
                if ended_before
                else _grade(engine, submission, data, key, released)
            )
            _write_notebook(path, notebook, submission.handed_in)
            save(places.results, result)
        tell(result)
        results.append(result)
    return results


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

    if data is None:
        return _refuse(engine, submission, key, released, submission.problem or f"{file} cannot be read")
    try:
        notebook, notes = repair(read_notebook(data), released)
        graded = engine.grade(notebook)
    except (NotANotebookError, InfrastructureError) as error:
        return _refuse(engine, submission, key, released, str(error))
    result = Result(name, submission.student, "graded", "", file, key, engine.isolation, tuple(notes), graded.verdicts)
    return result, fill_outputs(notebook, graded)


def _refuse(
    engine: Engine, submission: Submission, key: str, released: NotebookNode, why: str
) -> tuple[Result, NotebookNode]:
    file = submission.file.name if submission.file else ""
    result = Result(engine.chapter.name, submission.student, "not graded", why, file, key, engine.isolation)
    return result, explain_refusal(released, why)


@contextlib.contextmanager
def _started(marker: Path, *, regrade: bool) -> Iterator[bool]:
    """Mark a submission as begun while it is graded; say whether an earlier grader ended in the middle of it.

    Whatever raises takes the mark away; only the end of the grader itself (a kill, no memory) leaves it.
    """
    if marker.exists() and not regrade:
        yield True
        return
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.touch()
    try:
        yield False
    finally:
        marker.unlink(missing_ok=True)


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
