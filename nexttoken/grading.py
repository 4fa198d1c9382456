"""`nexttoken grade`: a progress bar, a line per problem, a table at the end."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from autograder.courseroot import CourseRoot, find_course
from autograder.exercise import Chapter, chapter_names, load_chapter
from autograder.grading.assignment import Assignment
from autograder.grading.classroom import Places, Told, grade_class, grades_csv
from autograder.grading.engine import Engine, Graded
from autograder.grading.experiments import findings
from autograder.grading.gradebook import database_url, demand_gradebook, shown, write_gradebook
from autograder.grading.handed_in import find_submissions
from autograder.grading.isolation import Isolation
from autograder.grading.process import InfrastructureError
from autograder.grading.repair import repair
from autograder.grading.results import Result, load, load_all, submission_key, write_atomically
from autograder.grading.submission import notebook_of, read_json
from autograder.grading.workers import opened_workers
from nexttoken.scratch import scratch_folder
from nexttoken.selftest import cores

#: Columns where the output goes to a file or another program.
_PLAIN_WIDTH = 120
#: Columns in which every table fits, to find out how many it takes.
_BOUNDLESS = 1_000


@dataclass(frozen=True)
class GradeOrder:
    """What the command line asked for."""

    assignment: str | None
    submissions: Path | None
    students: tuple[str, ...]
    output: Path | None
    isolation: Isolation
    #: Processes of this machine; 0 for as many as it has cores.
    workers: int = 0
    #: Address of a Dask scheduler, whose workers are used instead.
    scheduler: str | None = None
    regrade: bool = False
    sample: bool = False
    as_json: bool = False


def run_grading(order: GradeOrder) -> int:
    """Grade as ordered and print what came of it.

    Returns
    -------
    int
        How many submissions could not be graded.
    """
    course = find_course()
    names = [order.assignment] if order.assignment else chapter_names()
    for name in names:
        load_chapter(name)  # an unknown assignment is refused before anything is written
    with scratch_folder():
        results = [result for name in names for result in _grade_assignment(course, name, order)]
    if order.as_json:
        print(json.dumps([result.to_json() for result in results], indent=1))  # noqa: T201
    return sum(result.status != "graded" for result in results)


def run_explaining(order: GradeOrder) -> str:
    """Grade one submission again, change nothing, and return all that is behind its verdict as text."""
    course, name = find_course(), order.assignment or ""
    load_chapter(name)
    (submission,) = find_submissions(_submissions(course, order), name, order.students)
    if submission.file is None:
        raise InfrastructureError(f"{submission.student}: not graded: {submission.problem}")
    assignment = Assignment.of(course, name, order.isolation)
    data = submission.read()
    content = read_json(data)
    found = findings(name, content)
    notebook, notes = repair(notebook_of(content), assignment.release)
    with scratch_folder(), Engine.open(assignment) as engine:
        graded = engine.grade(notebook)
        explained = engine.explain(graded)
    known = load(_places(course, name, order).results, name, submission.student)
    return "\n".join(
        [
            f"{submission.student}, {submission.file.name}",
            *notes,
            "",
            explained,
            *(f"\n{finding.experiment}, an experiment, earns no points\n{finding}" for finding in found),
            "",
            _compared(known, data, assignment, graded),
        ]
    )


def _compared(known: Result | None, data: bytes, assignment: Assignment, graded: Graded) -> str:
    """Say how the verdict that was just made stands to the one that is recorded."""
    if known is None:
        return "No result of this submission is recorded."
    if known.key != submission_key(data, assignment.fingerprint):
        return "The recorded result is of another file, other draws or another version of the course or its libraries."
    same = known.verdicts == graded.verdicts
    return (
        "The recorded result is the same."
        if same
        else "The recorded result is DIFFERENT: the code is not deterministic."
    )


def _submissions(course: CourseRoot, order: GradeOrder) -> Path:
    return order.submissions or (course.sample_class if order.sample else course.path / "submitted")


def _places(course: CourseRoot, name: str, order: GradeOrder) -> Places:
    apart = order.output or (course.path / "build" / "sample" if order.sample else None)
    folder = (apart or course.path).resolve()
    url = database_url(folder / "gradebook.db") if apart else course.gradebook_url
    return Places(folder / "results", folder / "autograded", url, folder / f"grades-{name}.csv")


def _grade_assignment(course: CourseRoot, name: str, order: GradeOrder) -> list[Result]:
    console = Console(stderr=order.as_json, highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = _PLAIN_WIDTH
    folder = _submissions(course, order)
    found = find_submissions(folder, name, order.students)
    places = _places(course, name, order)
    demand_gradebook(places.gradebook_url)
    assignment = Assignment.of(course, name, order.isolation)
    count = min(order.workers or cores(), len(found))
    who = order.scheduler or f"{count} worker{'s' if count > 1 else ''}"
    console.print(f"Grading {name}: {len(found)} submissions in {folder}, {who}", markup=False)
    with opened_workers(assignment, count, order.scheduler) as workers, _progress(console) as progress:
        task = progress.add_task(name, total=len(found), problems=0)
        problems = 0

        def tell(told: Told) -> None:
            nonlocal problems
            result = told.result
            if result.status != "graded":
                problems += 1
                console.print(f"  {result.student}: not graded: {result.why}", markup=False)
            for note in result.repairs:
                console.print(f"  {result.student}: repaired: {note}", markup=False)
            for finding in result.experiments:
                if finding.state in ("differs", "unreadable"):
                    said = " ".join(finding.remarks)
                    console.print(f"  {result.student}: {finding.experiment}: {said}", markup=False)
            if told.fault:
                console.print(told.fault, markup=False)
            progress.update(task, advance=1, problems=problems)

        try:
            results = grade_class(workers, assignment, found, places, regrade=order.regrade, tell=tell)
        except KeyboardInterrupt:
            raise InfrastructureError("interrupted; what was graded is kept, run the same command again") from None
    chapter = assignment.chapter
    times = {item.student: item.handed_in for item in found if item.handed_in is not None}
    write_gradebook(course, chapter, results, times, places.gradebook_url)
    # The CSV holds the whole class, also when only some were graded now.
    everyone = load_all(places.results, name)
    write_atomically(places.grades, grades_csv(everyone, chapter.exercises))
    console.print(points_table(results, chapter, console.width))
    console.print(
        f"Results: {places.results}\nGradebook: {shown(places.gradebook_url)}\nCSV: {places.grades}", markup=False
    )
    if order.isolation == "none":
        console.print(
            "Student code ran as processes of this user, not shut in (isolation: none): these results are not to be "
            "trusted, and whoever handed in could read what this account can read."
        )
    return results


class _Rate(ProgressColumn):
    """How many submissions are done in a minute."""

    def render(self, task: Task) -> Text:
        """Write the rate of the last seconds."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{60 * speed:.0f} a minute")


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[problems]} not graded"),
        _Rate(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


def points_table(results: list[Result], chapter: Chapter, width: int) -> RenderableType:
    """Lay out everybody's points; exercises whose names do not fit into the width are numbered, and named below."""
    names = list(chapter.exercises)
    named = _points(results, chapter, [name.replace("_", "_\n") for name in names])
    if Measurement.get(boundless := Console(width=_BOUNDLESS), boundless.options, named).maximum <= width:
        return named
    numbered = _points(results, chapter, [str(number) for number in range(1, len(names) + 1)])
    legend = Columns([f"{number:>2} {name}" for number, name in enumerate(names, 1)], padding=(0, 3))
    return Group(numbered, "", legend)


def _points(results: list[Result], chapter: Chapter, headings: list[str]) -> Table:
    exercises = chapter.exercises
    table = Table(box=None, pad_edge=False)
    table.add_column("student", no_wrap=True)
    for heading, exercise in zip(headings, exercises.values(), strict=True):
        table.add_column(f"{heading}\n/{exercise.points:g}", justify="right", no_wrap=True, vertical="bottom")
    possible = sum(exercise.points for exercise in exercises.values())
    table.add_column(f"all\n/{possible:g}", justify="right", no_wrap=True)
    for result in results:
        points = {verdict.exercise: f"{verdict.earned:g}" for verdict in result.verdicts}
        total = "not graded" if result.earned is None else f"{result.earned:g}"
        table.add_row(Text(result.student), *(points.get(name, "") for name in exercises), total)
    return table
