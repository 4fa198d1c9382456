"""Read what was handed in: from any bytes to a notebook, or to a sentence that says why not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.grading.process import InfrastructureError

MAX_BYTES = 50 * 2**20
#: Of lists and objects, and of commas, outputs included: more would take gigabytes as Python objects.
MAX_CONTAINERS, MAX_COMMAS = 1_000_000, 10_000_000
#: Cells that hold anything; a person writes some hundred at most.
MAX_CELLS = 10_000
_PICTURES = ("image/png", "image/jpeg")
_CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")  # nbformat's own rule
_TAG = re.compile(r"[^,]+")  # nbformat's own rule
#: What no cell but a code cell has, in any format.
_OF_CODE = ("outputs", "execution_count", "input", "prompt_number")
_KINDS = {list: "list", str: "string", float: "number", bool: "truth value"}
#: How much of a file may be left where JSON that was cut off stops making sense: half a word, not half a notebook.
_CUT_WORD = 10


class NotANotebookError(Exception):
    """The file cannot be read as a notebook; the message says why, in words for the student."""


def read_notebook(data: bytes) -> NotebookNode:
    """Read a notebook leniently: what is not needed is dropped, what is missing is filled in, nothing is run.

    Raises
    ------
    NotANotebookError
        If the bytes are not a notebook of format 2 or later.
    """
    return notebook_of(read_json(data))


def read_json(data: bytes) -> Any:
    """Read what a file holds as JSON, all of its numbers as floats.

    Raises
    ------
    NotANotebookError
        If the bytes are no JSON, or more than a notebook has.
    """
    if len(data) > MAX_BYTES:
        raise NotANotebookError(f"the file has more than {MAX_BYTES // 2**20} MB, and no more are read")
    if data.count(b"[") + data.count(b"{") > MAX_CONTAINERS or data.count(b",") > MAX_COMMAS:
        raise NotANotebookError(
            "the file has more parts than a notebook; clear the largest outputs and hand it in again"
        )
    text, is_unicode = _text(data)
    if not text:
        raise NotANotebookError("the file is empty")
    try:
        # An int of many digits would be refused, and no number of a notebook needs to be exact beyond 2**53.
        return json.loads(text, strict=False, parse_int=float)
    except RecursionError:
        raise NotANotebookError("the file's JSON is nested too deeply to be a notebook") from None
    except json.JSONDecodeError as error:
        if not is_unicode:
            raise NotANotebookError(
                "the file is not UTF-8 text, so it is no notebook; was another file handed in?"
            ) from None
        raise NotANotebookError(
            f"the file is not valid JSON (line {error.lineno}), so it is no notebook.{_likely_cause(text, error)}"
        ) from None


def notebook_of(content: Any) -> NotebookNode:
    """Make parsed JSON a notebook, as `read_notebook` does.

    Raises
    ------
    NotANotebookError
        If it has no cells, or too many.
    """
    cells = clean_cells(_cells(content))
    if len(cells) > MAX_CELLS:
        raise NotANotebookError(f"the notebook has {len(cells):,} cells; at most {MAX_CELLS:,} are read")
    return make_notebook(cells, NotebookNode())


def make_notebook(cells: list[NotebookNode], metadata: NotebookNode) -> NotebookNode:
    """Put cells together to a notebook. Unlike nbformat's own function it does not validate, which takes long."""
    return NotebookNode(nbformat=4, nbformat_minor=5, metadata=metadata, cells=cells)


def make_cell(kind: str, source: str, name: str, metadata: NotebookNode | None = None) -> NotebookNode:
    """Make a cell without outputs, and without nbformat's validation: one of those takes milliseconds."""
    cell = NotebookNode(cell_type=kind, id=name, metadata=NotebookNode(metadata or {}), source=source)
    if kind == "code":
        cell.outputs, cell.execution_count = [], None
    return cell


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


def clean_cells(items: Iterable[Any]) -> list[NotebookNode]:
    """Keep of each cell what grading goes by: kind, text, id, nbgrader's grade_id, tags and pasted pictures.

    What is no cell is left out, and so is a cell that is blank and not marked.
    """
    cells = []
    for number, item in enumerate(items):
        if not isinstance(item, dict):
            continue
        given = item["metadata"] if isinstance(item.get("metadata"), dict) else {}
        source, metadata = _source(item), _metadata(given)
        if source.strip() or "nbgrader" in metadata:
            name = _id(item.get("id")) or _id(given.get("id")) or f"cell-{number}"  # Colab has it in the metadata
            cell = make_cell(_kind(item), source, name, metadata)
            if cell.cell_type != "code" and (pictures := _pictures(item.get("attachments"))):
                cell.attachments = pictures
            cells.append(cell)
    return cells


def _text(data: bytes) -> tuple[str, bool]:
    """Decode a file, and say whether it was Unicode: else it is read as Windows' editors write it."""
    try:
        text, is_unicode = data.decode(json.detect_encoding(data), "surrogatepass"), True
    except UnicodeDecodeError:
        text, is_unicode = data.decode("cp1252", "replace"), False
    return text.strip("\ufeff\0 \t\r\n"), is_unicode


def _likely_cause(text: str, error: json.JSONDecodeError) -> str:
    if not text.startswith("{"):
        return ""
    if re.search("^<<<<<<< ", text, re.MULTILINE):
        return " It holds the marks of a Git merge that was not finished."
    is_cut = error.msg.startswith("Unterminated") or len(text) - error.pos < _CUT_WORD
    return " It looks cut off: was the download complete?" if is_cut else ""


def _cells(content: Any) -> list[Any]:
    if not isinstance(content, dict):
        raise NotANotebookError(f"the file holds a JSON {_KINDS.get(type(content), 'null')}, not a notebook")
    cells = content.get("cells")
    sheets = content.get("worksheets")  # format 3 and older
    if not cells and isinstance(sheets, list):
        found = [sheet["cells"] for sheet in sheets if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)]
        cells = [cell for sheet in found for cell in sheet] if found else cells
    if not isinstance(cells, list):
        raise NotANotebookError("the file is JSON but has no cells, so it is no notebook")
    return cells


def _id(given: Any) -> str:
    return given if isinstance(given, str) and _CELL_ID.fullmatch(given) else ""


def _kind(item: dict[str, Any]) -> str:
    given = item.get("cell_type")
    kind = given.lower() if isinstance(given, str) else ""
    if kind in ("code", "raw"):
        return kind
    is_text = kind in ("markdown", "heading", "html")
    return "code" if not is_text and any(key in item for key in _OF_CODE) else "markdown"


def _source(item: dict[str, Any]) -> str:
    given = item.get("source", item.get("input", ""))
    lines = [line for line in (given if isinstance(given, list) else [given]) if isinstance(line, str)]
    # Tools that split a text at its line ends do not always keep them.
    lost = len(lines) > 1 and not any(line.endswith(("\n", "\r")) for line in lines[:-1])
    return ("\n" if lost else "").join(lines).replace("\r\n", "\n").replace("\r", "\n")


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


def _metadata(given: dict[str, Any]) -> NotebookNode:
    """Keep what can matter of a cell's metadata, nbgrader's mark and tags; the rest may be of any size and depth."""
    kept = NotebookNode()
    mark, tags = given.get("nbgrader"), given.get("tags")
    if isinstance(mark, dict) and isinstance(mark.get("grade_id"), str):
        kept["nbgrader"] = NotebookNode(grade_id=mark["grade_id"])
    if isinstance(tags, list):
        kept["tags"] = list(dict.fromkeys(tag for tag in tags if isinstance(tag, str) and _TAG.fullmatch(tag)))
    return kept


def is_experiment(cell: Any) -> bool:
    """Say whether a cell is tagged ``experiment``: it trains or sweeps, and is not run again at grading."""
    tags = cell.metadata.get("tags")
    return isinstance(tags, list) and "experiment" in tags
