"""How nbgrader's own commands come to our verdicts: the preprocessors named in ``nbgrader_config.py``."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Literal

from nbformat import NotebookNode
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    IncludeHeaderFooter,
    LockCells,
    NbGraderPreprocessor,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
    SaveCells,
)
from traitlets import Enum

from autograder.courseroot import find_course
from autograder.grading.submission import is_experiment
from autograder.release.digest import digest
from autograder.verdict import Verdict

if TYPE_CHECKING:
    from autograder.grading.engine import Engine


class StampRelease(NbGraderPreprocessor):  # type: ignore[misc]
    """Write a digest of the cells into the notebook, so that the generator never overwrites one that was changed."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Add the stamp."""
        nb.metadata["nexttoken"] = {"assignment": resources["nbgrader"]["assignment"], "digest": digest(nb)}
        return nb, resources


class OpenExperiments(NbGraderPreprocessor):  # type: ignore[misc]
    """Let students edit the cells of experiments, as their text asks them to: none of them is run at grading."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], _index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Take off the lock that editors respect; nbgrader's mark stays."""
        if is_experiment(cell):
            cell.metadata.pop("editable", None)
        return cell, resources


class RepairSubmission(NbGraderPreprocessor):  # type: ignore[misc]
    """Bring a submission back to the release's form before nbgrader reads its metadata, and without its outputs."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Repair the notebook and log a line per repair, and what is to be said of its recorded experiments."""
        from autograder.grading.experiments import findings
        from autograder.grading.repair import repair
        from autograder.grading.submission import read_released

        assignment, student = resources["nbgrader"]["assignment"], resources["nbgrader"]["student"]
        repaired, notes = repair(nb, read_released(find_course().released(assignment)))
        for note in notes:
            self.log.warning("%s: %s", student, note)
        for finding in findings(assignment, nb):
            self.log.info("%s: %s: %s", student, finding.experiment, " ".join(finding.remarks))
        return repaired, resources


class GradeByProbes(NbGraderPreprocessor):  # type: ignore[misc]
    """Run the submission in a process of its own and judge it from this one; the outputs are ours."""

    isolation = Enum(
        ["bubblewrap", "none"],
        "bubblewrap",
        help="How students' processes are held in; none is for code that you trust.",
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Put outputs and verdicts into the notebook, and the verdicts into the resources."""
        from autograder.grading.report import fill_outputs

        graded = _engine(resources["nbgrader"]["assignment"], self.isolation).grade(nb)
        resources["nexttoken"] = {verdict.exercise: verdict for verdict in graded.verdicts}
        return fill_outputs(nb, graded), resources


@functools.cache
def _engine(assignment: str, isolation: Literal["bubblewrap", "none"]) -> Engine:
    """Open an engine for the whole run: nbgrader makes new preprocessors for each submission."""
    from autograder.grading.assignment import Assignment
    from autograder.grading.engine import Engine

    return Engine.open(Assignment.of(find_course(), assignment, isolation))


class SaveVerdicts(SaveAutoGrades):  # type: ignore[misc]
    """Record the points of our verdicts, where nbgrader would go by what the cell printed."""

    def _add_score(self, cell: NotebookNode, resources: dict[str, Any]) -> None:
        verdict: Verdict | None = resources.get("nexttoken", {}).get(cell.metadata["nbgrader"]["grade_id"])
        if verdict is None:
            super()._add_score(cell, resources)
            return
        grade = self.gradebook.find_grade(verdict.exercise, self.notebook_id, self.assignment_id, self.student_id)
        grade.auto_score = verdict.earned
        grade.needs_manual_grade = grade.manual_score is not None
        self.gradebook.db.commit()


RELEASE = [
    IncludeHeaderFooter,
    LockCells,
    OpenExperiments,
    ClearSolutions,
    ClearOutput,
    CheckCellMetadata,
    ComputeChecksums,
    SaveCells,
    ClearHiddenTests,
    ClearMarkScheme,
    ComputeChecksums,
    CheckCellMetadata,
    StampRelease,
]
SANITIZE = [RepairSubmission, ClearOutput, OverwriteKernelspec, OverwriteCells, CheckCellMetadata]
AUTOGRADE = [GradeByProbes, SaveVerdicts, AssignLatePenalties, CheckCellMetadata]
