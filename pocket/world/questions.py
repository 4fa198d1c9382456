"""Questions about a world, with their answers and the facts that they rest on."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

from pocket.world.facts import Entity, Fact, World, fill
from pocket.world.schema import RELATIONS

UNKNOWN = "unknown"

Shape = Literal["lookup", "chain", "difference", "total"]


@dataclass(frozen=True)
class Question:
    """A question and what is needed to answer it.

    Attributes
    ----------
    text
        The question, as a person would ask it.
    answer
        The answer, word for word.
    facts
        The facts that it rests on, in the order in which one would look them up.
    shape
        "lookup" rests on one fact; "chain" on two, the second about the value of the first; "difference" and "total" on
        two numbers.
    """

    text: str
    answer: str
    facts: tuple[Fact, ...]
    shape: Shape


def lookup(fact: Fact, rng: Random) -> Question:
    """Ask for one fact."""
    return Question(fill(rng.choice(fact.relation.questions), e=fact.entity), fact.answer, (fact,), "lookup")


def chain(world: World, rng: Random) -> Question:
    """Ask for a fact about an entity that is itself described by a fact: two look-ups, one after the other."""
    first = rng.choice([fact for fact in world.facts if isinstance(fact.value, Entity)])
    assert isinstance(first.value, Entity)
    second = rng.choice([fact for fact in world.about(first.value) if fact.value != first.entity])
    inner = fill(first.relation.phrase, e=first.entity)
    text = fill(rng.choice(second.relation.questions), e=inner)
    return Question(text, second.answer, (first, second), "chain")


def arithmetic(world: World, rng: Random) -> Question:
    """Ask for the difference or the sum of two numbers: two look-ups and a calculation."""
    relation = rng.choice([relation for relation in RELATIONS if relation.arithmetic])
    assert relation.arithmetic is not None
    a, b = (world.fact(entity, relation.name) for entity in rng.sample(world.entities[relation.kind], 2))
    if relation.arithmetic.total and rng.random() < 0.5:
        template, result, shape = relation.arithmetic.total, number(a) + number(b), "total"
    else:
        if number(a) < number(b):
            a, b = b, a
        template, result, shape = relation.arithmetic.difference, number(a) - number(b), "difference"
    answer = f"{result} {relation.arithmetic.unit}".strip()
    facts = (a, b) if template.index("{a}") < template.index("{b}") else (b, a)
    return Question(
        fill(template, a=a.entity, b=b.entity), answer, facts, "total" if shape == "total" else "difference"
    )


def number(fact: Fact) -> int:
    """Return the number of a fact whose value is one, with or without a unit."""
    return int(fact.answer.split()[0])
