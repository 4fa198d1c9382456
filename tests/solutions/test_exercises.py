"""What must hold for every exercise of every chapter: whoever adds one is held to it by name, without a line here."""

from __future__ import annotations

import ast
import contextlib
import functools
import importlib
import inspect
import math
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from autograder.draws import case_rng, graded_seed, public_seed
from autograder.exercise import Exercise, Probe, chapter_names, graded_chapter, load_chapter
from autograder.judge import Mistake, judge, judge_case
from autograder.observe import Outcome, Outcomes, observe, observe_case
from autograder.proxy import Answer, Call, Impl, Loopback, StudentError
from autograder.verdict import Verdict
from autograder.wire import Ref, decode, encode
from solutions.mistakes import ChapterVariants

ROOT = Path(__file__).parents[2]
HIDDEN = ROOT / "autograder" / "hidden"
SECRETS = [f"secret number {number} of five".encode() for number in range(5)]

CHAPTERS = {name: graded_chapter(name, HIDDEN) for name in chapter_names()}
MODULES = {name: importlib.import_module(f"solutions.{name}") for name in CHAPTERS}
VARIANTS: dict[str, ChapterVariants] = {
    name: importlib.import_module(f"solutions.mistakes.{name}").variants for name in CHAPTERS
}
EXERCISES = [exercise for chapter in CHAPTERS.values() for exercise in chapter.exercises.values()]

each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=[exercise.name for exercise in EXERCISES])
each_probe = pytest.mark.parametrize(
    ("exercise", "probe"),
    [
        pytest.param(exercise, probe, id=f"{exercise.name}-{probe.name}")
        for exercise in EXERCISES
        for probe in exercise.probes
    ],
)
each_mistake = pytest.mark.parametrize(
    ("exercise", "name"),
    [
        pytest.param(exercise, name, id=f"{exercise.name}-{name}")
        for exercise in EXERCISES
        for name in VARIANTS[exercise.chapter].mistakes.get(exercise.name, {})
    ],
)
each_alternative = pytest.mark.parametrize(
    ("exercise", "name"),
    [
        pytest.param(exercise, name, id=f"{exercise.name}-{name}")
        for exercise in EXERCISES
        for name in VARIANTS[exercise.chapter].alternatives.get(exercise.name, {})
    ],
)

# --- running and judging


def reference(exercise: Exercise) -> Any:
    return getattr(MODULES[exercise.chapter], exercise.name)


def seeds(exercise: Exercise) -> list[bytes]:
    """Return the public seed and five graded ones."""
    graded = [graded_seed(secret, exercise.chapter, exercise.name, exercise.version) for secret in SECRETS]
    return [public_seed(exercise.name, exercise.version), *graded]


@contextlib.contextmanager
def student_warnings_ignored() -> Iterator[None]:
    """Let code that is wrong on purpose warn; ours may not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def run(exercise: Exercise, implementation: Any, seed: bytes) -> Outcomes:
    return observe(exercise, Loopback({exercise.name: implementation}), seed)


@functools.cache
def wanted(chapter: str, name: str, seed: bytes) -> Outcomes:
    """Return what the reference gives, run once for each seed."""
    exercise = CHAPTERS[chapter].exercises[name]
    return run(exercise, reference(exercise), seed)


def verdict(exercise: Exercise, implementation: Any, seed: bytes) -> Verdict:
    with student_warnings_ignored():
        got = run(exercise, implementation, seed)
    return judge(exercise, got, wanted(exercise.chapter, exercise.name, seed), {})


def fails(exercise: Exercise, implementation: Any, seed: bytes, probe: Probe) -> bool:
    """Say whether some case of a probe fails, asking no more of them than it takes."""
    channel = Loopback({exercise.name: implementation})
    want = wanted(exercise.chapter, exercise.name, seed)[probe.name]
    with student_warnings_ignored():
        return any(
            judge_case(probe, observe_case(exercise, probe, channel, seed, case), expected) is not None
            for case, expected in enumerate(want)
        )


def earning(exercise: Exercise, implementation: Any, seed: bytes) -> list[str]:
    """Return the names of the probes that an implementation earns points with."""
    if all(fails(exercise, implementation, seed, probe) for probe in exercise.probes if probe.points):
        return []
    return [probe.name for probe in verdict(exercise, implementation, seed).probes if probe.earned]


def failed(result: Verdict) -> dict[str, Any]:
    return {probe.name: probe.failure for probe in result.probes if not probe.passed}


# --- what every exercise has


def test_every_chapter_has_exercises_a_reference_and_variants() -> None:
    assert EXERCISES
    for name, chapter in CHAPTERS.items():
        assert chapter.exercises, name
        assert chapter.title
        assert isinstance(VARIANTS[name], ChapterVariants)
        variants = {*VARIANTS[name].mistakes, *VARIANTS[name].alternatives}
        assert variants <= set(chapter.exercises), "a mistake or an alternative of an exercise that does not exist"


def test_no_two_exercises_of_the_course_share_a_name() -> None:
    names = [exercise.name for exercise in EXERCISES]
    assert len(set(names)) == len(names)


def test_no_two_seeds_of_the_course_are_the_same() -> None:
    every = [seed for exercise in EXERCISES for seed in seeds(exercise)]
    assert len(set(every)) == len(every)


@each_exercise
def test_an_exercise_states_its_facts(exercise: Exercise) -> None:
    assert exercise.title
    assert 1 <= exercise.minutes <= 240
    assert 1 <= exercise.difficulty <= 5
    assert exercise.oracle
    assert exercise.version >= 1
    assert exercise.points > 0
    assert any(probe.points and not probe.hidden for probe in exercise.probes)


@each_exercise
def test_an_exercise_is_specified_by_its_docstring(exercise: Exercise) -> None:
    thing = reference(exercise)
    assert inspect.isclass(thing) == (exercise.kind == "class")
    assert len(inspect.getdoc(thing) or "") > 40
    for method in exercise.methods:
        assert len(inspect.getdoc(vars(thing)[method]) or "") > 20, f"{method} has no docstring of its own"
    for attribute in exercise.attributes:
        assert attribute in (inspect.getdoc(thing) or ""), f"the docstring does not promise {attribute}"


@each_exercise
def test_an_exercise_leaves_something_to_do(exercise: Exercise) -> None:
    source = inspect.getsource(reference(exercise))
    assert "### BEGIN SOLUTION" in source
    assert source.count("### BEGIN SOLUTION") == source.count("### END SOLUTION")


@each_exercise
def test_an_exercise_knows_three_mistakes_and_an_alternative(exercise: Exercise) -> None:
    variants = VARIANTS[exercise.chapter]
    assert len(variants.mistakes.get(exercise.name, {})) >= 3
    assert len(variants.alternatives.get(exercise.name, {})) >= 1


@each_exercise
def test_every_gate_holds_back_a_probe_that_exists_and_earns(exercise: Exercise) -> None:
    with_points = {probe.name for probe in exercise.probes if probe.points}
    for probe in exercise.probes:
        assert set(probe.gates) <= with_points, f"{probe.name} gates what does not earn points"


@each_exercise
def test_the_titles_of_probes_are_sentences_and_differ(exercise: Exercise) -> None:
    titles = [probe.title for probe in exercise.probes]
    assert len(set(titles)) == len(titles)
    for title in titles:
        assert title.endswith("."), title
        assert len(title) <= 120, title


@each_mistake
def test_the_message_of_a_mistake_is_whole_sentences_and_its_own(exercise: Exercise, name: str) -> None:
    table = VARIANTS[exercise.chapter].mistakes[exercise.name]
    message, _ = table[name]
    assert message.endswith((".", "?"))
    assert 30 <= len(message) <= 160
    assert [other for other, (text, _) in table.items() if text == message] == [name]


# --- the reference


@each_exercise
def test_the_reference_passes_every_probe(exercise: Exercise) -> None:
    for seed in seeds(exercise):
        result = verdict(exercise, reference(exercise), seed)
        assert result.passed, failed(result)
        assert result.earned == result.possible == exercise.points


@each_probe
def test_points_are_earned_by_values_and_gated_by_errors(exercise: Exercise, probe: Probe) -> None:
    for seed in seeds(exercise):
        for outcome in wanted(exercise.chapter, exercise.name, seed)[probe.name]:
            if probe.points:
                assert outcome.status == "value", outcome
            else:
                assert outcome.status in ("value", "raised"), outcome


@each_probe
def test_the_reference_gives_the_same_every_time(exercise: Exercise, probe: Probe) -> None:
    seed = seeds(exercise)[0]
    again = run(exercise, reference(exercise), seed)[probe.name]
    first = wanted(exercise.chapter, exercise.name, seed)[probe.name]
    assert [encode(outcome.to_plain()) for outcome in again] == [encode(outcome.to_plain()) for outcome in first]


@each_probe
def test_other_seeds_ask_other_questions(exercise: Exercise, probe: Probe) -> None:
    def asked(seed: bytes) -> bytes:
        calls = [
            call for outcome in wanted(exercise.chapter, exercise.name, seed)[probe.name] for call in outcome.calls
        ]
        return b"".join(written(call) for call in calls)

    if probe.points:
        assert len({asked(seed) for seed in seeds(exercise)}) > 1


# --- inputs do not depend on what the implementation does


def written(call: Call) -> bytes:
    """Write a call down, with the functions that it passes in all alike."""
    return encode(
        [call.what, list(call.args), call.kwargs], lambda thing: Ref("callback", 0) if callable(thing) else None
    )


class Watched:
    """A channel that notes the state of the generator whenever something is asked."""

    def __init__(self, implementation: Any, name: str) -> None:
        self.inner = Loopback({name: implementation})
        self.rng: Any = None
        self.states: list[Any] = []

    def request(self, message: bytes, answer: Answer) -> bytes:
        """Pass the request on."""
        self.states.append(self.rng.bit_generator.state)
        return self.inner.request(message, answer)


@each_probe
def test_a_probe_draws_everything_before_it_asks_anything(exercise: Exercise, probe: Probe) -> None:
    for case in range(probe.cases):
        channel = Watched(reference(exercise), exercise.name)
        channel.rng = case_rng(seeds(exercise)[1], exercise.name, probe.name, case)
        with contextlib.suppress(StudentError):
            probe.run(Impl(exercise, channel), channel.rng)
        assert channel.states, "the probe asked nothing"
        assert channel.states[0] == channel.rng.bit_generator.state


@each_exercise
def test_the_first_question_is_the_same_for_everyone(exercise: Exercise) -> None:
    def first_calls(outcomes: Outcomes) -> list[tuple[str, int, bytes]]:
        return [
            (name, case, written(outcome.calls[0]))
            for name, items in outcomes.items()
            for case, outcome in enumerate(items)
        ]

    for seed in seeds(exercise):
        expected = first_calls(wanted(exercise.chapter, exercise.name, seed))
        for make in (RAISING["ValueError"], CONSTANTS["None"], ECHOES["1"]):
            with student_warnings_ignored():
                assert first_calls(run(exercise, make(exercise), seed)) == expected


# --- nothing for nothing

MISSING = object()


def function_or_class(exercise: Exercise, body: Callable[[tuple[Any, ...], dict[str, Any]], Any]) -> Any:
    """Make a stub whose calls all end in `body`: the function itself, or each method of a class that takes anything."""

    def stub(*args: Any, **kwargs: Any) -> Any:
        return body(args, kwargs)

    if exercise.kind == "function":
        return stub

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return body(args, kwargs)

    def construct(self: Any, *args: Any, **kwargs: Any) -> None:
        """Take anything; attributes stay open to whoever sets them."""

    def attribute(self: Any, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return body((), {})

    methods = dict.fromkeys(exercise.methods, method)
    return type(exercise.name, (), {**methods, "__init__": construct, "__getattr__": attribute})


def gives(value: Any) -> Callable[[Exercise], Any]:
    return lambda exercise: function_or_class(exercise, lambda args, kwargs: value)


def echoes(place: int) -> Callable[[Exercise], Any]:
    def body(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        every = [*args, *kwargs.values()]
        return every[place] if place < len(every) else None

    return lambda exercise: function_or_class(exercise, body)


def raising(kind: type[BaseException]) -> Callable[[Exercise], Any]:
    def body(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        raise kind("stub")

    return lambda exercise: function_or_class(exercise, body)


def fails_to_construct(kind: type[BaseException]) -> Callable[[Exercise], Any]:
    def make(exercise: Exercise) -> Any:
        def construct(*args: Any, **kwargs: Any) -> None:
            raise kind("stub")

        return construct

    return make


CONSTANTS = {
    repr(value): gives(value)
    for value in (
        *(None, True, False, 0, 1, -1, 2, 256, 0.0, 1.0, 0.5, math.inf, math.nan, "", "a", "\ufffd", b""),
        *([], [0], [[]], [None], (), (0,), {}, {"": None}),
        *(torch.tensor(0.0), torch.tensor(1.0), torch.zeros(3), torch.ones(3) / 3, torch.full((2, 3), math.nan)),
        *(
            torch.empty(0),
            torch.empty(0, 3),
            torch.zeros(2, dtype=torch.int64),
            np.zeros(3),
            np.float64(1),
            np.array([]),
        ),
        {1, 2},
        object,
    )
}
ECHOES = {str(place): echoes(place) for place in range(6)}
RAISING = {
    kind.__name__: raising(kind)
    for kind in (
        *(
            ValueError,
            NotImplementedError,
            TypeError,
            KeyError,
            IndexError,
            AttributeError,
            RuntimeError,
            StopIteration,
        ),
        *(ZeroDivisionError, AssertionError, RecursionError, MemoryError, UnicodeError, Exception, SystemExit),
    )
}
BROKEN_CLASSES = {
    f"constructor {kind.__name__}": fails_to_construct(kind) for kind in (ValueError, NotImplementedError, TypeError)
}
STUBS = {
    **{f"gives {name}": make for name, make in CONSTANTS.items()},
    **{f"echoes {name}": make for name, make in ECHOES.items()},
    **{f"raises {name}": make for name, make in RAISING.items()},
    **BROKEN_CLASSES,
}


@each_exercise
def test_a_stub_earns_nothing(exercise: Exercise) -> None:
    for seed in seeds(exercise)[:2]:
        earned = {name: earning(exercise, make(exercise), seed) for name, make in STUBS.items()}
        assert {name: probes for name, probes in earned.items() if probes} == {}


@each_exercise
@pytest.mark.parametrize("value", ["None", "[]", "''", "tensor(0.)", "{}"])
@pytest.mark.parametrize("asks", [1, 3])
def test_a_stub_that_calls_what_it_is_given_and_ignores_the_answer_earns_nothing(
    exercise: Exercise, value: str, asks: int
) -> None:
    def body(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        for _ in range(asks):
            for thing in args:
                if callable(thing):
                    for given in ([1], torch.zeros(12), 1, "a"):
                        with contextlib.suppress(Exception):
                            thing(given)
        return {"None": None, "[]": [], "''": "", "tensor(0.)": torch.tensor(0.0), "{}": {}}[value]

    for seed in seeds(exercise)[:2]:
        assert earning(exercise, function_or_class(exercise, body), seed) == []


@each_exercise
def test_the_empty_exercise_earns_nothing_and_says_that_it_is_not_written(exercise: Exercise) -> None:
    source = Path(inspect.getsourcefile(reference(exercise)) or "").read_text(encoding="utf-8")
    kept, keep = [], True
    for line in source.splitlines():
        if "### BEGIN SOLUTION" in line:
            kept.append(line[: len(line) - len(line.lstrip())] + "raise NotImplementedError()")
            keep = False
        if keep:
            kept.append(line)
        if "### END SOLUTION" in line:
            keep = True
    namespace: dict[str, Any] = {"__name__": "empty"}
    exec(compile(ast.parse("\n".join(kept)), "empty", "exec"), namespace)
    result = verdict(exercise, namespace[exercise.name], seeds(exercise)[0])
    assert result.earned == 0
    assert result.note == "Not written yet: replace the line that raises NotImplementedError."


# --- mistakes and alternatives


@each_mistake
def test_every_mistake_fails_on_every_seed(exercise: Exercise, name: str) -> None:
    _, wrong = VARIANTS[exercise.chapter].mistakes[exercise.name][name]
    for seed in seeds(exercise):
        assert any(fails(exercise, wrong, seed, probe) for probe in exercise.probes)


@functools.cache
def public_mistakes(chapter: str, name: str) -> dict[str, Mistake]:
    """Return how every mistake behaves on the public draws of the public probes, as `check` knows it."""
    exercise = load_chapter(chapter).exercises[name]
    seed = public_seed(name, exercise.version)
    with student_warnings_ignored():
        table = VARIANTS[chapter].mistakes[name].items()
        return {key: Mistake(message, run(exercise, wrong, seed)) for key, (message, wrong) in table}


@each_mistake
def test_every_mistake_is_named_by_its_own_message(exercise: Exercise, name: str) -> None:
    public = load_chapter(exercise.chapter).exercises[exercise.name]
    mistakes = public_mistakes(exercise.chapter, exercise.name)
    want = wanted(exercise.chapter, exercise.name, seeds(exercise)[0])
    result = judge(public, mistakes[name].outcomes, want, mistakes)
    assert not result.passed, "no public probe sees this mistake"
    assert result.cause == mistakes[name].message


@each_mistake
def test_a_mistake_is_observed_whole(exercise: Exercise, name: str) -> None:
    outcomes = public_mistakes(exercise.chapter, exercise.name)[name].outcomes
    assert all(outcome.status in ("value", "raised") for items in outcomes.values() for outcome in items)


@each_mistake
def test_a_mistake_costs_no_more_than_it_touches(exercise: Exercise, name: str) -> None:
    """One slip may not cost the whole exercise: most of it is right."""
    _, wrong = VARIANTS[exercise.chapter].mistakes[exercise.name][name]
    result = verdict(exercise, wrong, seeds(exercise)[0])
    assert 0 < result.earned < result.possible, failed(result)


@each_alternative
def test_every_alternative_earns_all_points_on_every_seed(exercise: Exercise, name: str) -> None:
    alternative = VARIANTS[exercise.chapter].alternatives[exercise.name][name]
    for seed in seeds(exercise):
        result = verdict(exercise, alternative, seed)
        assert result.passed, failed(result)
        assert result.earned == exercise.points


@each_alternative
def test_an_alternative_is_not_the_reference_in_disguise(exercise: Exercise, name: str) -> None:
    alternative = VARIANTS[exercise.chapter].alternatives[exercise.name][name]
    assert alternative is not reference(exercise)
    if inspect.isclass(alternative):
        assert not issubclass(alternative, reference(exercise))


# --- whatever comes back, the judge has an answer

ANYTHING = [
    *(10**5_000, "\ud800" * 5_000, [0] * 5_000, torch.empty(2**20, 0), np.zeros((2,) * 16, bool), Ref("callback", 0)),
    *(None, 0, 1.5, "", [], {}, {"": None}, (), b"", True),
    *(torch.empty(shape) for shape in ((), (0,), (0, 3), (3, 0), (1, 1, 1))),
    *(torch.zeros(2, dtype=dtype) for dtype in (torch.float16, torch.bfloat16, torch.complex64, torch.bool)),
    *(np.zeros(shape) for shape in ((), (0,), (0, 3))),
]
ARRIVED = [decode(encode(value)) for value in ANYTHING]


@each_probe
def test_any_value_gives_a_verdict_and_no_error(exercise: Exercise, probe: Probe) -> None:
    want = wanted(exercise.chapter, exercise.name, seeds(exercise)[0])[probe.name][0]
    for value in ARRIVED:
        assert judge_case(probe, Outcome("value", value), want) is not None
