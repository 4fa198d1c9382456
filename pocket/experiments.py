"""What the exercises' two experiments ask: drawn once and for all, so that everybody's answers can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from pocket.errors import SettingError
from pocket.world.facts import World, fill
from pocket.world.questions import arithmetic, chain, lookup

#: The most questions that `reading_test` has.
MOST_QUESTIONS = 100
_PASSAGES, _FIRST, _MULTI_STEP = 50, 10, 15
_NEEDS = {"chain": ("search",), "difference": ("search", "calculate"), "total": ("search", "calculate")}


@dataclass(frozen=True)
class ReadingTest:
    """Passages of a world that no pocket model has read, and questions about them."""

    passages: tuple[str, ...]
    questions: tuple[str, ...]
    #: For each question, the answers that count as right.
    golds: tuple[tuple[str, ...], ...]


def reading_test(questions: int = 10) -> ReadingTest:
    """Return the test of the book's exercise 14.4: 50 passages, and questions that are each answered by one of them.

    Parameters
    ----------
    questions
        How many, from 1 to 100. Fewer questions are the first ones of more, and the passages are always the same.

    Raises
    ------
    ValueError
        If there are not as many questions.
    """
    if not 1 <= questions <= MOST_QUESTIONS:
        raise SettingError(f"The test has 1 to {MOST_QUESTIONS} questions, not {questions}.")
    draw = Random(2)
    chosen = draw.sample(World("chapter 2").passages, _PASSAGES)
    first = [lookup(draw.choice(passage.facts), draw).text for passage in draw.sample(chosen, _FIRST)]
    answers = {
        fill(wording, e=fact.entity): fact.answer
        for passage in chosen
        for fact in passage.facts
        for wording in fact.relation.questions
    }
    more = draw.sample([text for text in answers if text not in first], MOST_QUESTIONS - _FIRST)
    asked = [*first, *more][:questions]
    return ReadingTest(
        tuple(passage.text for passage in chosen), tuple(asked), tuple((answers[text],) for text in asked)
    )


def agents_world() -> World:
    """Return the world that `MULTI_STEP` asks about; no pocket model has read of it."""
    return World("agents", "held-out")


def _multi_step() -> tuple[dict[str, Any], ...]:
    world, rng = agents_world(), Random("agents")
    drawn = [rng.choice((chain, arithmetic))(world, rng) for _ in range(_MULTI_STEP)]
    return tuple({"question": one.text, "answer": one.answer, "needs": list(_NEEDS[one.shape])} for one in drawn)


#: The questions of the book's exercise 14.5: fifteen that need several steps, each with "question", "answer" and
#: "needs", the names of the tools without which it cannot be answered.
MULTI_STEP = _multi_step()
