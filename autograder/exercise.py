"""What an exercise is to the checker: a name, some facts about it, and the probes that decide its points.

A chapter's exercises are registered in ``autograder/probes/<chapter>/``, one module each::

    softmax = chapter.function("softmax_temperature", title="Softmax with a temperature", minutes=10, difficulty=2)

    @softmax.probe(points=3, cases=6)
    def definition(impl, rng):
        "Probabilities are exp(z / T), divided by their sum."
        logits = torch.from_numpy(rng.normal(size=2 + rng.case))
        return impl(logits, 0.5)

The task's text, the reference and the stub live in ``solutions/<chapter>.py``; nothing here repeats them.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from autograder.draws import Rng


class UnknownAssignmentError(LookupError):
    """There is no assignment of that name; the message lists those there are."""


Run = Callable[[Any, Rng], Any]
#: Looks at an observation alone and says what law it breaks, as "row 0 sums to 1.2"; or None.
Law = Callable[[Any], str | None]


class RegistrationError(Exception):
    """An exercise or a probe is declared wrongly; a mistake of the course's author, never of a student."""


@dataclass(frozen=True)
class Probe:
    """One question put to an implementation, in several cases drawn from small to large."""

    name: str
    #: A sentence, in the student's words, that says what holds when the probe passes.
    title: str
    points: float
    cases: int
    #: Draws its inputs from the generator, calls the implementation, returns plain data.
    run: Run
    #: A number passes when ``|got - want| <= atol + rtol * |want|``.
    rtol: float
    atol: float
    law: Law | None = None
    #: Names of the probes whose points are held back until this one passes; it earns nothing itself.
    gates: tuple[str, ...] = ()
    #: Hidden probes run at grading only, and feedback gives them one line.
    hidden: bool = False


@dataclass(frozen=True)
class Exercise:
    """One function or class that a student writes."""

    name: str
    chapter: str
    title: str
    kind: Literal["function", "class"]
    minutes: int
    #: 1 (a line or two) to 5 (an afternoon).
    difficulty: int
    #: The peer library that the reference is held to in ``tests/oracles/``.
    oracle: str
    #: Raised when graded draws must change; part of every seed.
    version: int = 1
    #: Methods and attributes that the docstring promises, and so the only ones a probe may use.
    methods: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    probes: list[Probe] = field(default_factory=list)

    @property
    def points(self) -> float:
        """Points of all probes together."""
        return sum(probe.points for probe in self.probes)

    def probe(
        self,
        *,
        points: float,
        cases: int = 4,
        rtol: float = 1e-4,
        atol: float = 1e-6,
        law: Law | None = None,
        gates: Iterable[str] = (),
    ) -> Callable[[Run], Run]:
        """Register the decorated function as a probe; its docstring's first line is the probe's title."""

        def register(run: Run) -> Run:
            self.probes.append(_probe(self, run, points, cases, rtol, atol, law, tuple(gates), hidden=False))
            return run

        return register

    def with_hidden(self, hidden: Iterable[Probe]) -> Exercise:
        """Return the same exercise with hidden probes after its own."""
        extra = list(hidden)
        taken = {probe.name for probe in self.probes}
        for probe in extra:
            if probe.name in taken:
                raise RegistrationError(f"{self.name}: two probes are named {probe.name}")
            taken.add(probe.name)
        return replace(self, probes=[*self.probes, *extra])

    def only(self, *, hidden: bool) -> Exercise:
        """Return the same exercise with its hidden probes alone, or without them."""
        return replace(self, probes=[probe for probe in self.probes if probe.hidden == hidden])


def _probe(
    exercise: Exercise,
    run: Run,
    points: float,
    cases: int,
    rtol: float,
    atol: float,
    law: Law | None,
    gates: tuple[str, ...],
    *,
    hidden: bool,
) -> Probe:
    where = f"{exercise.name}.{run.__name__}"
    title = (inspect.getdoc(run) or "").partition("\n")[0]
    if not title:
        raise RegistrationError(f"{where}: the docstring is the probe's title, and it is missing")
    if cases < 1 or points < 0:
        raise RegistrationError(f"{where}: needs at least one case and no negative points")
    if bool(gates) == bool(points):
        raise RegistrationError(f"{where}: a probe either earns points or holds back those of others (gates)")
    if any(probe.name == run.__name__ for probe in exercise.probes):
        raise RegistrationError(f"{exercise.name}: two probes are named {run.__name__}")
    return Probe(run.__name__, title, float(points), cases, run, rtol, atol, law, gates, hidden)


@dataclass
class Chapter:
    """The exercises of one assignment, in the order of the notebook."""

    name: str
    title: str
    exercises: dict[str, Exercise] = field(default_factory=dict)

    def function(
        self, name: str, *, title: str, minutes: int, difficulty: int, oracle: str, version: int = 1
    ) -> Exercise:
        """Register an exercise in which a function is to be written."""
        return self._add(Exercise(name, self.name, title, "function", minutes, difficulty, oracle, version))

    def class_(
        self,
        name: str,
        *,
        title: str,
        minutes: int,
        difficulty: int,
        oracle: str,
        methods: Iterable[str],
        attributes: Iterable[str] = (),
        version: int = 1,
    ) -> Exercise:
        """Register an exercise in which a class is to be written."""
        exercise = Exercise(
            name,
            self.name,
            title,
            "class",
            minutes,
            difficulty,
            oracle,
            version,
            tuple(methods),
            tuple(attributes),
        )
        return self._add(exercise)

    def _add(self, exercise: Exercise) -> Exercise:
        if exercise.name in self.exercises:
            raise RegistrationError(f"two exercises are named {exercise.name}")
        if exercise.difficulty not in range(1, 6):
            raise RegistrationError(f"{exercise.name}: difficulty goes from 1 to 5")
        self.exercises[exercise.name] = exercise
        return exercise


def hidden_probe(
    exercise: Exercise,
    *,
    points: float,
    cases: int = 4,
    rtol: float = 1e-4,
    atol: float = 1e-6,
    law: Law | None = None,
) -> Callable[[Run], HiddenProbe]:
    """Make the decorated function a hidden probe of `exercise`; `load_hidden` finds it in its module."""

    def make(run: Run) -> HiddenProbe:
        return HiddenProbe(exercise.name, _probe(exercise, run, points, cases, rtol, atol, law, (), hidden=True))

    return make


@dataclass(frozen=True)
class HiddenProbe:
    """A probe that runs at grading only, and the exercise it belongs to."""

    exercise: str
    probe: Probe


def chapter_names() -> list[str]:
    """Names of all chapters with exercises, sorted."""
    from autograder import probes

    return sorted(module.name for module in pkgutil.iter_modules(probes.__path__))


def load_chapter(name: str) -> Chapter:
    """Import a chapter's public probes.

    Raises
    ------
    UnknownAssignmentError
        If there is no such chapter; the message lists those there are.
    """
    if name not in chapter_names():
        raise UnknownAssignmentError(f"there is no assignment {name!r}; there is: {', '.join(chapter_names())}")
    chapter = getattr(importlib.import_module(f"autograder.probes.{name}"), "chapter", None)
    if not isinstance(chapter, Chapter):
        raise RegistrationError(f"autograder/probes/{name}/ must define `chapter`")
    for exercise in chapter.exercises.values():
        _demand_known_gates(exercise)
    return chapter


def _demand_known_gates(exercise: Exercise) -> None:
    names = {probe.name for probe in exercise.probes}
    for probe in exercise.probes:
        for target in probe.gates:
            if target not in names:
                raise RegistrationError(f"{exercise.name}.{probe.name} gates {target!r}, which is no probe of it")


def hidden_source(folder: Path, name: str) -> str:
    """Read a chapter's hidden probes, ``<folder>/<name>.py``; no such file means none, and an empty text."""
    path = folder / f"{name}.py"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def load_hidden(source: str, chapter: Chapter) -> dict[str, list[Probe]]:
    """Run the source of a chapter's hidden probes and collect them by exercise.

    Raises
    ------
    RegistrationError
        If a hidden probe names an exercise that the chapter does not have.
    """
    found: dict[str, list[Probe]] = {name: [] for name in chapter.exercises}
    module = ModuleType(f"_hidden_{chapter.name}")
    exec(compile(source, f"<hidden probes of {chapter.name}>", "exec"), vars(module))  # noqa: S102 - the instructor's own
    for item in vars(module).values():
        if isinstance(item, HiddenProbe):
            if item.exercise not in found:
                raise RegistrationError(
                    f"the hidden probe {item.probe.name} belongs to {item.exercise!r}, "
                    f"which {chapter.name} does not have"
                )
            found[item.exercise].append(item.probe)
    return found


def add_hidden(chapter: Chapter, source: str) -> Chapter:
    """Return a chapter with the hidden probes of a source, as the grader needs it."""
    extra = load_hidden(source, chapter)
    exercises = {key: exercise.with_hidden(extra[key]) for key, exercise in chapter.exercises.items()}
    return Chapter(chapter.name, chapter.title, exercises)


def graded_chapter(name: str, hidden: Path | None) -> Chapter:
    """Return a chapter with the hidden probes of a folder, if one is given."""
    chapter = load_chapter(name)
    return chapter if hidden is None else add_hidden(chapter, hidden_source(hidden, name))
