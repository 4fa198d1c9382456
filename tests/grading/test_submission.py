"""Any bytes that are handed in are a notebook, or get one sentence that says why not."""

from __future__ import annotations

import contextlib
import copy
import json
import tracemalloc
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
        ("x = 1".encode("utf-16"), "not valid JSON"),
        (b'{"answer": 42}', "has no cells"),
        (b'{"cells": 42}', "has no cells"),
        (b'{"cells": {"0": {}}}', "has no cells"),
        (b'{"worksheets": []}', "has no cells"),
        (b'{"worksheets": ["x"]}', "has no cells"),
        (b"[]", "a JSON list, not a notebook"),
        (b'"text"', "a JSON string, not a notebook"),
        (b"null", "a JSON null, not a notebook"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"cells": ' * 50_000, "nested too deeply"),
        (b"1" * 10_000, "a JSON number, not a notebook"),
        (b"\x00" * 100, "the file is empty"),
        (b'{"cells": []} and more', "not valid JSON (line 1), so it is no notebook."),
        (b'{\n<<<<<<< HEAD\n"cells": []\n=======\n>>>>>>> mine\n}', "a Git merge that was not finished"),
        (notebook_bytes(*[{"source": "x"}] * 10_001), "the notebook has 10,001 cells; at most 10,000 are read"),
    ],
    ids=range(21),
)
def test_what_is_no_notebook_gets_a_sentence(data: bytes, why: str) -> None:
    with pytest.raises(NotANotebookError) as refused:
        read_notebook(data)
    assert why in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_too_large_is_not_read() -> None:
    with pytest.raises(NotANotebookError, match="the file has more than 50 MB, and no more are read"):
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
    assert len(notebook.cells) <= sum(isinstance(cell, dict) for cell in cells)
    for cell in notebook.cells:
        assert type(cell.source) is str
        assert is_experiment(cell) in (True, False)


@pytest.mark.parametrize("depth", [100, 300, 900])
@pytest.mark.parametrize("key", ["a", "nbgrader", "tags", "id", "source", "outputs", "cell_type", "attachments"])
def test_what_is_nested_too_deeply_stops_nothing(depth: int, key: str) -> None:
    nested = b'{"a": ' * depth + b"1" + b"}" * depth
    cell = b'{"cell_type": "code", "source": "x", "metadata": {"%s": %s}, "%s": %s}'
    notebook = read_notebook(b'{"cells": [' + cell % (key.encode(), nested, key.encode(), nested) + b"]}")
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


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_other_line_ends_become_plain_ones(end: str) -> None:
    data = notebook_bytes(code([f"x = 1{end}", "y = 2"])).replace(b", ", b",\r\n")
    assert read_notebook(data).cells[0].source == "x = 1\ny = 2"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"])
def test_what_windows_programs_save_is_read(encoding: str) -> None:
    text = json.dumps({"cells": [code("x = 'é'")]}, ensure_ascii=False)
    assert read_notebook(text.encode(encoding)).cells[0].source == "x = 'é'"


def test_zeros_behind_the_end_are_passed_over() -> None:
    assert read_notebook(notebook_bytes(code("x = 1")) + bytes(4096)).cells[0].source == "x = 1"


@pytest.mark.parametrize("part", [b"[0],", b"[],", b"{},", b"0,", b'"",'])
def test_a_file_of_very_many_parts_is_refused_in_little_memory(part: bytes) -> None:
    data = b'{"cells": [' + part * (49 * 2**20 // len(part)) + b"0]}"
    tracemalloc.start()
    with pytest.raises(NotANotebookError, match="more parts than a notebook"):
        read_notebook(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20


def test_a_number_of_many_digits_is_no_reason_to_refuse() -> None:
    data = notebook_bytes(code("x = 1")).replace(b"{", b'{"version": ' + b"9" * 10_000 + b", ", 1)
    assert read_notebook(data).cells[0].source == "x = 1"


def test_what_is_no_json_number_is_read_too() -> None:
    cell = code("x = 1", metadata={"a": float("nan"), "nbgrader": {"grade_id": "a", "points": float("inf")}})
    assert read_notebook(notebook_bytes(cell)).cells[0].metadata == {"nbgrader": {"grade_id": "a"}}


def test_line_ends_that_stand_in_a_text_as_they_are_do_no_harm() -> None:
    data = notebook_bytes(code("x = 1\ny = 2")).replace(b"\\n", b"\n")
    assert read_notebook(data).cells[0].source == "x = 1\ny = 2"


@pytest.mark.parametrize(
    "source", ["x = 1\ny = 2", ["x = 1\n", "y = 2"], ["x = 1", "y = 2"], [None, "x = 1\n", 3, "y = 2"]]
)
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


def test_all_worksheets_of_format_3_are_read() -> None:
    sheets = [{"cells": [{"cell_type": "code", "input": text}]} for text in ("x = 1", "y = 2")]
    data = json.dumps({"worksheets": [sheets[0], None, {"cells": 3}, sheets[1]]}).encode()
    assert [cell.source for cell in read_notebook(data).cells] == ["x = 1", "y = 2"]


@pytest.mark.parametrize(
    ("given", "more", "kind"),
    [
        ("code", {}, "code"),
        ("Code", {}, "code"),
        ("raw", {}, "raw"),
        ("markdown", {"outputs": []}, "markdown"),
        ("heading", {}, "markdown"),
        ("unknown", {"execution_count": 3}, "code"),
        ("unknown", {}, "markdown"),
        (None, {"outputs": []}, "code"),
        (["code"], {}, "markdown"),
    ],
)
def test_a_cells_kind_is_what_it_says_or_what_it_looks_like(given: Any, more: dict[str, Any], kind: str) -> None:
    data = json.dumps({"cells": [{"cell_type": given, "source": "x", **more}]}).encode()
    assert read_notebook(data).cells[0].cell_type == kind


@pytest.mark.parametrize("lost", ["metadata", "id", "outputs", "cell_type"])
def test_a_cell_may_lack_anything_but_its_text(lost: str) -> None:
    cell = code("x = 1")
    del cell[lost]
    notebook = read_notebook(notebook_bytes(cell))
    nbformat.validate(notebook)
    assert [(cell.cell_type, cell.source) for cell in notebook.cells] == [("code", "x = 1")]


@pytest.mark.parametrize("source", ["", " \n\t", [], None, 3, [None]])
def test_a_blank_cell_is_left_out_unless_it_is_marked(source: Any) -> None:
    marked = code(source, metadata={"nbgrader": {"grade_id": "double-code"}})
    notebook = read_notebook(notebook_bytes(code(source), marked, code("x = 1")))
    assert [cell.metadata.get("nbgrader") for cell in notebook.cells] == [{"grade_id": "double-code"}, None]


def test_any_number_of_blank_cells_may_stand_between() -> None:
    data = b'{"cells": [' + b'{"cell_type": "code", "source": ""}, ' * 50_000 + b'{"source": "x = 1"}]}'
    assert [cell.source for cell in read_notebook(data).cells] == ["x = 1"]


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


def test_colabs_id_of_a_cell_is_its_id() -> None:
    assert read_notebook(notebook_bytes(code("x = 1", id=None, metadata={"id": "aB3-_x"}))).cells[0].id == "aB3-_x"


def test_reading_a_file_twice_gives_the_same() -> None:
    data = json.dumps({"cells": [{"source": "x"}, {"source": "y", "id": "not allowed"}]}).encode()
    assert read_notebook(data) == read_notebook(data)


@pytest.mark.parametrize("tags", [["", "a"], ["a,b", "a"], ["a", "a"], [3, None, "a"]])
def test_tags_that_the_format_does_not_allow_are_dropped(tags: Any) -> None:
    notebook = read_notebook(notebook_bytes(code("x = 1", metadata={"tags": tags})))
    assert notebook.cells[0].metadata == {"tags": ["a"]}
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
