"""Read what was handed in: from any bytes to a notebook, or to a sentence that says why not."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

from autograder.grading.process import InfrastructureError

MAX_BYTES = 50 * 2**20
_PICTURES = ("image/png", "image/jpeg")
_CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")  # nbformat's own rule


class NotANotebookError(Exception):
    """The file cannot be read as a notebook; the message says why, in words for the student."""


def read_notebook(data: bytes) -> NotebookNode:
    """Read a notebook leniently: what is not needed is dropped, what is missing is filled in, nothing is run.

    Raises
    ------
    NotANotebookError
        If the bytes are not a notebook of format 3 or later.
    """
    if len(data) > MAX_BYTES:
        raise NotANotebookError(f"the file has {len(data) / 2**20:.0f} MB; at most {MAX_BYTES // 2**20} MB are read")
    if not data.strip():
        raise NotANotebookError("the file is empty")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotANotebookError(
            "the file is not UTF-8 text, so it is no notebook; was another file handed in?"
        ) from None
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        cut = " It looks cut off: was the download complete?" if text.lstrip().startswith("{") else ""
        raise NotANotebookError(f"the file is not valid JSON{where}, so it is no notebook.{cut}") from None
    cells = _cells(content)
    notebook: NotebookNode = new_notebook(cells=[_cell(item) for item in cells if isinstance(item, dict)])
    kernel = content.get("metadata") if isinstance(content.get("metadata"), dict) else {}
    if isinstance(kernel.get("kernelspec"), dict):
        notebook.metadata["kernelspec"] = NotebookNode(kernel["kernelspec"])
    notebook.nbformat_minor = 5
    return notebook


def read_released(path: Path) -> NotebookNode:
    """Read an assignment's released notebook with its metadata.

    Raises
    ------
    InfrastructureError
        If it is missing or damaged.
    """
    try:
        notebook: NotebookNode = nbformat.read(path, as_version=4)
    except Exception as error:
        raise InfrastructureError(
            f"the released notebook {path} cannot be read ({error}); run `nexttoken build`"
        ) from error
    return notebook


def _cells(content: Any) -> list[Any]:
    if not isinstance(content, dict):
        raise NotANotebookError(f"the file holds a JSON {type(content).__name__}, not a notebook")
    cells = content.get("cells")
    sheets = content.get("worksheets")  # format 3 and older
    if cells is None and isinstance(sheets, list) and sheets and isinstance(sheets[0], dict):
        cells = sheets[0].get("cells")
    if not isinstance(cells, list):
        raise NotANotebookError("the file is JSON but has no cells, so it is no notebook")
    return cells


def _cell(item: dict[str, Any]) -> NotebookNode:
    source = item.get("source", item.get("input", ""))
    lines = source if isinstance(source, list) else [source]
    source = "".join(line for line in lines if isinstance(line, str)).replace("\r\n", "\n")
    make = {"code": new_code_cell, "raw": new_raw_cell}.get(str(item.get("cell_type")), new_markdown_cell)
    cell: NotebookNode = make(source=source)  # type: ignore[no-untyped-call]
    if isinstance(item.get("id"), str) and _CELL_ID.fullmatch(item["id"]):
        cell.id = item["id"]
    cell.metadata = _metadata(item.get("metadata"))
    if cell.cell_type == "markdown" and (pictures := _pictures(item.get("attachments"))):
        cell.attachments = pictures
    return cell


def _pictures(given: Any) -> NotebookNode:
    """Keep the pictures that were pasted into a Markdown cell; of other attachments, nothing."""
    if not isinstance(given, dict):
        return NotebookNode()
    kept = {
        name: NotebookNode({kind: data for kind, data in bundle.items() if kind in _PICTURES and isinstance(data, str)})
        for name, bundle in given.items()
        if isinstance(bundle, dict)
    }
    return NotebookNode({name: bundle for name, bundle in kept.items() if bundle})


def _metadata(given: Any) -> NotebookNode:
    """Keep what can matter of a cell's metadata: plain values, nbgrader's mark, tags; the rest may be nested deep."""
    if not isinstance(given, dict):
        return NotebookNode()
    kept = NotebookNode(_plain_values(given))
    if isinstance(given.get("nbgrader"), dict):
        kept["nbgrader"] = NotebookNode(_plain_values(given["nbgrader"]))
    if isinstance(given.get("tags"), list):
        kept["tags"] = list(dict.fromkeys(tag for tag in given["tags"] if isinstance(tag, str)))
    return kept


def _plain_values(given: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers, texts and truth values; not those that stand where a list or a table belongs."""
    return {
        key: value
        for key, value in given.items()
        if isinstance(value, str | int | float) and key not in ("nbgrader", "tags", "jupyter", "execution")
    }


def is_experiment(cell: Any) -> bool:
    """Say whether a cell is tagged ``experiment``: it trains or sweeps, and is not run again at grading."""
    tags = cell.metadata.get("tags")
    return isinstance(tags, list) and "experiment" in tags
