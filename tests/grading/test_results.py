"""A result file is whole or absent, and reads back as it was written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from autograder.grading.results import Result, load, result_path, save, submission_key, write_atomically
from autograder.verdict import Failure, ProbeVerdict, Verdict

FAILURE = Failure(2, ("f(1)", "f(2)"), "[0]", "1", "<b>2</b> \ud800", "differs", ("line 1, in f: x",))
VERDICT = Verdict(
    "double",
    "To double",
    (
        ProbeVerdict("a", "A holds.", 2.0, True, 3, 3, False, None, ("gate",), ()),
        ProbeVerdict("gate", "It refuses.", 0.0, False, 2, 1, False, FAILURE, (), ("A holds.",)),
        ProbeVerdict("h", "Hidden.", 1.5, True, 1, 1, True, None),
    ),
    None,
    "A `cause`.",
)
RESULT = Result("arithmetic", "ada", "graded", "", "arithmetic.ipynb", "key", "none", ("one note",), (VERDICT,))
REFUSED = Result("arithmetic", "alan", "not graded", "the file is empty", "arithmetic.ipynb", "key", "none")


@pytest.mark.parametrize("result", [RESULT, REFUSED], ids=["graded", "not graded"])
def test_a_result_reads_back_as_it_was_saved(result: Result, tmp_path: Path) -> None:
    path = save(tmp_path, result)
    assert path == result_path(tmp_path, result.assignment, result.student)
    assert load(tmp_path, result.assignment, result.student) == result
    assert [item.name for item in path.parent.iterdir()] == [path.name]


def test_the_file_says_the_points_in_plain_json(tmp_path: Path) -> None:
    data = json.loads(save(tmp_path, RESULT).read_bytes().decode("utf-8", "surrogatepass"))
    assert data["points"] == 1.5  # the gate holds two points back
    assert data["verdicts"][0]["probes"][0]["earned"] == 0
    assert data["isolation"] == "none"


def test_what_is_not_graded_has_no_points_rather_than_none_earned(tmp_path: Path) -> None:
    assert REFUSED.earned is None
    assert json.loads(save(tmp_path, REFUSED).read_text())["points"] is None


def test_a_result_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert load(tmp_path, "arithmetic", "ada") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "3",
        "{}",
        '{"schema": 1}',
        '{"schema": 99}',
        '{"schema": 1, "verdicts": 3}',
        "[" * 100_000,
    ],
    ids=range(10),
)
def test_a_damaged_result_is_none(text: str, tmp_path: Path) -> None:
    path = save(tmp_path, RESULT)
    path.write_text(text)
    assert load(tmp_path, "arithmetic", "ada") is None


@pytest.mark.parametrize("key", ["assignment", "verdicts", "status", "key"])
def test_a_result_without_one_of_its_facts_is_none(key: str, tmp_path: Path) -> None:
    path = save(tmp_path, REFUSED)
    data = json.loads(path.read_text())
    del data[key]
    path.write_text(json.dumps(data))
    assert load(tmp_path, "arithmetic", "alan") is None


@pytest.mark.parametrize(
    "change", [{"verdicts": [{}]}, {"verdicts": [3]}, {"verdicts": "x"}, {"repairs": None}], ids=str
)
def test_a_result_of_another_form_is_none(change: dict[str, Any], tmp_path: Path) -> None:
    path = save(tmp_path, REFUSED)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    assert load(tmp_path, "arithmetic", "alan") is None


def test_half_a_file_cut_by_a_full_disk_is_none(tmp_path: Path) -> None:
    path = save(tmp_path, REFUSED)
    whole = path.read_bytes()
    for length in range(0, len(whole) - 2, 7):
        path.write_bytes(whole[:length])
        assert load(tmp_path, "arithmetic", "alan") is None


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "grades.csv"
    write_atomically(path, "old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_written_file_can_be_read_by_others(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", "text")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644


def test_the_key_changes_with_the_submission_and_with_what_it_is_judged_by() -> None:
    keys = {submission_key(data, state) for data in (b"", b"a", b"ab") for state in ("x", "y", "bx")}
    assert len(keys) == 9
    assert submission_key(b"a", "x") == submission_key(b"a", "x")
