"""A reader's functions are taken from their notebook: what is written, nothing that runs, and no failure for bad cells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pocket.written import functions

IMPORTS = "import math\nfrom collections.abc import Callable\nfrom autograder import check"
DOUBLE = "BASE = 2\n\n\ndef double(x: float, by: Callable = math.floor) -> float:\n    return BASE * by(x)"
STUB = 'def not_yet(x):\n    """Say it."""\n    raise NotImplementedError'


def notebook(folder: Path, *cells: str) -> Path:
    path = folder / "mine.ipynb"
    made = [{"cell_type": "code", "source": [line + "\n" for line in cell.split("\n")]} for cell in cells]
    path.write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": ["# def no(): 1"]}, *made]}))
    return path


def test_a_function_that_is_written_can_be_called(tmp_path: Path) -> None:
    mine = functions(notebook(tmp_path, IMPORTS, DOUBLE, STUB))
    assert list(mine) == ["double"]
    assert mine["double"](3.7) == 6


def test_nothing_else_in_the_notebook_is_run(tmp_path: Path) -> None:
    bad = ["check(double)", "raise SystemExit", "%pip install x", "def broken(:", "1 / 0", "x = [][1]"]
    assert list(functions(notebook(tmp_path, IMPORTS, DOUBLE, *bad))) == ["double"]


def test_an_import_that_fails_costs_only_what_needs_it(tmp_path: Path) -> None:
    mine = functions(notebook(tmp_path, "import no_such_package", IMPORTS, DOUBLE, "@no_such\ndef other(): pass"))
    assert list(mine) == ["double"]


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"cells": [{}]}'])
def test_without_a_readable_notebook_there_are_none(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "mine.ipynb"
    if text is not None:
        path.write_text(text)
    assert functions(path) == {}
