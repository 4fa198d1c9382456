"""The graded notebook that formgrader and feedback show: the student's outputs, and our verdicts in the check cells."""

from __future__ import annotations

import base64
import copy
import re
from collections.abc import Iterable
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

from autograder.grading.engine import Graded
from autograder.grading.finding import Finding
from autograder.grading.inert import inert_markdown
from autograder.grading.refusal import for_the_student
from autograder.grading.submission import is_experiment
from autograder.printable import storable
from autograder.remote import PICTURE_LIMIT, SAFE_TYPES, TEXT_LIMIT
from autograder.render import to_html, to_text

_MOST_OUTPUTS = 100
_MOST_LINES = 60


def fill_outputs(notebook: NotebookNode, graded: Graded, findings: Iterable[Finding] = ()) -> NotebookNode:
    """Return the notebook with fresh outputs; of those that came with the submission, only recorded tables are kept."""
    found = list(findings)
    filled = copy.deepcopy(notebook)
    verdicts = {verdict.exercise: verdict for verdict in graded.verdicts}
    for index, cell in enumerate(filled.cells):
        if cell.cell_type == "markdown" and not cell.metadata.get("nbgrader", {}).get("locked"):
            cell.source = inert_markdown(cell.source, cell.get("attachments", {}))
        if cell.cell_type != "code":
            continue
        cell.execution_count = None
        verdict = verdicts.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
        if verdict is not None:
            data = {"text/html": to_html(verdict), "text/plain": to_text(verdict)}
            cell.outputs = [new_output("display_data", data=data)]
        elif is_experiment(cell):
            cell.outputs = [_said(finding) for finding in found if _ends_in(cell.source, finding.experiment)]
        else:
            items = graded.outputs.get(index, [])[:_MOST_OUTPUTS]
            cell.outputs = [made for item in items if (made := _output(item)) is not None]
    return filled


def explain_refusal(released: NotebookNode, why: str) -> NotebookNode:
    """Return the released notebook with a sentence in each check cell that says why there is nothing to grade.

    Students see it: of what went wrong on our side it tells nothing.
    """
    filled = copy.deepcopy(released)
    reason, _ = for_the_student(why)
    for cell in filled.cells:
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade"):
            text = f"Not graded: {reason}"
            cell.outputs = [new_output("stream", name="stdout", text=text if text.endswith("?") else f"{text}.")]
    return filled


def _ends_in(source: str, experiment: str) -> bool:
    """Say whether a cell records an experiment."""
    return bool(re.search(rf"""\brecord\(\s*["']{re.escape(experiment)}["']""", source))


def _said(finding: Finding) -> NotebookNode:
    made: NotebookNode = new_output("stream", name="stdout", text=_cut(str(finding)))
    return made


def _output(item: Any) -> NotebookNode | None:
    """Make a notebook output of what the student's process sent; anything of another form is dropped."""
    made: NotebookNode | None = None
    match item:
        case ["stream", "stdout" | "stderr" as name, str(text)]:
            made = new_output("stream", name=name, text=_cut(text))
        case ["display", dict(data)]:
            kept = {kind: shown for kind in SAFE_TYPES if (shown := _safe(kind, data.get(kind))) is not None}
            made = new_output("display_data", data=kept) if kept else None
        case ["error", str(name), str(message), list(lines)]:
            traceback = [_cut(line) for line in lines[:_MOST_LINES] if type(line) is str]
            name, message = _cut(name), _cut(message)
            made = new_output("error", ename=name, evalue=message, traceback=traceback or [f"{name}: {message}"])
    return made


def _safe(kind: str, value: Any) -> str | None:
    if type(value) is not str:
        return None
    if kind != "image/png":
        return _cut(value)
    try:
        base64.b64decode(value, validate=True)
    except ValueError:
        return None
    return value if len(value) <= PICTURE_LIMIT else None


def _cut(text: str) -> str:
    """Shorten a text as the student's process should have done already; what it says of itself is not relied on."""
    return storable(text[: TEXT_LIMIT + 20])
