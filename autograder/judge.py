"""From what was observed to a verdict: pure functions, the same for `check` and for grading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from autograder.compare import Difference, Tolerance, difference
from autograder.exercise import Exercise, Probe
from autograder.observe import Outcome, Outcomes
from autograder.proxy import Call
from autograder.show import show, show_call
from autograder.verdict import Failure, ProbeVerdict, Verdict

_CALLS_SHOWN = 4


@dataclass(frozen=True)
class Mistake:
    """A wrong implementation that people really write: what one reads about it, and how it behaves."""

    message: str
    outcomes: Outcomes


def judge(
    exercise: Exercise, got: Outcomes, want: Outcomes, mistakes: Mapping[str, Mistake], undecided: float = 0.0
) -> Verdict:
    """Compare what a submission did with what the reference did on the same draws.

    Parameters
    ----------
    got, want
        The submission's and the reference's outcomes; `got` may be cut short by a timeout or a crash.
    mistakes
        The outcomes of the known mistakes on the same draws, to name the likely cause.
    undecided
        Points of hidden probes that are not judged here.
    """
    titles = {probe.name: probe.title for probe in exercise.probes}
    verdicts = [_judge_probe(probe, titles, got.get(probe.name, []), want[probe.name]) for probe in exercise.probes]
    failed = {verdict.name for verdict in verdicts if not verdict.passed}
    probes = tuple(
        replace(
            verdict,
            held_back_by=tuple(
                gate.name for gate in exercise.probes if verdict.name in gate.gates and gate.name in failed
            ),
        )
        for verdict in verdicts
    )
    note = _note(exercise, got)
    everything_right = all(probe.passed for probe in probes)
    cause = None if note or everything_right else name_mistake(exercise, got, want, mistakes)
    return Verdict(exercise.name, exercise.title, probes, note, cause, undecided)


def judge_case(probe: Probe, got: Outcome, want: Outcome) -> Difference | None:
    """Say how one case fails, or None if it passes."""
    if got.status == "value" and want.status == "value":
        found = difference(want.value, got.value, Tolerance(probe.rtol, probe.atol))
        if found is None and probe.law is None:
            return None
        broken = _broken_law(probe, got.value)
        if broken is None:
            return found
        return Difference("", found.expected if found else "", found.got if found else "", broken)
    if got.status == "raised" and want.status == "raised" and want.kinds[0] in got.kinds:
        return None
    return Difference("", _in_words(want), _in_words(got), _problem(got, want))


def _broken_law(probe: Probe, value: object) -> str | None:
    if probe.law is None:
        return None
    try:
        return probe.law(value)
    except Exception:  # a value that the law was not written for: the comparison says what is wrong with it
        return None


def _in_words(outcome: Outcome) -> str:
    match outcome.status:
        case "value":
            return show(outcome.value)
        case "raised":
            return f"{outcome.kinds[0]}: {outcome.message}" if outcome.message else outcome.kinds[0]
        case "refused":
            return "a value that cannot be checked"
    return "no answer"


def _problem(got: Outcome, want: Outcome) -> str:  # noqa: PLR0911 - one sentence per status
    match got.status:
        case "value":
            return f"{want.kinds[0]} should be raised here"
        case "raised" if want.status == "raised":
            return f"{want.kinds[0]} should be raised here, not {got.kinds[0]}"
        case "raised":
            return f"your code raised {got.kinds[0]}"
        case "refused":
            return got.message
        case "missing":
            return "the notebook defines no such name"
        case "timeout":
            return f"no answer in time: {got.message}"
    return f"the process ended: {got.message}"


def _judge_probe(probe: Probe, titles: Mapping[str, str], got: list[Outcome], want: list[Outcome]) -> ProbeVerdict:
    passed = 0
    failure: Failure | None = None
    for number, expected in enumerate(want):
        if number >= len(got):
            failure = failure or Failure(number + 1, (), "", "", "", "not reached: an earlier case ended the run")
            break
        found = judge_case(probe, got[number], expected)
        if found is None:
            passed += 1
        elif failure is None:
            failure = _failure(number, got[number], found)
    ok = failure is None
    gates = tuple(titles[name] for name in probe.gates)
    return ProbeVerdict(probe.name, probe.title, probe.points, ok, len(want), passed, probe.hidden, failure, (), gates)


def _failure(number: int, got: Outcome, found: Difference) -> Failure:
    calls = tuple(_shown(got.calls))
    return Failure(number + 1, calls, found.where, found.expected, found.got, found.problem, got.lines)


def _shown(calls: tuple[Call, ...]) -> list[str]:
    if len(calls) > _CALLS_SHOWN:
        return [show_call(calls[0]), "…", *(show_call(call) for call in calls[-_CALLS_SHOWN + 1 :])]
    shown = [show_call(call) for call in calls]
    # Two calls of a function may look alike, in float32 and in float64; a method of an object may be called twice.
    return [text for place, text in enumerate(shown) if text.startswith(".") or text not in shown[:place]]


def _note(exercise: Exercise, got: Outcomes) -> str | None:
    """Say what holds for the attempt as a whole, when that is more to the point than any single case."""
    flat = [outcome for outcomes in got.values() for outcome in outcomes]
    if flat and all(outcome.status == "missing" for outcome in flat):
        return f"There is no {exercise.name} to check: no cell that ran without an error defines it."
    if flat and all(outcome.kinds[:1] == ("NotImplementedError",) for outcome in flat):
        return "Not written yet: replace the line that raises NotImplementedError."
    return None


def name_mistake(exercise: Exercise, got: Outcomes, want: Outcomes, mistakes: Mapping[str, Mistake]) -> str | None:
    """Return the message of the known mistake that explains the most failing cases.

    A mistake is considered only if it gives what was got in *every* failing case of the first failing probe
    with an observable value. Among those, the one that agrees in most cases of all probes is named.
    """
    best: tuple[int, str] | None = None
    for mistake in mistakes.values():
        agreement = _agreement(exercise, got, want, mistake.outcomes)
        if agreement and (best is None or agreement > best[0]):
            best = (agreement, mistake.message)
    return best[1] if best else None


def _agreement(exercise: Exercise, got: Outcomes, want: Outcomes, mistaken: Outcomes) -> int:
    agreeing = 0
    decided = False
    for probe in exercise.probes:
        rows = list(zip(got.get(probe.name, []), want[probe.name], mistaken.get(probe.name, []), strict=False))
        failing = [(a, c) for a, b, c in rows if judge_case(probe, a, b) is not None]
        if failing and not decided:
            if not all(_same(probe, a, c) for a, c in failing):
                return 0
            decided = True
        agreeing += sum(_same(probe, a, c) for a, _, c in rows)
    return agreeing if decided else 0


def _same(probe: Probe, one: Outcome, other: Outcome) -> bool:
    if one.status != other.status:
        return False
    if one.status == "value":
        return difference(other.value, one.value, Tolerance(probe.rtol, probe.atol, nan_agrees=True)) is None
    return one.kinds[:1] == other.kinds[:1]
