"""How a class did: plain numbers of its results, for the instructor."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autograder.exercise import Chapter, Exercise, Probe
from autograder.grading.raised import exception_name
from autograder.grading.results import Result
from autograder.verdict import Verdict

#: A histogram has at most so many bars, each of one of these widths in points.
_MOST_BINS = 10
_WIDTHS = (1, 2, 5, 10, 20, 25, 50)


@dataclass(frozen=True)
class Spread:
    """Where the middle of some numbers is, and how far they lie apart."""

    mean: float
    lower_quartile: float
    median: float
    upper_quartile: float


@dataclass(frozen=True)
class Bin:
    """A bar of a histogram: how many scores are at least `low` and below `high`, or also `high` for the last one."""

    low: float
    high: float
    count: int


@dataclass(frozen=True)
class ProbeStatistics:
    """How many passed one probe."""

    title: str
    hidden: bool
    passed: int
    asked: int

    @property
    def rate(self) -> float | None:
        """Share of those asked who passed; None if nobody was asked."""
        return self.passed / self.asked if self.asked else None


@dataclass(frozen=True)
class ExerciseStatistics:
    """How the class did in one exercise."""

    name: str
    title: str
    possible: float
    #: None if nobody's work was graded.
    spread: Spread | None
    #: Students with all points, and students whose attempt had nothing to check ("not written yet").
    full: int
    unwritten: int
    probes: tuple[ProbeStatistics, ...]


@dataclass(frozen=True)
class Frequent:
    """Something that several students have in common, with the exercise it belongs to."""

    count: int
    exercise: str
    what: str


@dataclass(frozen=True)
class Look:
    """A student at whose submission a person should look, and why."""

    student: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class ClassStatistics:
    """All that the class report tells."""

    handed_in: int
    graded: int
    #: Reasons for not grading with their counts, the most frequent first.
    refusals: tuple[tuple[str, int], ...]
    possible: float
    #: None if nobody's work was graded.
    scores: Spread | None
    histogram: tuple[Bin, ...]
    exercises: tuple[ExerciseStatistics, ...]
    #: Known mistakes and exceptions by how many students made them, the most frequent first.
    mistakes: tuple[Frequent, ...]
    exceptions: tuple[Frequent, ...]
    looks: tuple[Look, ...]
    #: How many were graded by processes that were not shut in.
    untrusted: int


def class_statistics(chapter: Chapter, results: Iterable[Result]) -> ClassStatistics:
    """Count and sum up the results of one assignment; those not graded count in no score."""
    results = list(results)
    graded = [result for result in results if result.status == "graded"]
    exercises = list(chapter.exercises.values())
    possible = sum(exercise.points for exercise in exercises)
    scores = [result.earned for result in graded if result.earned is not None]
    verdicts = [verdict for result in graded for verdict in result.verdicts]
    untrusted = [result for result in graded if result.isolation == "none"]
    return ClassStatistics(
        handed_in=len(results),
        graded=len(graded),
        refusals=tuple(Counter(result.why for result in results if result.status != "graded").most_common()),
        possible=possible,
        scores=spread(scores),
        histogram=histogram(scores, possible),
        exercises=tuple(_exercise(exercise, verdicts) for exercise in exercises),
        mistakes=_frequent((verdict.exercise, verdict.cause) for verdict in verdicts if verdict.cause),
        exceptions=_frequent((verdict.exercise, name) for verdict in verdicts for name in _exceptions(verdict)),
        looks=_looks(results, [] if len(untrusted) == len(graded) else untrusted),
        untrusted=len(untrusted),
    )


def spread(values: Sequence[float]) -> Spread | None:
    """Return mean, median and quartiles; of one number they are all that number, and of none there are none."""
    if not values:
        return None
    pair = [*values, *values] if len(values) == 1 else values
    lower, median, upper = statistics.quantiles(pair, n=4, method="inclusive")
    return Spread(statistics.fmean(values), lower, median, upper)


def histogram(scores: Iterable[float], possible: float) -> tuple[Bin, ...]:
    """Count scores in bars of equal width from 0 to `possible`; the last one may be narrower."""
    if possible <= 0:
        return ()
    width = next((width for width in _WIDTHS if possible / width <= _MOST_BINS), possible / _MOST_BINS)
    last = math.ceil(possible / width) - 1
    counts = Counter(min(int(score / width), last) for score in scores)
    return tuple(Bin(i * width, min((i + 1) * width, possible), counts[i]) for i in range(last + 1))


def _exercise(exercise: Exercise, verdicts: list[Verdict]) -> ExerciseStatistics:
    own = [verdict for verdict in verdicts if verdict.exercise == exercise.name]
    return ExerciseStatistics(
        exercise.name,
        exercise.title,
        exercise.points,
        spread([verdict.earned for verdict in own]),
        sum(verdict.passed for verdict in own),
        sum(verdict.note is not None for verdict in own),
        tuple(_probe(probe, own) for probe in exercise.probes),
    )


def _probe(probe: Probe, verdicts: list[Verdict]) -> ProbeStatistics:
    passed = [answer.passed for verdict in verdicts for answer in verdict.probes if answer.name == probe.name]
    return ProbeStatistics(probe.title, probe.hidden, sum(passed), len(passed))


def _exceptions(verdict: Verdict) -> set[str]:
    """Return the kinds of exception in an exercise's probes; what is not written yet raises one that tells nothing."""
    if verdict.note:
        return set()
    return {name for probe in verdict.probes if probe.failure and (name := exception_name(probe.failure))}


def _frequent(found: Iterable[tuple[str, str]]) -> tuple[Frequent, ...]:
    return tuple(Frequent(count, exercise, what) for (exercise, what), count in Counter(found).most_common())


def _looks(results: list[Result], untrusted: list[Result]) -> tuple[Look, ...]:
    """List who needs a look; where everybody is untrusted, that is no reason for a line of its own."""
    found = []
    for result in results:
        reasons = [] if result.status == "graded" else [f"not graded: {result.why}"]
        reasons += [f"repaired: {note}" for note in dict.fromkeys(result.repairs)]
        reasons += [
            f"{finding.experiment}: {remark}"
            for finding in result.experiments
            if finding.state in ("differs", "unreadable")
            for remark in finding.remarks
        ]
        reasons += ["graded without an enclosure (isolation: none)"] if result in untrusted else []
        if reasons:
            found.append(Look(result.student, tuple(reasons)))
    return tuple(found)
