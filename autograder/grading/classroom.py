"""Grade what a class handed in: grade what is new, keep the rest, write results, notebooks and a CSV."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from autograder.grading.assignment import Assignment
from autograder.grading.handed_in import Submission, UnreadableError
from autograder.grading.inert import inert_cell
from autograder.grading.process import InfrastructureError
from autograder.grading.results import Result, load, save, single_writer, submission_key, write_atomically
from autograder.grading.work import Done, Work, refused
from autograder.grading.workers import WorkerLostError, Workers

#: How often a piece of work may lose its worker before it is set aside.
_MOST_LOSSES = 2


@dataclass(frozen=True)
class Places:
    """Where the outcome of grading goes."""

    results: Path
    autograded: Path
    gradebook_url: str
    grades: Path


@dataclass(frozen=True)
class Told:
    """What is said of a submission as soon as its result is known."""

    result: Result
    #: Whether the result was there already.
    kept: bool = False
    #: The traceback, if the grader failed.
    fault: str = ""
    #: How long each phase took.
    seconds: Mapping[str, float] = field(default_factory=dict)


def grade_class(
    workers: Workers,
    assignment: Assignment,
    submissions: Iterable[Submission],
    places: Places,
    *,
    regrade: bool = False,
    tell: Callable[[Told], None] = lambda _: None,
) -> list[Result]:
    """Grade what is new or changed and keep the rest.

    Results are written one by one, as they come. A run that is ended at any moment loses only what was under way.

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

    Raises
    ------
    InfrastructureError
        If nothing can be graded here, or results cannot be written. What was written until then is kept.
    """
    submissions = list(submissions)
    results: dict[str, Result] = {}
    handed_in = {submission.student: submission.handed_in for submission in submissions}

    def works() -> Iterator[Work]:
        for submission in submissions:
            work = _work(submission, assignment)
            known = None if regrade else _known(work, places)
            if known is None:
                yield work
            else:
                results[work.student] = known
                tell(Told(known, kept=True))

    with single_writer(places.results), single_writer(places.autograded):
        for done, seconds in _all_done(workers, assignment, works()):
            start = time.perf_counter()
            _write(done, places, handed_in[done.result.student])
            phases = {**seconds, "write": time.perf_counter() - start}
            results[done.result.student] = done.result
            tell(Told(done.result, fault=done.fault, seconds=phases))
    return [results[submission.student] for submission in submissions]


def _work(submission: Submission, assignment: Assignment) -> Work:
    data, problem, name = None, submission.problem, ""
    if submission.file is not None:
        name = submission.file.name
        try:
            data = submission.read()
        except UnreadableError as error:
            problem = str(error)
    key = submission_key(data or b"", assignment.fingerprint)
    return Work(assignment.name, submission.student, name, data, problem, key, assignment.isolation)


def _known(work: Work, places: Places) -> Result | None:
    """Return the result of an earlier run, if it is of this submission, and its notebook is there too."""
    known = load(places.results, work.assignment, work.student)
    if known is None or known.key != work.key or known.status != "graded":
        return None
    return known if _notebook(places, known).exists() else None


def _all_done(
    workers: Workers, assignment: Assignment, works: Iterator[Work]
) -> Iterator[tuple[Done, Mapping[str, float]]]:
    """Yield each piece of work when it is done, with the seconds of its phases; those to be tried alone at the end."""
    again: list[Work] = []
    for work, done, seconds in _under_way(workers, assignment, works, most=workers.most):
        if done.retry:
            again.append(work)
        else:
            yield done, seconds
    for _, done, seconds in _under_way(workers, assignment, iter(again), most=1):
        yield done, seconds


def _under_way(
    workers: Workers, assignment: Assignment, works: Iterator[Work], most: int
) -> Iterator[tuple[Work, Done, Mapping[str, float]]]:
    """Keep up to `most` pieces of work under way, and yield each when it is done."""
    begun: dict[Future[Done], tuple[Work, float, int]] = {}

    def begin(work: Work, losses: int) -> None:
        begun[workers.submit(work)] = (work, time.perf_counter(), losses)

    while True:
        while len(begun) < most and (work := next(works, None)) is not None:
            begin(work, 0)
        if not begun:
            return
        for future in wait(begun, return_when=FIRST_COMPLETED).done:
            work, start, losses = begun.pop(future)
            try:
                done = future.result()
            except WorkerLostError as error:
                if losses + 1 < _MOST_LOSSES:
                    begin(work, losses + 1)
                    continue
                why = f"the worker that graded it was lost {_MOST_LOSSES} times ({error}); run the same command again"
                done = refused(work, assignment.release, why)
            spent = sum(done.seconds.values())
            yield work, done, {**done.seconds, "queue": time.perf_counter() - start - spent}


def _notebook(places: Places, result: Result) -> Path:
    return places.autograded / result.student / result.assignment / f"{result.assignment}.ipynb"


def _write(done: Done, places: Places, handed_in: datetime | None) -> None:
    """Write the notebook first, then the result: a result says that all of it is there."""
    path = _notebook(places, done.result)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, done.notebook + "\n")
        if handed_in is not None:
            write_atomically(path.with_name("timestamp.txt"), f"{handed_in:%Y-%m-%d %H:%M:%S} UTC\n")
        save(places.results, done.result)
    except OSError as error:
        raise InfrastructureError(
            f"the result of {done.result.student} cannot be written ({error.strerror or error}: "
            f"{error.filename or places.results}). What was graded before is kept: run the same command again"
        ) from error


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
        writer.writerow([*(inert_cell(item) for item in row), inert_cell(result.why)])
    return text.getvalue()
