"""Grade one submission: run its cells in a process of its own, put the probes to it, judge the answers here."""

from __future__ import annotations

import hashlib
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from nbformat import NotebookNode

from autograder.courseroot import CourseRoot
from autograder.draws import graded_seed
from autograder.exercise import Chapter, Exercise, graded_chapter
from autograder.grading.isolation import Isolation, open_processes
from autograder.grading.process import InfrastructureError, Limits, Processes
from autograder.grading.session import Session
from autograder.grading.submission import is_experiment, read_released
from autograder.judge import judge
from autograder.observe import Outcome, Outcomes, observe
from autograder.proxy import LostError
from autograder.release.package import student_package
from autograder.trusted.reference import Reference, source_files
from autograder.trusted.secret import course_secret
from autograder.verdict import Verdict

#: A notebook whose cells or answers end the process this often is not run any further.
_MAX_RESTARTS = 6
LIMITS = Limits()


@dataclass(frozen=True)
class Graded:
    """What grading one notebook gave."""

    verdicts: tuple[Verdict, ...]
    #: The outputs of each cell that was run, by its place in the notebook.
    outputs: dict[int, list[Any]]

    @property
    def earned(self) -> float:
        """Points of all exercises together."""
        return sum(verdict.earned for verdict in self.verdicts)

    @property
    def possible(self) -> float:
        """Points that could be had."""
        return sum(verdict.possible for verdict in self.verdicts)


class Engine:
    """Grades submissions of one assignment, one after another; holds what they have in common."""

    def __init__(self, chapter: Chapter, secret: bytes, processes: Processes, limits: Limits) -> None:
        self.chapter = chapter
        self._seeds = {
            exercise.name: graded_seed(secret, chapter.name, exercise.name, exercise.version)
            for exercise in chapter.exercises.values()
        }
        self._reference = Reference(chapter.name)
        self._processes = processes
        self._limits = limits

    @classmethod
    def open(
        cls, course: CourseRoot, assignment: str, isolation: Isolation = "bubblewrap", limits: Limits = LIMITS
    ) -> Engine:
        """Make an engine for an assignment of a course, with its secret and hidden probes; close it at the end.

        Raises
        ------
        InfrastructureError
            If students' processes cannot be held in as asked.
        """
        if sys.platform == "win32":
            raise InfrastructureError("grading needs Linux or macOS; on Windows, run it in WSL")
        chapter = graded_chapter(assignment, course.hidden)
        secret, package = course_secret(course.path), student_package(course.path)
        processes = open_processes(isolation, package, read_released(course.released(assignment)), limits)
        return cls(chapter, secret, processes, limits)

    @property
    def isolation(self) -> str:
        """What holds students' processes in."""
        return self._processes.isolation

    def close(self) -> None:
        """End what starts students' processes."""
        self._processes.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fingerprint(self) -> str:
        """Hash what verdicts depend on besides the submission: draws, probes, code and key libraries."""
        state = hashlib.sha256()
        for name, seed in sorted(self._seeds.items()):
            exercise = self.chapter.exercises[name]
            state.update(hashlib.sha256(seed).digest())
            for probe in exercise.probes:
                state.update(f"{name} {probe.name} {probe.points} {probe.cases}".encode())
        ours = Path(__file__).parents[1].rglob("*.py")
        for path in sorted([*ours, *source_files(self.chapter.name)]):
            state.update(path.read_bytes())
        for library in ("numpy", "torch", "ipython"):
            state.update(f"{library} {version(library)}".encode())
        return state.hexdigest()

    def grade(self, notebook: NotebookNode) -> Graded:
        """Run a repaired notebook and judge every exercise.

        Raises
        ------
        InfrastructureError
            If the grader itself could not work. What the student's code does never raises.
        """
        run = _Run(self._cells(notebook), self._limits, self._processes)
        try:
            run.start()
            verdicts = tuple(self._verdict(exercise, run) for exercise in self.chapter.exercises.values())
        finally:
            run.close()
        return Graded(verdicts, run.outputs)

    def _cells(self, notebook: NotebookNode) -> list[tuple[int, str]]:
        names = set(self.chapter.exercises)
        return [
            (index, cell.source)
            for index, cell in enumerate(notebook.cells)
            if cell.cell_type == "code"
            and not is_experiment(cell)
            and cell.metadata.get("nbgrader", {}).get("grade_id") not in names
        ]

    def _verdict(self, exercise: Exercise, run: _Run) -> Verdict:
        seed = self._seeds[exercise.name]
        want = self._reference.want(exercise, seed)
        got = run.observe(exercise, seed)
        verdict = judge(exercise, got, want, {})
        if verdict.passed:
            return verdict
        return judge(exercise, got, want, self._reference.mistakes(exercise, seed))


def _lost(exercise: Exercise, status: Literal["timeout", "crash"], message: str) -> Outcomes:
    """Return the outcomes of an exercise whose process is not there to be asked."""
    return {probe.name: [Outcome(status, message=message)] for probe in exercise.probes}


class _Run:
    """The process behind one submission, started anew after it was lost."""

    def __init__(self, cells: list[tuple[int, str]], limits: Limits, processes: Processes) -> None:
        self._cells = cells
        self._limits = limits
        self._processes = processes
        self._session: Session | None = None
        self._skipped: set[int] = set()
        self._restarts = 0
        self._until = time.monotonic() + limits.submission_seconds
        self.outputs: dict[int, list[Any]] = {}

    def start(self) -> None:
        """Start a process and run the cells; a cell that ends the process is left out in the next one."""
        while time.monotonic() < self._until:
            self.close()
            self._session = Session(self._processes.start(), self._limits)
            self._session.until = self._until
            if self._run_cells(self._session):
                return

    def _run_cells(self, session: Session) -> bool:
        for index, source in self._cells:
            if index in self._skipped:
                continue
            try:
                self.outputs[index] = session.run_cell(source)
            except LostError as error:
                reason = "Timeout" if error.reason == "timeout" else "Crash"
                self.outputs[index] = [["error", reason, f"This cell ended the process: {error}.", []]]
                self._lose(index)
                return False
        return True

    def _lose(self, index: int) -> None:
        self._skipped.add(index)
        self._restarts += 1
        if self._restarts >= _MAX_RESTARTS:
            rest = [place for place, _ in self._cells if place > index]
            self._skipped.update(rest)
            for place in rest:
                self.outputs[place] = [["error", "Not run", "Too many cells before this one ended the process.", []]]

    def observe(self, exercise: Exercise, seed: bytes) -> Outcomes:
        """Put an exercise's probes; if that loses the process, the next exercise gets a fresh one."""
        if self._session is None:
            if self._restarts >= _MAX_RESTARTS:
                return _lost(exercise, "crash", "too many answers before this one ended the process")
            self.start()
        if self._session is None:
            seconds = self._limits.submission_seconds
            return _lost(exercise, "timeout", f"more than {seconds:g} seconds for the whole notebook")
        outcomes = observe(exercise, self._session, seed)
        if any(item.status in ("timeout", "crash") for items in outcomes.values() for item in items):
            self._restarts += 1
            self.close()
        return outcomes

    def close(self) -> None:
        """End the process, if there is one."""
        if self._session is not None:
            self._session.close()
            self._session = None
