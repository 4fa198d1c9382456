"""Any bytes that are handed in are a notebook, or get one sentence that says why not."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.grading.submission import MAX_BYTES, NotANotebookError, is_experiment, read_notebook


def notebook_bytes(*cells: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}).encode()


def code(source: Any, **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "id": "a", "metadata": {}, "source": source, "outputs": [], **more}


# --- what is no notebook


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "the file is empty"),
        (b" \n\t", "the file is empty"),
        (b"I could not do it, sorry.", "not valid JSON"),
        (notebook_bytes(code("x = 1"))[:60], "It looks cut off: was the download complete?"),
        (b"PK\x03\x04\x14\x00\x06\x00\x08\x00\xff", "the file is not UTF-8 text"),
        ("x = 1".encode("utf-16"), "the file is not UTF-8 text"),
        (b'{"answer": 42}', "has no cells"),
        (b'{"cells": 42}', "has no cells"),
        (b'{"cells": {"0": {}}}', "has no cells"),
        (b'{"worksheets": []}', "has no cells"),
        (b'{"worksheets": ["x"]}', "has no cells"),
        (b"[]", "a JSON list, not a notebook"),
        (b'"text"', "a JSON str, not a notebook"),
        (b"null", "a JSON NoneType, not a notebook"),
        (b"[" * 200_000, "not valid JSON"),
        (b'{"cells": ' * 50_000, "not valid JSON"),
        (b"1" * 10_000, "not valid JSON"),
        (b"\x00" * 100, "not valid JSON"),
        (b'{"cells": []} and more', "not valid JSON (line 1)"),
    ],
    ids=range(19),
)
def test_what_is_no_notebook_gets_a_sentence(data: bytes, why: str) -> None:
    with pytest.raises(NotANotebookError) as refused:
        read_notebook(data)
    assert why in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_too_large_is_not_read() -> None:
    with pytest.raises(NotANotebookError, match="the file has 50 MB; at most 50 MB are read"):
        read_notebook(b" " * MAX_BYTES + b"{}")


@settings(derandomize=True, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_a_notebook_or_a_sentence(data: bytes) -> None:
    with contextlib.suppress(NotANotebookError):
        nbformat.validate(read_notebook(data))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["cells", "metadata", "source", "cell_type", "id", "nbgrader", "tags", "input", "worksheets"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(derandomize=True, deadline=None)
@given(st.lists(json_values, max_size=4), json_values)
def test_any_json_in_the_place_of_cells_and_metadata_is_read(cells: list[Any], metadata: Any) -> None:
    notebook = read_notebook(json.dumps({"cells": cells, "metadata": metadata}).encode())
    assert len(notebook.cells) == sum(isinstance(cell, dict) for cell in cells)
    for cell in notebook.cells:
        assert type(cell.source) is str
        assert is_experiment(cell) in (True, False)


@pytest.mark.parametrize("depth", [100, 300, 900])
@pytest.mark.parametrize("key", ["a", "nbgrader", "tags", "id", "source", "outputs"])
def test_what_is_nested_too_deeply_stops_nothing(depth: int, key: str) -> None:
    nested = b'{"a": ' * depth + b"1" + b"}" * depth
    cell = b'{"cell_type": "code", "metadata": {"%s": %s}, "%s": %s}' % (key.encode(), nested, key.encode(), nested)
    notebook = read_notebook(b'{"cells": [' + cell + b"]}")
    nbformat.validate(copy.deepcopy(notebook))


# --- what is one, whatever wrote it


def test_a_plain_notebook_is_read_with_its_cells_in_order() -> None:
    markdown = {"cell_type": "markdown", "id": "b", "metadata": {}, "source": "# Title"}
    raw = {"cell_type": "raw", "id": "c", "metadata": {}, "source": "raw"}
    notebook = read_notebook(notebook_bytes(code("x = 1"), markdown, raw))
    assert [(cell.cell_type, cell.id, cell.source) for cell in notebook.cells] == [
        ("code", "a", "x = 1"),
        ("markdown", "b", "# Title"),
        ("raw", "c", "raw"),
    ]
    nbformat.validate(notebook)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert read_notebook(b"\xef\xbb\xbf" + notebook_bytes(code("x = 1"))).cells[0].source == "x = 1"


def test_windows_line_ends_become_plain_ones() -> None:
    data = notebook_bytes(code(["x = 1\r\n", "y = 2"])).replace(b", ", b",\r\n")
    assert read_notebook(data).cells[0].source == "x = 1\ny = 2"


@pytest.mark.parametrize("source", ["x = 1\ny = 2", ["x = 1\n", "y = 2"]])
def test_a_source_may_be_a_text_or_a_list(source: Any) -> None:
    assert read_notebook(notebook_bytes(code(source))).cells[0].source == "x = 1\ny = 2"


def test_format_3_is_read_with_worksheets_and_inputs() -> None:
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [
            {
                "cells": [
                    {"cell_type": "code", "collapsed": False, "input": ["x = 1\n", "y = 2"], "language": "python"},
                    {"cell_type": "heading", "level": 1, "source": ["Title"]},
                ]
            }
        ],
    }
    cells = read_notebook(json.dumps(old).encode()).cells
    assert [(cell.cell_type, cell.source) for cell in cells] == [("code", "x = 1\ny = 2"), ("markdown", "Title")]


@pytest.mark.parametrize("lost", ["metadata", "id", "outputs", "source", "cell_type"])
def test_a_cell_may_lack_anything(lost: str) -> None:
    cell = code("x = 1")
    del cell[lost]
    notebook = read_notebook(notebook_bytes(cell))
    nbformat.validate(notebook)
    assert notebook.cells[0].source == ("" if lost == "source" else "x = 1")


def test_the_notebook_may_lack_its_metadata_and_its_format() -> None:
    notebook = read_notebook(json.dumps({"cells": [code("x = 1")]}).encode())
    nbformat.validate(notebook)


@pytest.mark.parametrize("metadata", [[], "none", None, {"kernelspec": "python"}, {"kernelspec": {"name": 3}}])
def test_odd_notebook_metadata_is_passed_over(metadata: Any) -> None:
    assert read_notebook(notebook_bytes(code("x = 1"), metadata=metadata)).cells[0].source == "x = 1"


@pytest.mark.parametrize("name", ["", "x" * 65, 3, None, "with spaces", "<script>"])
def test_a_cell_id_that_the_format_does_not_allow_is_replaced(name: Any) -> None:
    notebook = read_notebook(notebook_bytes(code("x = 1", id=name)))
    assert notebook.cells[0].id != name
    nbformat.validate(notebook)


def test_outputs_that_were_handed_in_are_dropped() -> None:
    output = {"output_type": "display_data", "data": {"text/html": "<script>"}, "metadata": {}}
    assert read_notebook(notebook_bytes(code("x = 1", outputs=[output], execution_count=7))).cells[0].outputs == []


def test_what_is_no_cell_is_passed_over() -> None:
    data = json.dumps({"cells": [None, 3, "x = 1", [], code("y = 2")]}).encode()
    assert [cell.source for cell in read_notebook(data).cells] == ["y = 2"]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["experiment"], True),
        (["a", "experiment"], True),
        (["experiments"], False),
        ("experiment", False),
        (None, False),
    ],
)
def test_an_experiment_is_known_by_its_tag(tags: Any, expected: bool) -> None:
    cell = read_notebook(notebook_bytes(code("x = 1", metadata={"tags": tags}))).cells[0]
    assert is_experiment(cell) is expected


def test_pasted_pictures_are_kept_and_other_attachments_are_not() -> None:
    attachments = {
        "a.png": {"image/png": "aGk=", "text/html": "<script>"},
        "b.svg": {"image/svg+xml": "<svg/>"},
        "c.png": 7,
    }
    cell = {"cell_type": "markdown", "source": "![a](attachment:a.png)", "attachments": attachments}
    notebook = read_notebook(json.dumps({"cells": [cell]}).encode())
    assert notebook.cells[0].attachments == {"a.png": {"image/png": "aGk="}}
    nbformat.validate(notebook)
