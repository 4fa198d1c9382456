"""The graded notebook that formgrader and feedback show: the student's outputs, and our verdicts in the check cells."""

from __future__ import annotations

import copy
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

from autograder.grading.engine import Graded
from autograder.grading.inert import inert_markdown
from autograder.remote import SAFE_TYPES
from autograder.render import to_html, to_text


def fill_outputs(notebook: NotebookNode, graded: Graded) -> NotebookNode:
    """Return the notebook with fresh outputs; none that came with the submission is kept."""
    filled = copy.deepcopy(notebook)
    verdicts = {verdict.exercise: verdict for verdict in graded.verdicts}
    for index, cell in enumerate(filled.cells):
        if cell.cell_type == "markdown" and "nbgrader" not in cell.metadata:
            cell.source = inert_markdown(cell.source)
        if cell.cell_type != "code":
            continue
        cell.execution_count = None
        verdict = verdicts.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
        if verdict is not None:
            data = {"text/html": to_html(verdict), "text/plain": to_text(verdict)}
            cell.outputs = [new_output("display_data", data=data)]
        else:
            cell.outputs = [made for item in graded.outputs.get(index, []) if (made := _output(item)) is not None]
    return filled


def explain_refusal(released: NotebookNode, why: str) -> NotebookNode:
    """Return the released notebook with a sentence in each check cell that says why there is nothing to grade."""
    filled = copy.deepcopy(released)
    for cell in filled.cells:
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade"):
            text = f"Not graded: {why.rstrip('.')}"
            cell.outputs = [new_output("stream", name="stdout", text=text if text.endswith("?") else f"{text}.")]
    return filled


def _output(item: Any) -> NotebookNode | None:
    """Make a notebook output of what the student's process sent; anything of another form is dropped."""
    made: NotebookNode | None = None
    match item:
        case ["stream", "stdout" | "stderr" as name, str(text)]:
            made = new_output("stream", name=name, text=text)
        case ["display", dict(data)]:
            kept = {kind: text for kind, text in data.items() if kind in SAFE_TYPES and type(text) is str}
            made = new_output("display_data", data=kept) if kept else None
        case ["error", str(name), str(message), list(lines)]:
            traceback = [line for line in lines if type(line) is str]
            made = new_output("error", ename=name, evalue=message, traceback=traceback or [f"{name}: {message}"])
    return made
