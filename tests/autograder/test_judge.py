"""From outcomes to a verdict: who earns what, why a case fails, and which known mistake it looks like."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from autograder.draws import Rng
from autograder.exercise import Chapter, Exercise
from autograder.judge import Mistake, judge, judge_case
from autograder.observe import Outcome, Outcomes, observe
from autograder.proxy import Call, Impl, Loopback
from autograder.verdict import ProbeVerdict, Verdict

SEED = b"a seed for the judge"


def sums_to_one(value: Any) -> str | None:
    """Law of the trial exercise; it trusts that it is handed a tensor with something in it."""
    total = float(value.sum())
    return None if abs(total - 1) < 1e-3 else f"should sum to 1; sums to {total:.2f}"


def trial() -> Exercise:
    """Make an exercise with four probes: `share(x, floor)` divides x by its sum, and refuses a negative floor."""
    exercise = Chapter("trial", "Trial").function("share", title="Share", minutes=5, difficulty=1, oracle="none")

    @exercise.probe(points=2, cases=3)
    def divides_by_the_sum(impl: Impl, rng: Rng) -> Any:
        """Each number is divided by the sum."""
        return impl(torch.from_numpy(rng.uniform(1, 2, size=2 + rng.case)), 0.0)

    @exercise.probe(points=3, cases=2, law=sums_to_one)
    def respects_the_floor(impl: Impl, rng: Rng) -> Any:
        """Numbers below the floor count as the floor."""
        return impl(torch.from_numpy(rng.uniform(0, 1, size=3)), 0.9)

    @exercise.probe(points=1, cases=1)
    def leaves_the_input_alone(impl: Impl, rng: Rng) -> Any:
        """The input is the same afterwards."""
        value, after = impl.keeping(torch.from_numpy(rng.uniform(1, 2, size=2)), 0.0)
        return {"value": value, "input afterwards": after[0]}

    @exercise.probe(points=0, cases=2, gates=["respects_the_floor"])
    def refuses_a_negative_floor(impl: Impl, rng: Rng) -> Any:
        """A negative floor raises ValueError."""
        return impl(torch.from_numpy(rng.uniform(1, 2, size=2)), -1.0 - rng.case)

    return exercise


EXERCISE = trial()


def reference(x: torch.Tensor, floor: float) -> torch.Tensor:
    if floor < 0:
        raise ValueError("negative")
    x = x.clamp(min=floor)
    return x / x.sum()


def outcomes(implementation: Callable[..., Any]) -> Outcomes:
    return observe(EXERCISE, Loopback({"share": implementation}), SEED)


WANT = outcomes(reference)


def verdict(implementation: Callable[..., Any], **mistakes: Callable[..., Any]) -> Verdict:
    known = {name: Mistake(f"You made the mistake {name}.", outcomes(wrong)) for name, wrong in mistakes.items()}
    return judge(EXERCISE, outcomes(implementation), WANT, known)


def of(result: Verdict, probe: str) -> ProbeVerdict:
    return next(item for item in result.probes if item.name == probe)


# --- points


def test_the_reference_earns_everything() -> None:
    result = verdict(reference)
    assert (result.earned, result.possible, result.passed) == (6, 6, True)
    assert (result.note, result.cause) == (None, None)
    assert all(probe.failure is None for probe in result.probes)


def ignores_the_floor(x: torch.Tensor, floor: float) -> torch.Tensor:
    if floor < 0:
        raise ValueError
    return x / x.sum()


def test_each_probe_earns_its_own_points() -> None:
    result = verdict(ignores_the_floor)
    assert result.earned == 3
    assert [probe.earned for probe in result.probes] == [2, 0, 1, 0]
    assert of(result, "respects_the_floor").cases_passed == 0


def accepts_any_floor(x: torch.Tensor, floor: float) -> torch.Tensor:
    return x.clamp(min=floor) / x.clamp(min=floor).sum()


def test_a_failed_gate_holds_back_the_points_of_its_probe_and_no_others() -> None:
    result = verdict(accepts_any_floor)
    held = of(result, "respects_the_floor")
    assert held.passed
    assert held.held_back_by == ("refuses_a_negative_floor",)
    assert [probe.earned for probe in result.probes] == [2, 0, 1, 0]
    assert not result.passed


def test_a_passed_gate_earns_nothing() -> None:
    def always_refuses(x: torch.Tensor, floor: float) -> torch.Tensor:
        raise ValueError

    result = verdict(always_refuses)
    gate = of(result, "refuses_a_negative_floor")
    assert gate.passed
    assert gate.gates == ("Numbers below the floor count as the floor.",)
    assert result.earned == 0


def test_a_probe_passes_only_if_all_its_cases_do() -> None:
    def right_for_two(x: torch.Tensor, floor: float) -> torch.Tensor:
        return reference(x, floor) if len(x) == 2 else x

    probe = of(verdict(right_for_two), "divides_by_the_sum")
    assert (probe.cases_passed, probe.cases, probe.earned) == (1, 3, 0)
    assert probe.failure is not None
    assert probe.failure.case == 2


def test_a_verdict_survives_json() -> None:
    for result in (verdict(reference), verdict(ignores_the_floor), verdict(accepts_any_floor)):
        data = json.loads(json.dumps(result.to_json()))
        assert Verdict.from_json(data) == result
        assert data["earned"] == result.earned
        assert [probe["earned"] for probe in data["probes"]] == [probe.earned for probe in result.probes]


# --- what a failure says


def failure_of(implementation: Callable[..., Any], probe: str = "divides_by_the_sum") -> Any:
    failure = of(verdict(implementation), probe).failure
    assert failure is not None
    return failure


def test_a_failure_shows_the_call_as_it_would_be_typed() -> None:
    (call,) = failure_of(lambda x, floor: x).calls
    assert call.startswith("share(tensor([1.")
    assert call.endswith("]), 0.0)")


def test_a_broken_law_is_named_instead_of_the_numbers() -> None:
    failure = failure_of(lambda x, floor: x.clamp(min=floor), "respects_the_floor")
    assert failure.problem.startswith("should sum to 1; sums to 2.")
    assert failure.expected.startswith("tensor(")
    assert failure.got.startswith("tensor(")


def test_a_law_that_holds_leaves_the_word_to_the_comparison() -> None:
    assert "values are wrong" in failure_of(ignores_the_floor, "respects_the_floor").problem


@pytest.mark.parametrize("value", [None, 5, "x", [], {"a": 1}], ids=repr)
def test_a_law_that_cannot_judge_a_value_leaves_it_to_the_comparison(value: Any) -> None:
    assert "came back" in failure_of(lambda x, floor: value, "respects_the_floor").problem


def test_an_exception_where_a_value_was_wanted_is_shown_with_its_message() -> None:
    def fails(x: torch.Tensor, floor: float) -> torch.Tensor:
        raise KeyError("no such thing")

    failure = failure_of(fails)
    assert failure.problem == "your code raised KeyError"
    assert failure.got == "KeyError: 'no such thing'"
    assert failure.lines[-1].endswith('in fails: raise KeyError("no such thing")')


def test_a_value_where_an_exception_was_wanted_names_the_exception() -> None:
    failure = failure_of(accepts_any_floor, "refuses_a_negative_floor")
    assert failure.problem == "ValueError should be raised here"
    assert failure.expected == "ValueError: negative"


def test_another_exception_than_the_wanted_one_is_named_too() -> None:
    def fails(x: torch.Tensor, floor: float) -> torch.Tensor:
        raise TypeError

    assert failure_of(fails, "refuses_a_negative_floor").problem == "ValueError should be raised here, not TypeError"


def test_a_subclass_of_the_wanted_exception_passes_whatever_it_says() -> None:
    def fails(x: torch.Tensor, floor: float) -> torch.Tensor:
        raise UnicodeError("other words")  # a ValueError

    assert of(verdict(fails), "refuses_a_negative_floor").passed


def test_a_value_that_cannot_be_checked_says_why() -> None:
    failure = failure_of(lambda x, floor: {1, 2})
    assert failure.got == "a value that cannot be checked"
    assert "builtins.set cannot be checked; return plain numbers" in failure.problem


OUTCOMES = [
    (Outcome("timeout", message="60 s"), "no answer in time: 60 s"),
    (Outcome("crash", message="killed by signal 9"), "the process ended: killed by signal 9"),
    (Outcome("missing", message="share"), "the notebook defines no such name"),
    (Outcome("refused", message="the reply makes no sense"), "the reply makes no sense"),
    (Outcome("raised", kinds=("Odd", "Exception"), message="x"), "your code raised Odd"),
    (Outcome("value", None), "None came back: is there a path through your code without a return?"),
]


@pytest.mark.parametrize(("got", "problem"), OUTCOMES, ids=[got.status for got, _ in OUTCOMES])
def test_every_way_to_fail_has_its_sentence(got: Outcome, problem: str) -> None:
    probe = EXERCISE.probes[0]
    difference = judge_case(probe, got, WANT[probe.name][0])
    assert difference is not None
    assert difference.problem == problem
    assert difference.expected.startswith("tensor(")


@pytest.mark.parametrize("got", [got for got, _ in OUTCOMES], ids=[got.status for got, _ in OUTCOMES])
def test_no_failure_passes_where_an_exception_is_wanted(got: Outcome) -> None:
    probe = EXERCISE.probes[-1]
    assert judge_case(probe, got, WANT[probe.name][0]) is not None


def test_calls_that_look_alike_are_shown_once_and_methods_each_time() -> None:
    calls = (Call("share", (1,), {}), Call("share", (1,), {}), Call(".last", (), {}), Call(".last", (), {}))
    got = {**WANT, "divides_by_the_sum": [Outcome("value", None, calls=calls)] * 3}
    failure = of(judge(EXERCISE, got, WANT, {}), "divides_by_the_sum").failure
    assert failure is not None
    assert failure.calls == ("share(1)", ".last", ".last")


def test_a_failure_of_many_calls_shows_the_first_and_the_last_ones() -> None:
    calls = tuple(Call("share", (number,), {}) for number in range(10))
    got = {**WANT, "divides_by_the_sum": [Outcome("value", None, calls=calls)] * 3}
    failure = of(judge(EXERCISE, got, WANT, {}), "divides_by_the_sum").failure
    assert failure is not None
    assert failure.calls == ("share(0)", "…", "share(7)", "share(8)", "share(9)")


# --- attempts that were cut short, and attempts as a whole


def test_what_a_timeout_cut_off_is_not_reached_and_what_came_before_counts() -> None:
    got = {name: list(items) for name, items in WANT.items()}
    got["respects_the_floor"] = [WANT["respects_the_floor"][0], Outcome("timeout", message="10 s")]
    got["leaves_the_input_alone"] = []
    del got["refuses_a_negative_floor"]
    result = judge(EXERCISE, got, WANT, {})
    assert result.earned == 2
    cut = of(result, "respects_the_floor")
    assert (cut.cases_passed, cut.failure and cut.failure.problem) == (1, "no answer in time: 10 s")
    after = of(result, "leaves_the_input_alone").failure
    assert after is not None
    assert (after.case, after.problem) == (1, "not reached: an earlier case ended the run")


def test_a_gate_that_was_not_reached_holds_its_points_back() -> None:
    got = {**WANT, "refuses_a_negative_floor": []}
    result = judge(EXERCISE, got, WANT, {})
    assert of(result, "respects_the_floor").held_back_by == ("refuses_a_negative_floor",)
    assert result.earned == 3


def test_no_outcomes_at_all_earn_nothing() -> None:
    result = judge(EXERCISE, {}, WANT, {})
    assert result.earned == 0
    assert not any(probe.passed for probe in result.probes)


def test_an_exercise_that_is_not_there_gets_a_note() -> None:
    got = observe(EXERCISE, Loopback({}), SEED)
    result = judge(EXERCISE, got, WANT, {})
    assert result.note is not None
    assert result.note.startswith("There is no share to check: ")
    assert result.earned == 0


def not_written(x: torch.Tensor, floor: float) -> torch.Tensor:
    raise NotImplementedError


def test_an_exercise_that_is_not_written_gets_a_note_and_no_cause() -> None:
    result = verdict(not_written, the_same=not_written)
    assert result.note == "Not written yet: replace the line that raises NotImplementedError."
    assert result.cause is None
    assert result.earned == 0


def test_an_exercise_that_is_written_in_part_gets_no_such_note() -> None:
    def half(x: torch.Tensor, floor: float) -> torch.Tensor:
        if floor:
            raise NotImplementedError
        return x / x.sum()

    result = verdict(half)
    assert result.note is None
    assert result.earned == 3


def test_points_of_hidden_probes_are_carried_as_undecided() -> None:
    assert judge(EXERCISE, WANT, WANT, {}, undecided=2.5).undecided == 2.5


# --- the likely cause


def divides_by_the_largest(x: torch.Tensor, floor: float) -> torch.Tensor:
    if floor < 0:
        raise ValueError
    return x.clamp(min=floor) / x.max()


def gives_nan(x: torch.Tensor, floor: float) -> torch.Tensor:
    if floor < 0:
        raise ValueError
    return x * math.nan


def floors_after(x: torch.Tensor, floor: float) -> torch.Tensor:
    if floor < 0:
        raise ValueError
    return (x / x.sum()).clamp(min=floor)


KNOWN = {
    "largest": divides_by_the_largest,
    "nan": gives_nan,
    "no_floor": ignores_the_floor,
    "late_floor": floors_after,
    "any_floor": accepts_any_floor,
}


@pytest.mark.parametrize("name", KNOWN)
def test_the_right_one_of_several_mistakes_is_named(name: str) -> None:
    assert verdict(KNOWN[name], **KNOWN).cause == f"You made the mistake {name}."


def test_a_mistake_is_named_for_code_that_behaves_like_it_within_the_tolerance() -> None:
    def largest_of_another_kind(x: torch.Tensor, floor: float) -> torch.Tensor:
        if floor < 0:
            raise ValueError("in other words")
        return torch.maximum(x, torch.tensor(floor)).div(x.amax()) * (1 + 1e-7)

    assert verdict(largest_of_another_kind, **KNOWN).cause == "You made the mistake largest."


def test_a_mistake_with_a_second_one_on_top_is_named_by_the_first_probe_that_fails() -> None:
    def two_mistakes(x: torch.Tensor, floor: float) -> torch.Tensor:
        return divides_by_the_largest(x, floor if floor < 0 else 0.0)

    assert verdict(two_mistakes, **KNOWN).cause == "You made the mistake largest."


def largest_without_floor(x: torch.Tensor, floor: float) -> torch.Tensor:
    return divides_by_the_largest(x, min(floor, 0.0))


@pytest.mark.parametrize("order", [["largest", "both"], ["both", "largest"]], ids=" before ".join)
@pytest.mark.parametrize("made", ["largest", "both"])
def test_of_two_mistakes_that_begin_alike_the_one_that_agrees_more_is_named(made: str, order: list[str]) -> None:
    pair = {"largest": divides_by_the_largest, "both": largest_without_floor}
    assert verdict(pair[made], **{name: pair[name] for name in order}).cause == f"You made the mistake {made}."


def test_no_mistake_is_named_for_another_behaviour() -> None:
    assert verdict(lambda x, floor: x * 0 + 7, **KNOWN).cause is None


def test_no_mistake_is_named_if_only_some_of_the_failing_cases_agree() -> None:
    def sometimes(x: torch.Tensor, floor: float) -> torch.Tensor:
        return divides_by_the_largest(x, floor) if len(x) < 4 else x

    assert verdict(sometimes, **KNOWN).cause is None


def test_no_mistake_is_named_where_nothing_failed() -> None:
    assert verdict(reference, **KNOWN).cause is None


def test_no_mistake_is_named_for_an_exception_that_it_does_not_raise() -> None:
    def fails(x: torch.Tensor, floor: float) -> torch.Tensor:
        raise IndexError

    assert verdict(fails, **KNOWN).cause is None


def test_nan_in_the_same_places_is_the_same_mistake_and_still_no_pass() -> None:
    result = verdict(gives_nan, nan=gives_nan)
    assert result.cause == "You made the mistake nan."
    assert result.earned == 0


def test_nan_is_not_taken_for_a_mistake_that_gives_numbers() -> None:
    assert verdict(gives_nan, largest=divides_by_the_largest).cause is None


def test_a_mistake_is_named_even_where_the_run_was_cut_short() -> None:
    got = outcomes(divides_by_the_largest)
    got["respects_the_floor"] = [Outcome("timeout", message="10 s")]
    del got["leaves_the_input_alone"], got["refuses_a_negative_floor"]
    known = {"largest": Mistake("You made the mistake largest.", outcomes(divides_by_the_largest))}
    assert judge(EXERCISE, got, WANT, known).cause == "You made the mistake largest."


# --- hostile outcomes


@pytest.mark.parametrize(
    "value",
    [
        torch.empty(0, 3),
        torch.empty(0),
        torch.tensor(1.0),
        10**5_000,
        torch.tensor([math.nan] * 3),
        torch.ones(3, dtype=torch.complex64),
    ],
    ids=lambda value: "huge" if isinstance(value, int) else f"{value.dtype} {tuple(value.shape)}",
)
def test_no_value_breaks_the_judge_or_a_law(value: Any) -> None:
    assert verdict(lambda x, floor: value).earned == 0


def test_a_law_that_fails_on_a_value_leaves_it_to_the_comparison() -> None:
    def picky(value: Any) -> str | None:
        raise RuntimeError(f"no law for {value}")

    exercise = Chapter("trial", "Trial").function("f", title="f", minutes=1, difficulty=1, oracle="none")

    @exercise.probe(points=1, law=picky)
    def question(impl: Impl, rng: Rng) -> Any:
        """One question."""

    difference = judge_case(exercise.probes[0], Outcome("value", 2), Outcome("value", 1))
    assert difference is not None
    assert difference.problem == "1 was expected, 2 came back"
