"""Declaring exercises and probes: what is wrong is refused when it is declared, not when it is graded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.draws import case_rng, graded_seed, public_seed
from autograder.exercise import (
    Chapter,
    Exercise,
    RegistrationError,
    chapter_names,
    graded_chapter,
    hidden_probe,
    hidden_source,
    load_chapter,
    load_hidden,
)


@pytest.fixture
def chapter() -> Chapter:
    return Chapter("trial", "Trial")


@pytest.fixture
def exercise(chapter: Chapter) -> Exercise:
    return chapter.function("f", title="F", minutes=5, difficulty=1, oracle="none")


def asks(impl: Any, rng: Any) -> Any:
    """Title of the probe.

    More about it, which is no part of the title.
    """
    return impl(1)


def untitled(impl: Any, rng: Any) -> Any:
    return impl(1)


FACTS: dict[str, Any] = {"title": "F", "minutes": 5, "difficulty": 1, "oracle": "none"}


def test_a_probe_is_named_by_its_function_and_titled_by_its_docstring(exercise: Exercise) -> None:
    exercise.probe(points=2, cases=3)(asks)
    (probe,) = exercise.probes
    assert (probe.name, probe.title, probe.points, probe.cases) == ("asks", "Title of the probe.", 2.0, 3)
    assert not probe.hidden


def test_the_points_of_an_exercise_are_those_of_its_probes(exercise: Exercise) -> None:
    exercise.probe(points=2)(asks)
    exercise.probe(points=0.5)(lambda_named("more"))
    exercise.probe(points=0, gates=["asks"])(lambda_named("gate"))
    assert exercise.points == 2.5


def lambda_named(name: str) -> Any:
    """Return a probe's function of another name."""

    def run(impl: Any, rng: Any) -> Any:
        """Title."""

    run.__name__ = name
    return run


def test_two_probes_of_one_name_are_refused(exercise: Exercise) -> None:
    exercise.probe(points=1)(asks)
    with pytest.raises(RegistrationError, match="f: two probes are named asks"):
        exercise.probe(points=2)(asks)


def test_a_probe_without_a_docstring_is_refused(exercise: Exercise) -> None:
    with pytest.raises(RegistrationError, match=r"f\.untitled: the docstring is the probe's title, and it is missing"):
        exercise.probe(points=1)(untitled)


@pytest.mark.parametrize("facts", [{"points": 1, "cases": 0}, {"points": -1}, {"points": -1, "gates": ["x"]}])
def test_no_cases_and_negative_points_are_refused(exercise: Exercise, facts: dict[str, Any]) -> None:
    with pytest.raises(RegistrationError, match=r"f\.asks: needs at least one case and no negative points"):
        exercise.probe(**facts)(asks)


@pytest.mark.parametrize("facts", [{"points": 1, "gates": ["x"]}, {"points": 0}])
def test_a_probe_either_earns_or_gates(exercise: Exercise, facts: dict[str, Any]) -> None:
    with pytest.raises(RegistrationError, match="either earns points or holds back those of others"):
        exercise.probe(**facts)(asks)


def test_a_refused_probe_leaves_no_trace(exercise: Exercise) -> None:
    with pytest.raises(RegistrationError):
        exercise.probe(points=0)(asks)
    assert exercise.probes == []


def test_two_exercises_of_one_name_are_refused(chapter: Chapter, exercise: Exercise) -> None:
    with pytest.raises(RegistrationError, match="two exercises are named f"):
        chapter.class_("f", methods=["m"], **FACTS)
    assert chapter.exercises == {"f": exercise}


@pytest.mark.parametrize("difficulty", [0, 6, -1])
def test_a_difficulty_off_the_scale_is_refused(chapter: Chapter, difficulty: int) -> None:
    with pytest.raises(RegistrationError, match="f: difficulty goes from 1 to 5"):
        chapter.function("f", **{**FACTS, "difficulty": difficulty})
    assert chapter.exercises == {}


# --- hidden probes


def test_a_hidden_probe_joins_the_exercise_only_for_grading(exercise: Exercise) -> None:
    exercise.probe(points=1)(asks)
    item = hidden_probe(exercise, points=2)(lambda_named("secret"))
    assert (item.exercise, item.probe.hidden) == ("f", True)
    assert [probe.name for probe in exercise.probes] == ["asks"]
    graded = exercise.with_hidden([item.probe])
    assert [probe.name for probe in graded.probes] == ["asks", "secret"]
    assert (graded.points, exercise.points) == (3, 1)


def test_a_hidden_probe_of_a_taken_name_is_refused(exercise: Exercise) -> None:
    exercise.probe(points=1)(asks)
    with pytest.raises(RegistrationError, match="two probes are named asks"):
        hidden_probe(exercise, points=1)(asks)
    item = hidden_probe(exercise, points=1)(lambda_named("secret"))
    with pytest.raises(RegistrationError, match="two probes are named secret"):
        exercise.with_hidden([item.probe, item.probe])


def test_a_hidden_probe_must_earn_points(exercise: Exercise) -> None:
    with pytest.raises(RegistrationError, match="either earns points"):
        hidden_probe(exercise, points=0)(asks)


HIDDEN = '''
from autograder.exercise import HiddenProbe, hidden_probe
from autograder.probes.next_token.softmax_temperature import softmax

@hidden_probe(softmax, points=1)
def secret(impl, rng):
    """A secret."""
'''


def test_hidden_probes_are_found_by_their_chapter_s_file(tmp_path: Path) -> None:
    (tmp_path / "next_token.py").write_text(HIDDEN)
    public, graded = load_chapter("next_token"), graded_chapter("next_token", tmp_path)
    assert [probe.name for probe in graded.exercises["softmax_temperature"].probes if probe.hidden] == ["secret"]
    assert not any(probe.hidden for exercise in public.exercises.values() for probe in exercise.probes)
    assert graded.exercises["generate"].probes == public.exercises["generate"].probes


def test_no_folder_and_no_file_mean_no_hidden_probes(tmp_path: Path) -> None:
    chapter = load_chapter("next_token")
    assert graded_chapter("next_token", None) is chapter
    for folder in (tmp_path, tmp_path / "absent"):
        assert load_hidden(hidden_source(folder, "next_token"), chapter) == {name: [] for name in chapter.exercises}


def test_a_hidden_probe_of_an_unknown_exercise_is_refused_by_name(tmp_path: Path) -> None:
    lost = 'from autograder.exercise import Chapter\nlost = Chapter("x", "X").function("lost", title="", minutes=1, difficulty=1, oracle="")\n'
    (tmp_path / "next_token.py").write_text(lost + HIDDEN.replace("(softmax", "(lost"))
    with pytest.raises(RegistrationError, match=r"secret belongs to 'lost', which next_token does not have"):
        graded_chapter("next_token", tmp_path)


# --- chapters


def test_an_unknown_chapter_is_answered_with_those_there_are() -> None:
    with pytest.raises(LookupError, match=r"there is no assignment 'next_tokn'; there is: .*next_token"):
        load_chapter("next_tokn")


@pytest.mark.parametrize("name", chapter_names())
def test_every_chapter_carries_the_name_of_its_file(name: str) -> None:
    assert load_chapter(name).name == name


# --- draws


def test_the_same_case_draws_the_same_numbers() -> None:
    one, two = (case_rng(b"seed", "f", "asks", 1).random(4) for _ in range(2))
    assert np.array_equal(one, two)


@pytest.mark.parametrize(
    "other", [(b"Seed", "f", "asks", 1), (b"seed", "g", "asks", 1), (b"seed", "f", "ask", 1), (b"seed", "f", "asks", 2)]
)
def test_any_other_case_draws_other_numbers(other: tuple[bytes, str, str, int]) -> None:
    assert not np.array_equal(case_rng(b"seed", "f", "asks", 1).random(4), case_rng(*other).random(4))


def test_a_generator_knows_its_case() -> None:
    assert case_rng(b"seed", "f", "asks", 3).case == 3


def test_seeds_depend_on_everything_that_names_them() -> None:
    secret = b"0123456789abcdef"
    seeds = [
        public_seed("f", 1),
        public_seed("f", 2),
        public_seed("g", 1),
        graded_seed(secret, "a", "f", 1),
        graded_seed(secret, "a", "f", 2),
        graded_seed(secret, "b", "f", 1),
        graded_seed(secret, "a", "g", 1),
        graded_seed(secret[::-1], "a", "f", 1),
    ]
    assert len(set(seeds)) == len(seeds)
    assert graded_seed(secret, "a", "f", 1) == seeds[3]


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="has 15 bytes; it needs 16 or more"):
        graded_seed(b"0" * 15, "a", "f", 1)
