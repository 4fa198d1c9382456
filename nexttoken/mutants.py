"""`nexttoken mutants`: how much of what can be wrong with an exercise its probes notice."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from autograder.courseroot import find_course
from autograder.exercise import load_chapter
from autograder.trusted.mutants import Mutant
from autograder.trusted.mutation import Report, run
from nexttoken.selftest import cores

TARGET = 0.97


def run_mutants(assignment: str, exercises: tuple[str, ...], *, as_json: bool) -> bool:
    """Try the mutants of an assignment's references and print what came of it.

    Returns
    -------
    bool
        Whether every exercise reaches the target, and survivors.toml lists the survivors and nothing else.
    """
    chapter = load_chapter(assignment)
    unknown = [name for name in exercises if name not in chapter.exercises]
    if unknown:
        raise LookupError(f"{assignment} has no exercise {unknown[0]!r}; it has: {', '.join(chapter.exercises)}")
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    reports = []
    with _progress() as progress:
        tasks = {name: progress.add_task(name, start=False) for name in exercises or chapter.exercises}

        def tell(name: str, done: int, total: int) -> None:
            if not done:
                progress.start_task(tasks[name])
            progress.update(tasks[name], completed=done, total=total)

        for report in run(assignment, find_course().hidden, exercises, cores(), tell):
            reports.append(report)
            _tell(console, report)
    if as_json:
        print(json.dumps([_plain(report) for report in reports], indent=1))  # noqa: T201
    return all(is_good(report) for report in reports)


def is_good(report: Report) -> bool:
    """Return whether a report reaches the target, and survivors.toml lists its survivors and nothing else."""
    return report.share >= TARGET and not report.unexplained and not report.stale


def _progress() -> Progress:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _tell(console: Console, report: Report) -> None:
    console.print(
        f"{report.exercise}: {report.tried} mutants, {len(report.survivors)} survive, {report.equivalent} of them "
        f"equivalent: {report.share:.1%} of the others rejected (target {TARGET:.0%})"
    )
    reasons = _reasons(report)
    for mutant in report.survivors:
        console.print(f"  {mutant.function}", markup=False)
        console.print(f"    - {mutant.before}\n    + {mutant.after}", markup=False)
        console.print(f"    {reasons.get(mutant.key, 'NOT IN survivors.toml')}", markup=False)
    for known in report.stale:
        _, function, before, after = known.key
        console.print(f"  {function}\n    - {before}\n    + {after}", markup=False)
        console.print("    In survivors.toml, but a probe rejects it, or there is no such mutant.", markup=False)


def _reasons(report: Report) -> dict[tuple[str, str, str, str], str]:
    return {known.key: known.reason for known in report.known}


def _plain(report: Report) -> dict[str, Any]:
    reasons = _reasons(report)
    unexplained, stale = report.unexplained, report.stale
    return {
        "exercise": report.exercise,
        "mutants": report.tried,
        "equivalent": report.equivalent,
        "share": report.share,
        "ok": is_good(report),
        "survivors": [
            {**_change(mutant), "reason": reasons.get(mutant.key), "listed": mutant not in unexplained}
            for mutant in report.survivors
        ],
        "stale": [dict(zip(("function", "before", "after"), known.key[1:], strict=True)) for known in stale],
    }


def _change(mutant: Mutant) -> dict[str, str]:
    return {"function": mutant.function, "before": mutant.before, "after": mutant.after}
