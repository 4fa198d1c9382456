"""The unit of work: one submission's bytes in, its result and its graded notebook out; the same on any machine."""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import nbformat
from nbformat import NotebookNode

from autograder.grading.engine import Graded
from autograder.grading.experiments import findings
from autograder.grading.process import InfrastructureError
from autograder.grading.remarks import remarks
from autograder.grading.repair import repair
from autograder.grading.report import explain_refusal, fill_outputs
from autograder.grading.results import Result
from autograder.grading.submission import NotANotebookError, notebook_of, read_json


@dataclass(frozen=True)
class Work:
    """One submission, as it was handed in."""

    assignment: str
    student: str
    #: The file's name, for people.
    file: str
    data: bytes | None
    #: Why there is no data.
    problem: str
    #: See `autograder.grading.results.Result`.
    key: str
    isolation: str


@dataclass(frozen=True)
class Done:
    """What came of it."""

    result: Result
    #: The graded notebook, as the text of an ``.ipynb`` file.
    notebook: str
    #: Whether it is to be tried again with the machine to itself: the grader failed, or a limit of time by the clock
    #: was reached, which a busy machine may be the cause of.
    retry: bool = False
    #: The traceback, if the grader itself failed.
    fault: str = ""
    #: How long each phase took.
    seconds: Mapping[str, float] = field(default_factory=dict, compare=False)


class Grader(Protocol):
    """What grades a repaired notebook: an `Engine`."""

    def grade(self, notebook: NotebookNode) -> Graded:
        """Run and judge it."""
        ...


def do(work: Work, grader: Grader, released: NotebookNode) -> Done:
    """Read, repair, run and judge one submission. Whatever happens is an answer; nothing is raised."""
    if work.data is None:
        return refused(work, released, work.problem)
    start = time.perf_counter()
    try:
        content = read_json(work.data)
        notebook, notes = repair(notebook_of(content), released)
        repaired = time.perf_counter()
        graded = grader.grade(notebook)
        seconds = {"repair": repaired - start, **graded.seconds}
        start = time.perf_counter()
        found = findings(work.assignment, content)
        text = nbformat.writes(fill_outputs(notebook, graded, found))
        seconds["report"] = time.perf_counter() - start
    except NotANotebookError as error:
        return refused(work, released, str(error))
    except InfrastructureError as error:
        return replace(refused(work, released, str(error)), retry=True)
    except Exception as error:  # a bug of ours must not cost a student anything, nor stop the class
        why = f"a fault of the grader ({type(error).__name__}: {error}); please report it"
        return replace(refused(work, released, why), retry=True, fault=traceback.format_exc())
    noted = (*notes, *remarks(notebook))
    result = replace(_result(work), status="graded", repairs=noted, verdicts=graded.verdicts, experiments=found)
    return Done(result, text, graded.waited, seconds=seconds)


def refused(work: Work, released: NotebookNode, why: str) -> Done:
    """Return that a submission is not graded, and why."""
    return Done(replace(_result(work), why=why), nbformat.writes(explain_refusal(released, why)))


def _result(work: Work) -> Result:
    return Result(work.assignment, work.student, "not graded", "", work.file, work.key, work.isolation)
