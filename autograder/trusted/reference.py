"""The one place that loads the reference implementations, and what they and the known mistakes do on given draws."""

from __future__ import annotations

import importlib
from pathlib import Path
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


def variants_folder(chapter: str) -> Path:
    """Return the folder with a chapter's mistakes."""
    return Path(importlib.import_module(f"solutions.mistakes.{chapter}").__file__ or "").parent


def source_files(chapter: str) -> list[Path]:
    """List the files of a chapter's reference and mistakes; a test double without files has none."""
    try:
        modules = [load_reference(chapter), importlib.import_module(f"solutions.mistakes.{chapter}")]
    except ModuleNotFoundError:
        return []
    files = [Path(module.__file__) for module in modules if module.__file__]
    return sorted({*files, *(path for file in files[1:] for path in file.parent.glob("*.py"))})


class Reference:
    """The expected outcomes of one chapter's exercises, computed once per exercise and seed."""

    def __init__(self, chapter: str) -> None:
        self._chapter = chapter
        self._want: dict[_Key, Outcomes] = {}
        self._mistakes: dict[_Key, dict[str, Mistake]] = {}

    def want(self, exercise: Exercise, seed: bytes) -> Outcomes:
        """Return what the reference does on the draws of `seed`."""
        key = _key(exercise, seed)
        if key not in self._want:
            self._want[key] = observe(exercise, Loopback(vars(load_reference(self._chapter))), seed)
        return self._want[key]

    def mistakes(self, exercise: Exercise, seed: bytes) -> dict[str, Mistake]:
        """Return what each known mistake does on the draws of `seed`."""
        key = _key(exercise, seed)
        if key not in self._mistakes:
            known = load_variants(self._chapter).mistakes.get(exercise.name, {})
            self._mistakes[key] = {
                name: Mistake(message, observe(exercise, Loopback({exercise.name: implementation}), seed))
                for name, (message, implementation) in known.items()
            }
        return self._mistakes[key]


#: An exercise with and without its hidden probes is asked different things.
_Key = tuple[str, tuple[str, ...], bytes]


def _key(exercise: Exercise, seed: bytes) -> _Key:
    return exercise.name, tuple(probe.name for probe in exercise.probes), seed
