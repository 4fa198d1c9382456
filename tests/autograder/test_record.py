"""`record`: what a student sees of it, what the cell keeps, and what it refuses."""

from __future__ import annotations

import json
import math
import re
import sys
from types import SimpleNamespace
from typing import Any

import IPython
import IPython.display
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder import record
from autograder.plain_data import MOST_DEPTH, fits, plain
from autograder.records import MOST_BYTES, RECORD_TYPE, Record
from autograder.remote import SAFE_TYPES
from autograder.table import LONGEST_TEXT, as_table, to_html, to_text

TABLE = {"closed book": {"mean": 0.0, "high": 0.25}, "k=1": {"mean": 1 / 3, "high": 1.0, "note": "better"}}


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Pretend to be in a notebook; keep what it is told to show."""
    seen: list[dict[str, Any]] = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: SimpleNamespace(kernel=object()))
    monkeypatch.setattr(IPython.display, "display", lambda data, raw: seen.append(data))
    return seen


# --- what is shown and kept


def test_a_terminal_shows_the_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delitem(sys.modules, "IPython")
    record("rag_experiment", TABLE, seed=3)
    assert capsys.readouterr().out.splitlines() == [
        "              mean   high    note",
        "closed book  0.000  0.250        ",
        "k=1          0.333  1.000  better",
    ]


def test_a_notebook_keeps_the_data_beside_the_table(shown: list[dict[str, Any]]) -> None:
    record("rag_experiment", TABLE, predictions={"k=1": ("a", None)}, weights=np.eye(2), seed=np.int64(3))
    (output,) = shown
    assert set(output) == {"text/plain", "text/html", RECORD_TYPE}
    kept = json.loads(json.dumps(output[RECORD_TYPE], allow_nan=False))
    assert kept["data"] == {"predictions": {"k=1": ["a", None]}, "weights": [[1.0, 0.0], [0.0, 1.0]], "seed": 3}
    assert kept["columns"] == ["mean", "high", "note"]
    assert kept["rows"] == [["closed book", 0.0, 0.25, None], ["k=1", 1 / 3, 1.0, "better"]]
    assert Record.from_json(kept) == Record("rag_experiment", as_table(TABLE), kept["data"])


def test_a_table_keeps_its_order_in_a_file_that_sorts_keys(shown: list[dict[str, Any]]) -> None:
    table = {"b": {"z": 1, "y": 2}, "a": {"z": 3, "x": 4}}
    record("mine", table)
    read = Record.from_json(json.loads(json.dumps(shown[0][RECORD_TYPE], sort_keys=True))).table
    assert to_text(read) == to_text(as_table(table))
    assert list(read) == ["b", "a"]


def test_the_grader_knows_the_type_of_a_record() -> None:
    assert RECORD_TYPE in SAFE_TYPES
    assert RECORD_TYPE.startswith("application/vnd.")
    assert RECORD_TYPE.endswith("+json")  # else a notebook would hold it as a text


def test_data_may_have_any_name(shown: list[dict[str, Any]]) -> None:
    record("mine", {"a": {"b": 1}}, table=[1], experiment="x")
    assert shown[0][RECORD_TYPE]["data"] == {"table": [1], "experiment": "x"}


@pytest.mark.parametrize(
    "value",
    [
        np.array([1.5, 2.5]),
        np.array([1.5, 2.5], dtype=np.float32),
        torch.tensor([1.5, 2.5]),
        torch.tensor([1.5, 2.5], dtype=torch.bfloat16),
        torch.tensor([1.5, 2.5], requires_grad=True),
        [np.float64(1.5), torch.tensor(2.5)],
        (1.5, 2.5),
    ],
    ids=str,
)
def test_arrays_are_kept_as_lists(value: Any, shown: list[dict[str, Any]]) -> None:
    record("mine", {"a": {"b": 1}}, x=value)
    kept = shown[0][RECORD_TYPE]["data"]["x"]
    assert kept == [1.5, 2.5]
    assert all(type(item) is float for item in kept)


def test_half_a_character_is_kept_as_an_escape(shown: list[dict[str, Any]]) -> None:
    record("mine", {"a": {"b": "\ud800"}}, said="\ud800")
    json.dumps(shown[0][RECORD_TYPE], ensure_ascii=False).encode()
    assert shown[0][RECORD_TYPE]["data"] == {"said": "\\ud800"}


# --- what is refused


class Odd:
    """A value of a type of its own."""


def deep(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"x": Odd()}, "x is of the type Odd, and only texts, numbers"),
        ({"x": {"y": [1, {2}]}}, "x['y'][1] is of the type set"),
        ({"x": int}, "x is of the type type"),
        ({"x": b"bytes"}, "x is of the type bytes"),
        ({"x": np.array([Odd()])}, "x[0] is of the type Odd"),
        ({"x": [0.5, math.nan]}, "x[1] is nan, and only finite numbers can be kept"),
        ({"x": torch.tensor(math.inf)}, "x is inf"),
        ({"x": np.array([1.0, -np.inf])}, "x[1] is -inf"),
        ({"x": 10**400}, "x is a whole number beyond 2**53"),
        ({"x": 1j}, "x is of the type complex"),
        ({"x": {1: 2}}, "x has the key 1, and a key must be a text"),
        ({"x": deep(50)}, f"is nested more than {MOST_DEPTH} deep"),
        ({"x": np.zeros(3_000_000)}, "x is an array of more than 200,000 numbers"),
        ({"x": "ab" * MOST_BYTES}, "the record takes 400 KB, and at most 200 KB are kept"),
        ({"x": ["é"] * 60_000}, "the record takes 360 KB"),
    ],
    ids=range(15),
)
def test_what_cannot_be_kept_is_named_in_a_sentence(data: dict[str, Any], why: str, shown: list[Any]) -> None:
    with pytest.raises(ValueError, match=re.escape(why)) as refused:
        record("mine", {"a": {"b": 1}}, **data)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 200
    assert shown == []


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({}, "the table is empty"),
        ({"a": {}}, "the table is empty"),
        ([], "the table must be a dict of rows, each a dict of columns"),
        ({"a": 1}, "the table must be a dict of rows, each a dict of columns"),
        ({"a": {"b": [1]}}, "a cell of the table must be a number or a text"),
        ({"a": {"b": math.nan}}, "table['a']['b'] is nan"),
        ({"a": {"b": "x" * (LONGEST_TEXT + 1)}}, "a text in the table has more than 200 characters"),
        ({str(i): {"b": 1} for i in range(101)}, "the table has 101 rows and 1 columns"),
        ({"a": {str(i): 1 for i in range(21)}}, "the table has 1 rows and 21 columns"),
    ],
    ids=range(9),
)
def test_what_is_no_table_is_named_in_a_sentence(table: Any, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)) as refused:
        record("mine", table)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["", 3, None, "x" * 81])
def test_a_record_needs_a_name(name: Any) -> None:
    with pytest.raises(ValueError, match="a record needs the experiment's name, a text of at most 80 characters"):
        record(name, {"a": {"b": 1}})


def test_a_list_within_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(ValueError, match="nested more than"):
        record("mine", {"a": {"b": 1}}, x=endless)


# --- tables for the eye


def test_numbers_are_written_short() -> None:
    cells: list[Any] = [0.5, 1 / 3, 2.0, 7, True, None, 1e-9, 1234.56789, "text", 123456789]
    table = as_table({"a": {str(place): cell for place, cell in enumerate(cells)}})
    assert to_text(table).splitlines()[1].split() == [
        *("a", "0.500", "0.333", "2.000", "7", "True", "1e-09", "1234.57", "text", "123456789")
    ]


def test_nothing_in_a_table_acts() -> None:
    nasty = "<script>\x1b[2J\u202e\n</td>"
    table = as_table({nasty: {nasty: nasty}})
    assert "<script" not in to_html(table, nasty)
    assert len(to_text(table).splitlines()) == 2
    for text in (to_text(table), to_html(table, nasty)):
        assert "\x1b" not in text
        assert "\u202e" not in text


# --- any value

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=30,
)


@settings(derandomize=True, deadline=None)
@given(json_values)
def test_plain_data_survives_a_file_or_is_refused(value: Any) -> None:
    try:
        kept = plain(value, "x", 100)
    except ValueError:
        return
    assert json.loads(json.dumps(kept, allow_nan=False, ensure_ascii=False).encode()) == kept
    assert plain(kept, "x", 100) == kept


@settings(derandomize=True, deadline=None)
@given(json_values, st.integers(0, 40))
def test_what_fits_is_no_longer_than_its_json(value: Any, most: int) -> None:
    if len(json.dumps(value, ensure_ascii=False)) <= most:
        assert fits(value, most)


def test_fitting_is_decided_by_looking_at_no_more_than_what_fits() -> None:
    huge: list[Any] = [0] * 1_000_000
    assert not fits(huge, 100)
    assert not fits([[huge] * 50] * 50, 100)
    assert not fits(deep(5_000), 1_000)
    assert fits(deep(500), 1_000)


@settings(derandomize=True, deadline=None)
@given(st.text(max_size=90), json_values, st.dictionaries(st.text(max_size=4), json_values, max_size=3))
def test_what_is_recorded_reads_back(name: str, table: Any, data: dict[str, Any]) -> None:
    try:
        made = Record.of(name, table, data)
    except ValueError:
        return
    assert Record.from_json(json.loads(json.dumps(made.to_json()))) == made
    to_text(made.table)
    to_html(made.table, made.experiment)
