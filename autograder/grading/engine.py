"""Grade one submission: run its cells in a process of its own, put the probes to it, judge the answers here."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from nbformat import NotebookNode

from autograder.exercise import Chapter, Exercise
from autograder.grading.assignment import Assignment, code_hash
from autograder.grading.explain import explain
from autograder.grading.isolation import open_processes
from autograder.grading.process import InfrastructureError, Limits, Processes
from autograder.grading.session import Session
from autograder.grading.submission import is_experiment
from autograder.judge import judge
from autograder.observe import Outcome, Outcomes, observe
from autograder.proxy import LostError
from autograder.trusted.reference import Reference
from autograder.verdict import Verdict

#: A notebook whose cells or answers end the process this often is not run any further.
_MAX_RESTARTS = 6


@dataclass(frozen=True)
class Graded:
    """What grading one notebook gave."""

    verdicts: tuple[Verdict, ...]
    #: The outputs of each cell that was run, by its place in the notebook.
    outputs: dict[int, list[Any]]
    #: Whether a limit of time by the clock was reached, which may be the machine's fault.
    waited: bool = False
    #: What each exercise's probes observed.
    outcomes: Mapping[str, Outcomes] = field(default_factory=dict, compare=False, repr=False)
    #: How long running the cells, putting the probes, and comparing took.
    seconds: Mapping[str, float] = field(default_factory=dict, compare=False)

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

    def __init__(self, chapter: Chapter, seeds: Mapping[str, bytes], processes: Processes, limits: Limits) -> None:
        self.chapter = chapter
        self._seeds = seeds
        self._reference = Reference(chapter.name)
        self._processes = processes
        self._limits = limits

    @classmethod
    def open(cls, assignment: Assignment) -> Engine:
        """Make an engine for an assignment; close it at the end.

        Raises
        ------
        InfrastructureError
            If students' processes cannot be held in as asked, or this machine has another version of the grader.
        """
        if sys.platform == "win32":
            raise InfrastructureError("grading needs Linux or macOS; on Windows, run it in WSL")
        if code_hash(assignment.name) != assignment.code:
            raise InfrastructureError(
                "this worker has another version of the course, of Python, numpy, torch or IPython than the grader"
            )
        processes = open_processes(assignment.isolation, assignment.package, assignment.release, assignment.limits)
        return cls(assignment.chapter, assignment.seeds, processes, assignment.limits)

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

    def grade(self, notebook: NotebookNode) -> Graded:
        """Run a repaired notebook and judge every exercise.

        Raises
        ------
        InfrastructureError
            If the grader itself could not work. What the student's code does never raises.
        """
        clock = _Clock()
        run = _Run(self._cells(notebook), self._limits, self._processes, clock)
        try:
            run.start()
            outcomes = self._observe(run)
        finally:
            run.close()
        verdicts = tuple(
            self._verdict(exercise, outcomes[name], clock) for name, exercise in self.chapter.exercises.items()
        )
        return Graded(verdicts, run.outputs, run.waited, outcomes, clock.seconds)

    def _observe(self, run: _Run) -> dict[str, Outcomes]:
        """Put all probes: the hidden ones of all exercises last, so that no public answer can tell of them."""
        outcomes: dict[str, Outcomes] = {name: {} for name in self.chapter.exercises}
        for hidden in (False, True):
            for name, exercise in self.chapter.exercises.items():
                part = exercise.only(hidden=hidden)
                if part.probes and not _is_lost(outcomes[name]):
                    outcomes[name] |= run.observe(part, self._seeds[name])
        return outcomes

    def explain(self, graded: Graded) -> str:
        """Write every case behind the verdicts, for the instructor: draws, what was expected and what came."""
        parts = []
        for verdict in graded.verdicts:
            exercise, seed = self.chapter.exercises[verdict.exercise], self._seeds[verdict.exercise]
            got, want = graded.outcomes[verdict.exercise], self._reference.want(exercise, seed)
            parts.append(explain(exercise, seed, got, want, verdict))
        return "\n\n".join(parts)

    def _cells(self, notebook: NotebookNode) -> list[tuple[int, str]]:
        names = set(self.chapter.exercises)
        return [
            (index, cell.source)
            for index, cell in enumerate(notebook.cells)
            if cell.cell_type == "code"
            and not is_experiment(cell)
            and cell.metadata.get("nbgrader", {}).get("grade_id") not in names
        ]

    def _verdict(self, exercise: Exercise, got: Outcomes, clock: _Clock) -> Verdict:
        seed = self._seeds[exercise.name]
        with clock.phase("reference"):
            want = self._reference.want(exercise, seed)
        with clock.phase("compare"):
            verdict = judge(exercise, got, want, {})
            if verdict.passed:
                return verdict
            return judge(exercise, got, want, self._reference.mistakes(exercise, seed))


class _Clock:
    """Adds up how long each phase took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Count what is inside."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


def _is_lost(outcomes: Outcomes) -> bool:
    """Say whether an exercise has ended its process, or its name is missing: nothing more is asked of it."""
    return any(item.status in ("timeout", "crash", "missing") for items in outcomes.values() for item in items)


def _lost(exercise: Exercise, status: Literal["timeout", "crash"], message: str) -> Outcomes:
    """Return the outcomes of an exercise whose process is not there to be asked."""
    return {probe.name: [Outcome(status, message=message)] for probe in exercise.probes}


class _Run:
    """The process behind one submission, started anew after it was lost."""

    def __init__(self, cells: list[tuple[int, str]], limits: Limits, processes: Processes, clock: _Clock) -> None:
        self._cells = cells
        self._limits = limits
        self._processes = processes
        self._clock = clock
        self._session: Session | None = None
        self._skipped: set[int] = set()
        self._restarts = 0
        self._asked = False
        self._until = time.monotonic() + limits.submission_seconds
        self.outputs: dict[int, list[Any]] = {}
        self.waited = False

    def start(self) -> None:
        """Start a process and run the cells; a cell that ends the process is left out in the next one."""
        with self._clock.phase("run"):
            while time.monotonic() < self._until:
                self.close()
                self._session = Session(self._processes.start(), self._limits)
                self._session.until = self._until
                if self._run_cells(self._session):
                    return
        self.close()
        self.waited = True

    def _run_cells(self, session: Session) -> bool:
        for index, source in self._cells:
            if index in self._skipped:
                continue
            try:
                self._keep(index, session.run_cell(source))
            except LostError as error:
                reason = "Timeout" if error.reason == "timeout" else "Crash"
                self._keep(index, [["error", reason, f"This cell ended the process: {error}.", []]])
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
                self._keep(place, [["error", "Not run", "Too many cells before this one ended the process.", []]])

    def _keep(self, index: int, outputs: list[Any]) -> None:
        """Keep what a cell put out, but for a repetition: an earlier process may have been asked a secret by then."""
        if not self._asked:
            self.outputs[index] = outputs

    def observe(self, exercise: Exercise, seed: bytes) -> Outcomes:
        """Put an exercise's probes; if that loses the process, the next exercise gets a fresh one."""
        if self._session is None:
            if self._restarts >= _MAX_RESTARTS:
                return _lost(exercise, "crash", "too many answers before this one ended the process")
            self.start()
        if self._session is None:
            seconds = self._limits.submission_seconds
            return _lost(exercise, "timeout", f"more than {seconds:g} seconds for the whole notebook")
        self._asked = True
        with self._clock.phase("probe"):
            outcomes = observe(exercise, self._session, seed)
        if any(item.status in ("timeout", "crash") for items in outcomes.values() for item in items):
            self._restarts += 1
            self.close()
        return outcomes

    def close(self) -> None:
        """End the process, if there is one."""
        if self._session is not None:
            self.waited = self.waited or self._session.waited
            self._session.close()
            self._session = None
