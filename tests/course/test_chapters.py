"""Each chapter runs from top to bottom as released: offline, without the solutions, with its predictions left open."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from pocket.world import UNKNOWN

COURSE = Path(__file__).resolve().parents[2] / "course"
CHAPTERS = sorted(path.name for path in COURSE.glob("[0-9][0-9]_*.ipynb"))

#: Put before a chapter's first cell: the network is gone, and so are the solutions.
_SHUT = """
import socket, sys

class _Refused:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "solutions":
            raise AssertionError("a chapter does not read the solutions")

def _no_network(*args):
    raise AssertionError(f"a chapter asks the network for {args[1:]}")

sys.meta_path.insert(0, _Refused())
socket.socket.connect = socket.getaddrinfo = _no_network
"""


@pytest.fixture(scope="module", params=CHAPTERS)
def run(request: pytest.FixtureRequest) -> Any:
    """Return a chapter's notebook with its outputs."""
    notebook = nbformat.read(COURSE / request.param, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(_SHUT))
    resources = {"metadata": {"path": str(COURSE)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()
    return notebook


def printed(notebook: Any) -> str:
    """Return all that its cells printed."""
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return "".join(output.text for output in outputs if output.output_type == "stream")


@pytest.mark.slow
def test_it_runs_and_warns_of_nothing(run: Any) -> None:
    outputs = [output for cell in run.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert not [output for output in outputs if output.output_type == "error"]


@pytest.mark.slow
def test_every_prediction_that_was_left_open_is_answered_politely(run: Any) -> None:
    asked = set(re.findall(r"^(my_\w+)", "\n".join(cell.source for cell in run.cells), re.MULTILINE))
    assert asked, "a chapter asks for predictions"
    code = [cell.source for cell in run.cells if cell.cell_type == "code"]
    for name in asked:
        assert any(re.search(rf"\b{name}\b", source) for source in code if not re.match(rf"^{name}\b", source)), name


def test_no_notebook_is_committed_with_outputs() -> None:
    for path in COURSE.glob("*.ipynb"):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        assert not [cell for cell in notebook["cells"] if cell.get("outputs")], path.name


@pytest.mark.slow
def test_what_chapter_1_says_in_words_is_what_it_computes() -> None:
    """The prose draws conclusions from numbers that are computed beside it: were they others, it would be wrong."""
    notebook = nbformat.read(COURSE / "01_next_token.ipynb", as_version=4)
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(COURSE)}}
    ).execute()
    said = printed(notebook)

    def row(start: str) -> str:
        return next(line for line in said.splitlines() if line.startswith(start))

    one, two, five = ([float(x) for x in row(f"{n} words of context ").split()[4:]] for n in (1, 2, 5))
    assert one[0] > two[0] > five[0]  # longer is better on what was trained on
    assert one[1] < two[1] < five[1]  # and worse on what is new
    assert f"{five[1]:.0f}" == row("no model, a guess among").split()[-1]
    narrow, wide = row("The Sorsha Tower   "), row("The Sorsha Tower stands in")
    assert "keeps   5" in narrow
    assert all(40 <= int(kept) <= 99 for kept in re.findall(r"keeps\s+(\d+)", wide))  # "dozens"
    assert "[0.0, 0.0, " in row("with the mask:")
    assert "0.99 on token" in said
    token = re.compile(r"\('(.*?)',")
    assert token.findall(row("without the head that looks")) == token.findall(row("all heads:"))
    assert UNKNOWN in row("without all")
    assert "layer 0 head" in row("one head alone changes the answer")
