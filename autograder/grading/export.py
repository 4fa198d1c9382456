"""nbgrader's CSV export with one more column, so that what nobody graded is not read as a 0."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.plugins.export import ExportPlugin

from autograder.grading.inert import inert_cell

COLUMNS = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
    "status",
)


class ExportWithStatus(ExportPlugin):  # type: ignore[misc]
    """Write stock nbgrader's columns and ``status``: graded, needs grading, or missing.

    Where a submission has no score from anyone, its score columns are empty.
    """

    def export(self, gradebook: Gradebook) -> None:
        """Write the CSV file."""
        path = Path(self.to or "grades.csv")
        self.log.info("Exporting grades to %s", path)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            for assignment in gradebook.assignments:
                for student in gradebook.students:
                    if self._wanted(self.assignment, assignment.name) and self._wanted(self.student, student.id):
                        writer.writerow(_row(gradebook, assignment, student))

    @staticmethod
    def _wanted(chosen: Any, name: str) -> bool:
        return not chosen or name in [str(item) for item in chosen]


def _row(gradebook: Gradebook, assignment: Any, student: Any) -> dict[str, Any]:
    row = {
        "assignment": assignment.name,
        "duedate": assignment.duedate,
        "student_id": inert_cell(student.id or ""),
        "last_name": inert_cell(student.last_name or ""),
        "first_name": inert_cell(student.first_name or ""),
        "email": inert_cell(student.email or ""),
        "max_score": assignment.max_score,
    }
    try:
        submission = gradebook.find_submission(assignment.name, student.id)
    except MissingEntry:
        return {**row, "raw_score": 0.0, "late_submission_penalty": 0.0, "score": 0.0, "status": "missing"}
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    if all(grade.auto_score is None and grade.manual_score is None for grade in grades):
        return {**row, "timestamp": submission.timestamp, "status": "needs grading"}
    penalty = submission.late_submission_penalty
    return {
        **row,
        "timestamp": submission.timestamp,
        "raw_score": submission.score,
        "late_submission_penalty": penalty,
        "score": max(0.0, submission.score - penalty),
        "status": "needs grading" if submission.needs_manual_grade else "graded",
    }
