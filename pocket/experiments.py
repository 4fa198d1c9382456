"""What the exercises' two experiments ask: drawn once and for all, so that everybody's answers can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from pocket.world.facts import World
from pocket.world.questions import arithmetic, chain, lookup

_PASSAGES, _LOOKUPS, _QUESTIONS = 50, 10, 15
_NEEDS = {"chain": ("search",), "difference": ("search", "calculate"), "total": ("search", "calculate")}


@dataclass(frozen=True)
class ReadingTest:
    """Passages of a world that no pocket model has read, and questions about them."""

    passages: tuple[str, ...]
    questions: tuple[str, ...]
    #: For each question, the answers that count as right.
    golds: tuple[tuple[str, ...], ...]


def reading_test() -> ReadingTest:
    """Return the questions of the book's exercise 14.4: ten, each answered by one of 50 passages."""
    draw = Random(2)
    chosen = draw.sample(World("chapter 2").passages, _PASSAGES)
    asked = [lookup(draw.choice(passage.facts), draw) for passage in draw.sample(chosen, _LOOKUPS)]
    return ReadingTest(
        tuple(passage.text for passage in chosen),
        tuple(question.text for question in asked),
        tuple((question.answer,) for question in asked),
    )


def agents_world() -> World:
    """Return the world that `MULTI_STEP` asks about; no pocket model has read of it."""
    return World("agents", "held-out")


def _multi_step() -> tuple[dict[str, Any], ...]:
    world, rng = agents_world(), Random("agents")
    drawn = [rng.choice((chain, arithmetic))(world, rng) for _ in range(_QUESTIONS)]
    return tuple({"question": one.text, "answer": one.answer, "needs": list(_NEEDS[one.shape])} for one in drawn)


#: The questions of the book's exercise 14.5: fifteen that need several steps, each with "question", "answer" and
#: "needs", the names of the tools without which it cannot be answered.
MULTI_STEP = _multi_step()
