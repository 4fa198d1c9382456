"""Wrong implementations that people really write, with the message that names each; and right ones of other kinds.

One package a chapter, one module an exercise; each module has its `Variants`, and the chapter's package gathers them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass
class Variants:
    """Other ways to write one exercise."""

    exercise: str
    #: By name: the message and the implementation.
    mistakes: dict[str, tuple[str, Any]] = field(default_factory=dict)
    alternatives: dict[str, Any] = field(default_factory=dict)

    def mistake(self, message: str) -> Callable[[T], T]:
        """Register a wrong implementation; the message says what to check, without the code that mends it."""

        def register(implementation: T) -> T:
            self._add(self.mistakes, implementation, (message, implementation))
            return implementation

        return register

    def alternative(self, implementation: T) -> T:
        """Register a correct implementation of another kind than the reference."""
        self._add(self.alternatives, implementation, implementation)
        return implementation

    def _add(self, table: dict[str, Any], implementation: Any, entry: Any) -> None:
        if implementation.__name__ in table:
            raise ValueError(f"{self.exercise}: two variants are named {implementation.__name__}")
        table[implementation.__name__] = entry


@dataclass
class ChapterVariants:
    """The variants of all exercises of a chapter, by exercise."""

    mistakes: dict[str, dict[str, tuple[str, Any]]] = field(default_factory=dict)
    alternatives: dict[str, dict[str, Any]] = field(default_factory=dict)


def gather(package: str, path: Iterable[str]) -> ChapterVariants:
    """Import a chapter's modules and put their variants together."""
    chapter = ChapterVariants()
    for module in pkgutil.iter_modules(path):
        variants = importlib.import_module(f"{package}.{module.name}").variants
        chapter.mistakes[variants.exercise] = variants.mistakes
        chapter.alternatives[variants.exercise] = variants.alternatives
    return chapter
