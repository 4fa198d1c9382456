"""`nexttoken grade`: a progress bar, a line per problem, a table at the end."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from autograder.courseroot import CourseRoot, find_course
from autograder.exercise import chapter_names, load_chapter
from autograder.grading.classroom import Places, grade_class, grades_csv
from autograder.grading.engine import Engine
from autograder.grading.gradebook import database_url, write_gradebook
from autograder.grading.handed_in import find_submissions
from autograder.grading.isolation import Isolation
from autograder.grading.results import Result, load_all, write_atomically

#: Columns where the output goes to a file or another program.
_PLAIN_WIDTH = 120


@dataclass(frozen=True)
class GradeOrder:
    """What the command line asked for."""

    assignment: str | None
    submissions: Path | None
    students: tuple[str, ...]
    output: Path | None
    isolation: Isolation
    regrade: bool
    sample: bool
    as_json: bool


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
    results = [result for name in names for result in _grade_assignment(course, name, order)]
    if order.as_json:
        print(json.dumps([result.to_json() for result in results], indent=1))  # noqa: T201
    return sum(result.status != "graded" for result in results)


def _places(course: CourseRoot, name: str, order: GradeOrder) -> Places:
    folder = order.output or (course.path / "build" / "sample" if order.sample else course.path)
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return Places(
        folder / "results", folder / "autograded", database_url(folder / "gradebook.db"), folder / f"grades-{name}.csv"
    )


def _grade_assignment(course: CourseRoot, name: str, order: GradeOrder) -> list[Result]:
    console = Console(stderr=order.as_json, highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = _PLAIN_WIDTH
    folder = order.submissions or (course.sample_class if order.sample else course.path / "submitted")
    found = find_submissions(folder, name, order.students)
    places = _places(course, name, order)
    console.print(f"Grading {name}: {len(found)} submissions in {folder}")
    with Engine.open(course, name, order.isolation) as engine, _progress(console) as progress:
        task = progress.add_task(name, total=len(found), problems=0)
        problems = 0

        def tell(result: Result) -> None:
            nonlocal problems
            if result.status != "graded":
                problems += 1
                console.print(f"  {result.student}: not graded: {result.why}", markup=False)
            for note in result.repairs:
                console.print(f"  {result.student}: repaired: {note}", markup=False)
            progress.update(task, advance=1, problems=problems)

        results = grade_class(engine, course, found, places, regrade=order.regrade, tell=tell)
    times = {item.student: item.handed_in for item in found if item.handed_in is not None}
    write_gradebook(course, engine.chapter, results, times, places.gradebook_url)
    # The CSV holds the whole class, also when only some were graded now.
    everyone = load_all(places.results, name)
    write_atomically(places.grades, grades_csv(everyone, engine.chapter.exercises))
    console.print(_table(results, engine))
    console.print(f"Results: {places.results}\nGradebook: {places.gradebook_url}\nCSV: {places.grades}", markup=False)
    if order.isolation == "none":
        console.print(
            "Student code ran as processes of this user, not shut in (isolation: none): these results are not to be "
            "trusted, and whoever handed in could read what this account can read."
        )
    return results


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[problems]} not graded"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


def _table(results: list[Result], engine: Engine) -> Table:
    exercises = engine.chapter.exercises
    table = Table(box=None, pad_edge=False)
    table.add_column("student", no_wrap=True)
    for name, exercise in exercises.items():
        table.add_column(f"{name} /{exercise.points:g}", justify="right", overflow="fold")
    table.add_column(f"all /{sum(exercise.points for exercise in exercises.values()):g}", justify="right")
    for result in results:
        points = {verdict.exercise: f"{verdict.earned:g}" for verdict in result.verdicts}
        total = "not graded" if result.earned is None else f"{result.earned:g}"
        table.add_row(result.student, *(points.get(name, "") for name in exercises), total)
    return table
