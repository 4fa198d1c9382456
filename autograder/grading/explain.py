"""One verdict, laid open for the instructor: what was asked with which draws, what was expected, and what came."""

from __future__ import annotations

from collections.abc import Iterator

from autograder.exercise import Exercise, Probe
from autograder.judge import judge_case
from autograder.observe import Outcome, Outcomes
from autograder.show import show, show_call
from autograder.verdict import Verdict


def explain(exercise: Exercise, seed: bytes, got: Outcomes, want: Outcomes, verdict: Verdict) -> str:
    """Write every case of every probe of one exercise as text.

    Parameters
    ----------
    seed
        The seed of the graded draws; with it, anyone who has the course can draw the same inputs again.
    got, want
        What the submission and what the reference did.
    """
    lines = [
        f"{exercise.name}: {verdict.earned:g} of {verdict.possible:g} points",
        f"  seed of its draws: {seed.hex()}",
    ]
    if verdict.note:
        lines.append(f"  {verdict.note}")
    if verdict.cause:
        lines.append(f"  likely cause: {verdict.cause}")
    judged = {probe.name: probe for probe in verdict.probes}
    for probe in exercise.probes:
        of = judged[probe.name]
        held = f", held back by {', '.join(of.held_back_by)}" if of.held_back_by else ""
        hidden = ", hidden" if probe.hidden else ""
        lines.append(f"\n  {probe.name} ({of.earned:g} of {probe.points:g} points{hidden}{held}): {probe.title}")
        lines += [f"    {line}" for line in _cases(probe, got.get(probe.name, []), want[probe.name])]
    return "\n".join(lines)


def _cases(probe: Probe, got: list[Outcome], want: list[Outcome]) -> Iterator[str]:
    for number, expected in enumerate(want):
        if number >= len(got):
            yield f"case {number + 1}: not reached, an earlier case ended the run"
            continue
        difference = judge_case(probe, got[number], expected)
        yield f"case {number + 1}: {'passed' if difference is None else f'FAILED, {difference.problem}'}"
        yield from (f"  called    {show_call(call)}" for call in got[number].calls)
        yield f"  expected  {_written(expected)}"
        yield f"  got       {_written(got[number])}"
        yield from (f"  in code   {line}" for line in got[number].lines)


def _written(outcome: Outcome) -> str:
    if outcome.status == "value":
        return show(outcome.value)
    return ": ".join(part for part in (*outcome.kinds[:1], outcome.message) if part) or outcome.status
