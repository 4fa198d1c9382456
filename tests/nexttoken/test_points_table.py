"""The table that `nexttoken grade` prints: every name and every point whole, whatever the width."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from autograder.exercise import chapter_names, graded_chapter
from autograder.grading.results import Result
from autograder.verdict import ProbeVerdict, Verdict
from nexttoken.grading import points_table

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("width", [120, 1_000])
@pytest.mark.parametrize("name", chapter_names())
def test_every_name_and_point_is_whole(name: str, width: int) -> None:
    chapter = graded_chapter(name, ROOT / "autograder" / "hidden")
    verdicts = tuple(
        Verdict(each, each, (ProbeVerdict("probe", "Probe", place + 0.5, True, 1, 1, False, None),))
        for place, each in enumerate(chapter.exercises)
    )
    results = [
        Result(name, "ada", "graded", "", "ada.ipynb", "", "none", verdicts=verdicts),
        Result(name, "alan", "not graded", "empty", "alan.ipynb", "", "none"),
    ]
    printed = io.StringIO()
    Console(file=printed, width=width).print(points_table(results, chapter, width))
    lines = printed.getvalue().splitlines()
    assert "…" not in printed.getvalue()
    (ada,) = [line for line in lines if line.startswith("ada")]
    (alan,) = [line for line in lines if line.startswith("alan")]
    assert ada.split()[1:-1] == [f"{place + 0.5:g}" for place in range(len(verdicts))]
    assert alan.endswith("not graded")
    if legend := re.findall(r"(\d+) ([A-Za-z]\w+)", printed.getvalue()):
        assert legend == [(str(number), each) for number, each in enumerate(chapter.exercises, 1)]
        assert width < 1_000
    else:
        head = re.split(r"\s+|(?<=_)", " ".join(lines[: lines.index(ada)]))
        assert {part for each in chapter.exercises for part in re.split("(?<=_)", each) if part} <= set(head)
