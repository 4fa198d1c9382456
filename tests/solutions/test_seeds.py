"""A verdict does not hang on luck: whatever the seed, an implementation passes the same probes."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.draws import graded_seed
from autograder.exercise import Exercise, chapter_names, graded_chapter
from autograder.judge import judge
from autograder.observe import Outcomes, observe
from autograder.proxy import Loopback
from autograder.trusted.reference import load_reference, load_variants

SECRETS = [f"secret number {number} of twenty".encode() for number in range(20)]
HIDDEN = Path(__file__).parents[2] / "autograder" / "hidden"
EXERCISES = [exercise for name in chapter_names() for exercise in graded_chapter(name, HIDDEN).exercises.values()]


def implementations(exercise: Exercise) -> Iterator[tuple[str, Any, bool]]:
    """Yield the reference, every alternative and every mistake: name, code, and whether it is right."""
    variants = load_variants(exercise.chapter)
    yield "the reference", getattr(load_reference(exercise.chapter), exercise.name), True
    for name, right in variants.alternatives.get(exercise.name, {}).items():
        yield name, right, True
    for name, (_, wrong) in variants.mistakes.get(exercise.name, {}).items():
        yield name, wrong, False


each_implementation = pytest.mark.parametrize(
    ("exercise", "implementation", "is_right"),
    [
        pytest.param(exercise, implementation, is_right, id=f"{exercise.name}-{name}")
        for exercise in EXERCISES
        for name, implementation, is_right in implementations(exercise)
    ],
)


@functools.cache
def wanted(number: int, seed: bytes) -> Outcomes:
    exercise = EXERCISES[number]
    return observe(exercise, Loopback(vars(load_reference(exercise.chapter))), seed)


def failed(exercise: Exercise, implementation: Any, secret: bytes) -> set[str]:
    """Return the names of the probes that an implementation fails under the seed of a secret."""
    seed = graded_seed(secret, exercise.chapter, exercise.name, exercise.version)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is wrong on purpose may warn
        got = observe(exercise, Loopback({exercise.name: implementation}), seed)
    probes = judge(exercise, got, wanted(EXERCISES.index(exercise), seed), {}).probes
    return {probe.name for probe in probes if not probe.passed}


@pytest.mark.slow
@each_implementation
def test_the_same_probes_fail_under_every_seed(exercise: Exercise, implementation: Any, is_right: bool) -> None:
    first, *others = (failed(exercise, implementation, secret) for secret in SECRETS)
    assert (not first) is is_right
    for other in others:
        assert other == first
