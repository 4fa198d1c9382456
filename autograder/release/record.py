"""Write down what the reference and the known mistakes do on the public draws, for `check` in the student's package."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from autograder.compare import Tolerance, difference
from autograder.draws import public_seed
from autograder.exercise import Chapter, Exercise
from autograder.observe import Outcome, Outcomes
from autograder.recording import write
from autograder.trusted.reference import Reference
from autograder.wire import WireError, decode


def record_chapter(public: Chapter, graded: Chapter, stubs: Mapping[str, str]) -> dict[str, Any]:
    """Observe every exercise of a chapter on its public draws.

    Parameters
    ----------
    public, graded
        The chapter without and with hidden probes; the difference in points is what `check` leaves undecided.
    stubs
        The cell that a student is given, by exercise.
    """
    reference = Reference(public.name)
    exercises = {
        name: _record(exercise, graded.exercises[name].points, stubs[name], reference)
        for name, exercise in public.exercises.items()
    }
    return {"chapter": public.name, "title": public.title, "exercises": exercises}


def _record(exercise: Exercise, all_points: float, stub: str, reference: Reference) -> dict[str, Any]:
    seed = public_seed(exercise.name, exercise.version)
    want = reference.want(exercise, seed)
    mistakes = reference.mistakes(exercise, seed)
    probes = {
        probe.name: {
            "want": [write(outcome) for outcome in want[probe.name]],
            "mistakes": {
                key: changed
                for key, mistake in mistakes.items()
                if (changed := _changes(want, mistake.outcomes, probe.name))
            },
        }
        for probe in exercise.probes
    }
    return {
        "title": exercise.title,
        "version": exercise.version,
        "points": exercise.points,
        "undecided": all_points - exercise.points,
        "stub": stub,
        "mistakes": {key: mistake.message for key, mistake in mistakes.items()},
        "probes": probes,
    }


def _changes(want: Outcomes, mistaken: Outcomes, probe: str) -> dict[str, str]:
    return {
        str(case): write(wrong)
        for case, (right, wrong) in enumerate(zip(want[probe], mistaken[probe], strict=True))
        if write(right) != write(wrong)
    }


def to_text(recording: dict[str, Any]) -> str:
    """Write a recording as the committed file holds it."""
    return json.dumps(recording, indent=1, ensure_ascii=False) + "\n"


def same_recording(one: Any, other: Any) -> bool:
    """Compare two recordings; observed floats may differ in their last bits, as they do between processors.

    So a mistake may differ from the reference in its last bits on one processor, and be left out on another. Everything
    else, texts and integers included, must be equal.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        if list(one) == list(other) == ["want", "mistakes"]:
            keys = sorted({*one["mistakes"], *other["mistakes"]})
            one, other = _every_case(one, keys), _every_case(other, keys)
        return list(one) == list(other) and all(same_recording(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same_recording(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, str) and isinstance(other, str) and one != other:
        return _same_outcome(one, other)
    return bool(one == other)


def _every_case(probe: dict[str, Any], keys: list[str]) -> dict[str, Any]:
    """Return a probe with what each mistake does in every case; what is not written is as the reference."""
    right = {str(case): outcome for case, outcome in enumerate(probe["want"])}
    return {"want": probe["want"], "cases": {key: right | probe["mistakes"].get(key, {}) for key in keys}}


def _same_outcome(one: str, other: str) -> bool:
    try:
        plain, second = (decode(base64.b64decode(text, validate=True)) for text in (one, other))
        left, right = Outcome.from_plain(plain), Outcome.from_plain(second)
    except (WireError, ValueError, TypeError):
        return False
    if (left.status, left.kinds) != (right.status, right.kinds):
        return False
    return difference(left.value, right.value, Tolerance(1e-5, 1e-6, nan_agrees=True)) is None
