"""One student's page: what earned points, what did not and the case to try next. It tells nothing of hidden probes.

The template never sees a result. It gets only what this module picks out for the student, so that a change to the page
cannot show more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from autograder.exercise import Chapter
from autograder.grading.page import render_page
from autograder.grading.raised import exception_name, is_builtin
from autograder.grading.refusal import for_the_student
from autograder.grading.results import Result, write_atomically
from autograder.render import of, shown_cause
from autograder.verdict import Failure, ProbeVerdict, Verdict

#: An absolute path up to its last part, as libraries put it into the messages of their exceptions.
_FOLDERS = re.compile(r"(?<![\w.:/])/(?:[^/\s'\"<>|,;()]+/)+")


@dataclass(frozen=True)
class _Check:
    """A probe that students may see."""

    state: Literal["passed", "held back", "failed"]
    #: Empty for a probe that earns nothing itself.
    score: str
    title: str
    #: Titles of the probes that hold its points back, and of those that wait for it.
    waits_for: tuple[str, ...]
    needed_for: tuple[str, ...]
    failure: Failure | None
    cases: int


@dataclass(frozen=True)
class _Section:
    """One exercise."""

    name: str
    title: str
    score: str
    outcome: str
    note: str | None
    cause: str | None
    checks: tuple[_Check, ...]
    #: What may be said of the hidden probes.
    hidden: str | None
    #: What to do next; empty if nothing is left to do.
    next_step: str
    #: The call to try, if it is exactly one.
    case: str | None


def feedback_page(result: Result, chapter: Chapter) -> str:
    """Write a student's page.

    Parameters
    ----------
    result
        What is known of the student's submission.
    chapter
        The assignment. A probe is shown only if it is public here as well as in the result.

    Returns
    -------
    str
        One HTML document, complete in itself.
    """
    public = {
        (item.name, probe.name) for item in chapter.exercises.values() for probe in item.probes if not probe.hidden
    }
    why, advice = ("", "") if result.status == "graded" else for_the_student(result.why)
    return render_page(
        "feedback.html",
        title=f"Feedback: {chapter.title}",
        student=result.student,
        file=result.file,
        score=None if result.earned is None else of(result.earned, sum(item.possible for item in result.verdicts)),
        why=why,
        advice=advice,
        repairs=tuple(dict.fromkeys(result.repairs)),
        experiments=result.experiments,
        sections=[_section(verdict, public) for verdict in result.verdicts],
    )


def write_feedback(folder: Path, chapter: Chapter, results: Iterable[Result]) -> list[Path]:
    """Write the page of each result as ``<folder>/<assignment>/<student>.html``.

    A page is replaced whole or not at all: who opens it meanwhile sees the old one or the new one.
    """
    place = folder / chapter.name
    place.mkdir(parents=True, exist_ok=True)
    written = []
    for result in results:
        path = place / f"{result.student}.html"
        write_atomically(path, feedback_page(result, chapter))
        written.append(path)
    return written


def _section(verdict: Verdict, public: set[tuple[str, str]]) -> _Section:
    shown = [probe for probe in verdict.probes if not probe.hidden and (verdict.exercise, probe.name) in public]
    hidden = [probe for probe in verdict.probes if probe not in shown]
    titles = {probe.name: probe.title for probe in shown}
    first = next((probe for probe in shown if not probe.passed), None)
    calls = [] if verdict.note or first is None else _calls(first)
    return _Section(
        verdict.exercise,
        verdict.title,
        of(verdict.earned, verdict.possible),
        _outcome(verdict, shown),
        verdict.note,
        shown_cause(replace(verdict, probes=tuple(shown))),
        () if verdict.note else tuple(_check(probe, titles) for probe in shown),
        _hidden(hidden, tell_exceptions=verdict.note is None),
        _next_step(verdict, first),
        calls[0] if len(calls) == 1 else None,
    )


def _check(probe: ProbeVerdict, titles: dict[str, str]) -> _Check:
    state: Literal["passed", "held back", "failed"] = "held back" if probe.held_back_by else "passed"
    return _Check(
        state if probe.passed else "failed",
        "" if probe.gates else of(probe.earned, probe.points),
        probe.title,
        tuple(titles[name] for name in probe.held_back_by if name in titles),
        tuple(title for title in probe.gates if title in titles.values()),
        None if probe.failure is None else _without_folders(probe.failure),
        probe.cases,
    )


def _without_folders(failure: Failure) -> Failure:
    """Take folders of the grader's machine out of what the student's code said; a probe's own inputs stay."""
    given = "\n".join([failure.expected, *failure.calls])

    def shortened(text: str) -> str:
        return _FOLDERS.sub(lambda found: found[0] if found[0] in given else "…/", text)

    return replace(
        failure,
        got=shortened(failure.got),
        problem=shortened(failure.problem),
        lines=tuple(shortened(line) for line in failure.lines),
    )


def _outcome(verdict: Verdict, shown: list[ProbeVerdict]) -> str:
    if verdict.passed:
        return "✓ all passed"
    if verdict.note:
        return "✗ nothing to check"
    failed = sum(not probe.passed for probe in shown)
    return f"✗ {failed} of {len(shown)} checks failed" if failed else "✗ a check that is not shown failed"


def _hidden(probes: list[ProbeVerdict], *, tell_exceptions: bool) -> str | None:
    """Sum up the hidden probes: their points, and the kinds of exception, which are all that may be known of them."""
    if not probes:
        return None
    score = of(sum(probe.earned for probe in probes), sum(probe.points for probe in probes))
    said = f"Checks that are not shown: {score}."
    names = {name for probe in probes if probe.failure and (name := exception_name(probe.failure))}
    if not names or not tell_exceptions:
        return said
    kinds = sorted({f"`{name}`" if is_builtin(name) else "an exception of another kind" for name in names})
    return f"{said} In them your code raised {', '.join(kinds)}."


def _next_step(verdict: Verdict, first: ProbeVerdict | None) -> str:
    """Say what to do next, going by the first shown probe that failed; empty if nothing is left to do."""
    name = verdict.exercise
    if verdict.passed:
        return ""
    if verdict.note:
        step = f"Complete `{name}`, restart the kernel and run all cells: the first error there is the one to mend."
        return f"{step} Then run `check({name})`."
    if first is None:
        step = f"All checks shown here passed. Read the task of `{name}` once more and try cases of your own:"
        return f"{step} everything that it promises may be checked."
    step = f"Run `check({name})` in your notebook."
    match _calls(first):
        case []:
            return step
        case [_]:
            return f"{step} The case to try is"
    return f"{step} The case to try is the calls above, one after the other."


def _calls(probe: ProbeVerdict) -> list[str]:
    return list(probe.failure.calls) if probe.failure else []
