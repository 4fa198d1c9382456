"""The class on one page, for the instructor: it names hidden probes and students, so it is not for students."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from autograder.exercise import Chapter
from autograder.grading.class_statistics import Bin, class_statistics
from autograder.grading.page import render_page
from autograder.grading.results import Result
from autograder.render import points

#: Rows of a list of frequent things: after the most frequent, one student's slip tells nothing of the class.
_MOST_FREQUENT = 12
#: Size of the histogram and room around its bars, in units that are pixels on a phone.
_WIDTH, _HEIGHT = 320.0, 160.0
_TOP, _BOTTOM, _GAP = 20.0, 40.0, 2.0


@dataclass(frozen=True)
class _Bar:
    x: float
    y: float
    width: float
    height: float
    low: str
    #: What the bar covers, in words.
    covers: str
    count: int


def class_report(chapter: Chapter, results: Iterable[Result]) -> str:
    """Write the report of one assignment.

    Parameters
    ----------
    chapter
        The assignment with its hidden probes, as `autograder.exercise.graded_chapter` gives it.
    results
        All results of the class.

    Returns
    -------
    str
        One HTML document, complete in itself.
    """
    found = class_statistics(chapter, results)
    return render_page(
        "class_report.html",
        title=f"Class report: {chapter.title}",
        found=found,
        bars=_bars(found.histogram),
        width=_WIDTH,
        height=_HEIGHT,
        most=_MOST_FREQUENT,
    )


def _bars(histogram: tuple[Bin, ...]) -> list[_Bar]:
    if not histogram:
        return []
    per_point = _WIDTH / histogram[-1].high
    per_student = (_HEIGHT - _TOP - _BOTTOM) / max(1, *(item.count for item in histogram))
    bars = []
    for item in histogram:
        height = item.count * per_student
        width = (item.high - item.low) * per_point - _GAP
        upper = "to" if item is histogram[-1] else "to under"
        covers = f"{points(item.low)} {upper} {points(item.high)}"
        bars.append(
            _Bar(
                item.low * per_point + _GAP / 2,
                _HEIGHT - _BOTTOM - height,
                width,
                height,
                points(item.low),
                covers,
                item.count,
            )
        )
    return bars
