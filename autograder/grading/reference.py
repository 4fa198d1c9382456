"""The one place that loads the reference implementations, and what they and the known mistakes do on given draws."""

from __future__ import annotations

import importlib
from functools import cache
from types import ModuleType
from typing import Any

from autograder.exercise import Exercise
from autograder.judge import Mistake
from autograder.observe import Outcomes, observe
from autograder.proxy import Loopback


def load_reference(chapter: str) -> ModuleType:
    """Import a chapter's reference implementations."""
    return importlib.import_module(f"solutions.{chapter}")


def load_variants(chapter: str) -> Any:
    """Import a chapter's mistakes and alternatives, a ``solutions.mistakes.Variants``."""
    return importlib.import_module(f"solutions.mistakes.{chapter}").variants


class Reference:
    """The expected outcomes of one chapter's exercises, computed once per exercise and seed."""

    def __init__(self, chapter: str) -> None:
        self._chapter = chapter
        self._want = cache(self._observe_reference)
        self._mistakes = cache(self._observe_mistakes)
        self._exercises: dict[str, Exercise] = {}

    def want(self, exercise: Exercise, seed: bytes) -> Outcomes:
        """Return what the reference does on the draws of `seed`."""
        self._exercises[exercise.name] = exercise
        return self._want(exercise.name, seed)

    def mistakes(self, exercise: Exercise, seed: bytes) -> dict[str, Mistake]:
        """Return what each known mistake does on the draws of `seed`."""
        self._exercises[exercise.name] = exercise
        return self._mistakes(exercise.name, seed)

    def _observe_reference(self, name: str, seed: bytes) -> Outcomes:
        return observe(self._exercises[name], Loopback(vars(load_reference(self._chapter))), seed)

    def _observe_mistakes(self, name: str, seed: bytes) -> dict[str, Mistake]:
        known = load_variants(self._chapter).mistakes.get(name, {})
        return {
            key: Mistake(message, observe(self._exercises[name], Loopback({name: implementation}), seed))
            for key, (message, implementation) in known.items()
        }
