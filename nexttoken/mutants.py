"""`nexttoken mutants`: how much of what can be wrong with an exercise its probes notice."""

from __future__ import annotations

import json
import os
from typing import Any

from rich.console import Console

from autograder.courseroot import find_course
from autograder.exercise import load_chapter
from autograder.trusted.mutation import Report, run

TARGET = 0.97


def run_mutants(assignment: str, exercises: tuple[str, ...], *, as_json: bool) -> bool:
    """Try the mutants of an assignment's references and print what came of it.

    Returns
    -------
    bool
        Whether every exercise reaches the target, and every survivor has a reason.
    """
    chapter = load_chapter(assignment)
    unknown = [name for name in exercises if name not in chapter.exercises]
    if unknown:
        raise LookupError(f"{assignment} has no exercise {unknown[0]!r}; it has: {', '.join(chapter.exercises)}")
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    reports = []
    for report in run(assignment, find_course().hidden, exercises, workers=os.cpu_count() or 1):
        reports.append(report)
        _tell(console, report)
    if as_json:
        print(json.dumps([_plain(report) for report in reports], indent=1))  # noqa: T201
    return all(_is_good(report) for report in reports)


def _is_good(report: Report) -> bool:
    return report.share >= TARGET and all(survivor.reason for survivor in report.survivors)


def _tell(console: Console, report: Report) -> None:
    equivalent = sum(survivor.equivalent for survivor in report.survivors)
    console.print(
        f"{report.exercise}: {report.tried} mutants, {len(report.survivors)} survive, {equivalent} of them equivalent: "
        f"{report.share:.1%} of the others rejected (target {TARGET:.0%})"
    )
    for survivor in report.survivors:
        console.print(f"  {survivor.mutant.before}\n  -> {survivor.mutant.after}", markup=False)
        console.print(f"     {survivor.reason or 'NO REASON GIVEN'}", markup=False)


def _plain(report: Report) -> dict[str, Any]:
    return {
        "exercise": report.exercise,
        "mutants": report.tried,
        "share": report.share,
        "ok": _is_good(report),
        "survivors": [
            {
                "before": survivor.mutant.before,
                "after": survivor.mutant.after,
                "reason": survivor.reason,
                "equivalent": survivor.equivalent,
            }
            for survivor in report.survivors
        ],
    }
