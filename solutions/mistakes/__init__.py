"""Wrong implementations that people really write, with the message that names each; and right ones of other kinds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass
class Variants:
    """Everything a chapter knows about other ways to write its exercises."""

    #: Per exercise and mistake: the message and the implementation.
    mistakes: dict[str, dict[str, tuple[str, Any]]] = field(default_factory=dict)
    #: Per exercise and alternative: the implementation.
    alternatives: dict[str, dict[str, Any]] = field(default_factory=dict)

    def mistake(self, exercise: str, message: str) -> Callable[[T], T]:
        """Register a wrong implementation; the message says what to check, without the code that mends it."""

        def register(implementation: T) -> T:
            self._add(self.mistakes, exercise, implementation, (message, implementation))
            return implementation

        return register

    def alternative(self, exercise: str) -> Callable[[T], T]:
        """Register a correct implementation of another kind than the reference."""

        def register(implementation: T) -> T:
            self._add(self.alternatives, exercise, implementation, implementation)
            return implementation

        return register

    @staticmethod
    def _add(table: dict[str, dict[str, Any]], exercise: str, implementation: Any, entry: Any) -> None:
        name = implementation.__name__
        if name in table.setdefault(exercise, {}):
            raise ValueError(f"{exercise}: two variants are named {name}")
        table[exercise][name] = entry
