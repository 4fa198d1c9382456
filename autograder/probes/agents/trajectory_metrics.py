"""The probes of the measurements."""

from __future__ import annotations

from typing import Any

from autograder.draws import Rng
from autograder.probes.agents.chapter import chapter
from autograder.probes.agents.drawn import words
from autograder.proxy import Impl

trajectory_metrics = chapter.function(
    "trajectory_metrics",
    title="Measure a trajectory",
    minutes=30,
    difficulty=2,
    oracle="numbers counted by hand; statistics.fmean",
)

Step = dict[str, Any]
Trajectory = dict[str, Any]


def _call(tool: str, argument: str, observation: str = "fine") -> Step:
    return {"thought": "so", "tool": tool, "argument": argument, "observation": observation}


_IDLE: Step = {"thought": "hm", "tool": None, "argument": None, "observation": "Error: there was no action."}
_LAST: Step = {"thought": "ah", "tool": None, "argument": None, "observation": None}


def _ended(steps: list[Step], answer: str | None, expected: str) -> Trajectory:
    if answer is not None:
        return {"steps": [*steps, _LAST], "answer": answer, "stopped": "answer", "expected": expected}
    return {"steps": steps, "answer": None, "stopped": "limit", "expected": expected}


def _only(impl: Impl, trajectories: list[Trajectory], *keys: str) -> Any:
    result = impl(trajectories)
    return {key: result[key] for key in keys}


@trajectory_metrics.probe(points=2, cases=3)
def counts_the_steps(impl: Impl, rng: Rng) -> Any:
    """Steps are counted with the turns that answer or do nothing, and averaged over the trajectories."""
    a, b = words(rng, 2)
    lengths = [1, 4, 2, 5][: 2 + rng.case]
    trajectories = [_ended([_IDLE, *[_call(a, b)] * length], b if length % 2 else None, b) for length in lengths]
    return _only(impl, trajectories, "steps")


@trajectory_metrics.probe(points=2, cases=3)
def counts_the_calls_of_each_tool(impl: Impl, rng: Rng) -> Any:
    """Calls are counted for each tool and averaged over all trajectories, also those without that tool."""
    a, b, c, said = words(rng, 4)
    some = [_call(a, said), _IDLE, _call(b, said), _call(a, b)]
    trajectories = [_ended(some, said, said), _ended([_call(a, c)], None, said), _ended([], c, said), _ended([], a, a)]
    return _only(impl, [*trajectories, *[_ended([_call(c, a)] * 2, a, a)] * rng.case], "calls")


@trajectory_metrics.probe(points=3, cases=4)
def tells_right_from_answered(impl: Impl, rng: Rng) -> Any:
    """The share with an answer and the share that is right are both of all trajectories."""
    a, b = words(rng, 2)
    kinds = [(a, a), (b, a), (None, a), (a, b), (None, b), (b, b), (None, a)]
    trajectories = [_ended([_call(b, a)], answer, expected) for answer, expected in kinds[: 3 + rng.case]]
    return _only(impl, trajectories, "answered", "accuracy")


@trajectory_metrics.probe(points=1, cases=3)
def compares_answers_fairly(impl: Impl, rng: Rng) -> Any:
    """Case does not count, nor blanks at the ends, nor how many there are in between; all else does."""
    a, b, c = words(rng, 3)
    pairs = [
        [(f" {a} {b}\n", f"{a} {b}"), (f"{a}{b}", f"{a} {b}"), (a, c)],
        [(f"{a.upper()} {b.title()}", f"{a} {b.upper()}"), (f"{a}.", a), (f"{a} {b}", a)],
        [(f"{a} \n  {b}\t{c}", f" {a}  {b} {c}"), ("", a), (f"{a}-{b}", f"{a} {b}"), ("STRASSE", "straße")],
    ]
    return _only(impl, [_ended([], answer, expected) for answer, expected in pairs[rng.case]], "accuracy")


@trajectory_metrics.probe(points=2, cases=4)
def counts_failed_calls(impl: Impl, rng: Rng) -> Any:
    """The share of failed calls is of all calls of all trajectories together; turns without a call do not count."""
    a, b = words(rng, 2)
    bad = [_call(a, b, f"Error: {b}"), _call(b, a, f"Refused: {b}.")]
    fine = [_call(a, a, f"There is no Error: {b}"), _call(a, b, "Refused? No."), _call(b, b, "")]
    trajectories = [
        _ended([*bad[:1], *fine, _IDLE], a, a),
        _ended([*bad, *fine[:1], *bad[: rng.case]], None, a),
        _ended([_IDLE], b, b),
    ]
    return _only(impl, trajectories, "errors")


@trajectory_metrics.probe(points=2, cases=4)
def sees_who_recovers(impl: Impl, rng: Rng) -> Any:
    """Of the trajectories with a failed call, the share that are right; None if no call failed."""
    a, b = words(rng, 2)
    bad, fine = [_call(a, b, f"Error: {b}")] * 2, [_call(b, a, f"No Error: {a}")]
    trajectories = [
        _ended([*bad, *fine], a, a),
        _ended([*bad], b, a),
        _ended(fine, a, a),
        _ended(fine, b, a),
        _ended([*fine, *bad[:1]], None, a),
        _ended([_IDLE], a, a),
    ]
    chosen = [trajectories[:4], trajectories, trajectories[2:4] + trajectories[5:], trajectories[1:3]][rng.case]
    return _only(impl, chosen, "recovered")


@trajectory_metrics.probe(points=2, cases=4)
def finds_repetitions(impl: Impl, rng: Rng) -> Any:
    """A call is repeated if the same trajectory had one with the same tool and argument before."""
    a, b, c = words(rng, 3)
    same, other = _call(a, b, "Error: x"), _call(a, c)
    runs = [
        [[same, other, {**same, "thought": "again", "observation": "y"}]],
        [[same, other], [same, other, _call(b, c)]],
        [[same] * 4 + [other], [_IDLE, _IDLE, _call(b, a), _call(b, a)]],
        [[same, _call(b, b), _IDLE, _IDLE], [same, other, same, other]],
    ]
    return _only(impl, [_ended(steps, a, a) for steps in runs[rng.case]], "repeated")


@trajectory_metrics.probe(points=1, cases=2)
def measures_without_calls(impl: Impl, rng: Rng) -> Any:
    """Without any call, no call failed and none was repeated."""
    a, b = words(rng, 2)
    return impl([_ended([_IDLE] * rng.case, a, a), _ended([], b, a)])


@trajectory_metrics.probe(points=0, gates=["measures_without_calls"], cases=1)
def refuses_to_measure_nothing(impl: Impl, _rng: Rng) -> Any:
    """No trajectories at all raise ValueError."""
    return impl([])
