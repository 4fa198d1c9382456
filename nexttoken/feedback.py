"""`nexttoken feedback`: a page for each student and a report for the instructor, from what `nexttoken grade` found."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from autograder.courseroot import find_course
from autograder.exercise import graded_chapter
from autograder.grading.class_report import class_report
from autograder.grading.feedback import write_feedback
from autograder.grading.results import load_all, write_atomically


class NoResultsError(Exception):
    """Nothing of the assignment was graded yet, so there is nothing to say about it."""


def run_feedback(assignment: str, output: Path | None) -> None:
    """Write the pages and say where they are.

    Parameters
    ----------
    output
        The folder that `nexttoken grade` wrote to; by default the course. The students' pages go to
        ``feedback/<assignment>/``, which nbgrader does not use, and the report to ``results/``, which is no student's.

    Raises
    ------
    NoResultsError
        If there are no results.
    """
    course = find_course()
    chapter = graded_chapter(assignment, course.hidden)
    folder = (output or course.path).resolve()
    results = load_all(folder / "results", assignment)
    if not results:
        raise NoResultsError(
            f"{folder / 'results' / assignment} holds no results; run `nexttoken grade {assignment}` first, "
            "with the same --output"
        )
    pages = write_feedback(folder / "feedback", chapter, results)
    report = folder / "results" / f"{assignment}-class-report.html"
    write_atomically(report, class_report(chapter, results))
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"Students' pages: {len(pages)} in {pages[0].parent}", markup=False)
    console.print(f"Class report, not for students: {report}", markup=False)
    unread = {path.stem for path in (folder / "results" / assignment).glob("*.json")} - {
        item.student for item in results
    }
    for student in sorted(unread):
        console.print(f"  {student}: the result cannot be read; grade it again", markup=False)
