"""The probes of faithfulness. The passages are sentences of the world, and the claims are read on the checking side."""

from __future__ import annotations

from typing import Any

from autograder.draws import Rng
from autograder.probes.rag.chapter import chapter
from autograder.proxy import Impl
from pocket.world import Fact, World
from pocket.world.claims import claims
from pocket.world.facts import fill

faithful = chapter.function(
    "faithfulness",
    title="Faithfulness",
    minutes=10,
    difficulty=2,
    oracle="the world's own facts, by which passages and answers were written",
)

_READ = 200


class Reader:
    """Reads claims, and stops where a loop does not end."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, text: str) -> list[tuple[str, str, str]]:
        """Return the claims of a text."""
        self.times += 1
        if self.times > _READ:
            raise RuntimeError(f"claims were read {_READ} times; does the loop end?")
        return claims(text)


def _facts(rng: Rng, count: int) -> list[Fact]:
    """Draw facts about different entities, no two of them with the same value."""
    world = World(int(rng.integers(10**6)), size=6)
    chosen: list[Fact] = []
    for place in rng.permutation(len(world.facts)):
        fact = world.facts[int(place)]
        if all(fact.entity != other.entity and fact.answer != other.answer for other in chosen):
            chosen.append(fact)
    return chosen[:count]


def _say(fact: Fact, wording: int, value: object = None) -> str:
    return fill(fact.relation.statements[wording], e=fact.entity, v=value or fact.value)


def _other_value(fact: Fact, rng: Rng) -> object:
    """Draw another value for a fact."""
    world = World(int(rng.integers(10**6)), size=6)
    return next(other.value for other in world.facts if other.relation == fact.relation and other.answer != fact.answer)


@faithful.probe(points=2)
def counts_supported_claims(impl: Impl, rng: Rng) -> Any:
    """It is the share of the answer's claims that a passage makes, word for word."""
    facts = _facts(rng, 5)
    kept = [1, 2, 1, 3][rng.case]
    answer = " ".join(_say(fact, 0) for fact in facts[: 2 + rng.case])
    return impl(answer, [_say(fact, 0) for fact in facts[:kept]], Reader())


@faithful.probe(points=1)
def knows_other_words(impl: Impl, rng: Rng) -> Any:
    """A claim is supported by the same claim in other words."""
    facts = _facts(rng, 4)
    answer = " ".join(_say(fact, 0) for fact in facts)
    return impl(answer, [_say(fact, 1 + rng.case % 2) for fact in facts[: 1 + rng.case % 3]], Reader())


@faithful.probe(points=1)
def sees_wrong_values(impl: Impl, rng: Rng) -> Any:
    """A passage that says something else of the same entity, or the same of another one, does not support a claim."""
    first, second, third = _facts(rng, 3)
    wrong = _other_value(first, rng)
    passages = [_say(first, 0, wrong), _say(second, 0)]
    world = World(int(rng.integers(10**6)), size=6)
    twin = next(
        fact for fact in world.facts if fact.relation == third.relation and fact.entity.name != third.entity.name
    )
    passages.append(_say(twin, 1, third.value))
    return impl(
        " ".join(_say(fact, rng.case % 3) for fact in (first, second, third)), passages[: 2 + rng.case % 2], Reader()
    )


@faithful.probe(points=1)
def looks_at_all_passages(impl: Impl, rng: Rng) -> Any:
    """Each claim may rest on another passage, and what else the passages say costs nothing."""
    facts = _facts(rng, 6)
    passages = [_say(fact, 0) for fact in facts[1:]]
    asked = [facts[1], facts[3], facts[5], facts[0]][: 2 + rng.case % 3]
    return impl(" ".join(_say(fact, 0) for fact in asked), [passages[place] for place in (3, 4, 0, 1, 2)], Reader())


@faithful.probe(points=1, cases=3)
def counts_a_claim_once(impl: Impl, rng: Rng) -> Any:
    """A claim that the answer repeats is one claim."""
    one, two, three = _facts(rng, 3)
    told = [[one, one, two], [one, two, two], [one, two, three, one, one]][rng.case]
    return impl(" ".join(_say(fact, place % 2) for place, fact in enumerate(told)), [_say(one, 0)], Reader())


@faithful.probe(points=1, cases=4)
def handles_nothing(impl: Impl, rng: Rng) -> Any:
    """An answer that claims nothing has 1, and one that claims something has 0 without passages."""
    (fact,) = _facts(rng, 1)
    answer = ["unknown", _say(fact, 0), "", _say(fact, 1)][rng.case]
    return impl(answer, [[_say(fact, 0)], [], [], ["Nobody knows."]][rng.case], Reader())
