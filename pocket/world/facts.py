"""A world: entities, the facts about them, and the documents that say the facts."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from pocket.world.names import NameBag, Split
from pocket.world.schema import ASIDES, KINDS, RELATIONS, VALUES, Relation

FACTS_A_PASSAGE = (1, 2)
CLAUSE_SHARE = 0.3  # of the passages with two facts, how many say one of them in a relative clause
ASIDE_SHARE = 0.15  # of the passages, how many end in a sentence that says nothing


@dataclass(frozen=True)
class Entity:
    """One thing of the world: its kind and its name."""

    kind: str
    name: str

    def __str__(self) -> str:
        """Return the entity as it stands inside a sentence."""
        return f"the {self.name}" if KINDS[self.kind].article else self.name


@dataclass(frozen=True)
class Fact:
    """What one relation says of one entity."""

    entity: Entity
    relation: Relation
    value: Entity | str

    @property
    def answer(self) -> str:
        """The value as a sentence says it (but for a capital at its start): a span that can be copied."""
        return str(self.value)


@dataclass(frozen=True)
class Passage:
    """One to three sentences about one entity, and the facts that they say."""

    entity: Entity
    text: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Document:
    """Everything that the world's library says about one entity."""

    title: str
    passages: tuple[Passage, ...]

    @property
    def text(self) -> str:
        """The passages as one paragraph."""
        return " ".join(passage.text for passage in self.passages)


def fill(template: str, **values: object) -> str:
    """Fill a template: `{e}` is the value of `e`, `{E}` the same with a capital at the front."""
    texts = {key: str(value) for key, value in values.items()}
    capitals = {key.upper(): text[:1].upper() + text[1:] for key, text in texts.items()}
    return template.format(**texts, **capitals)


def say(facts: Sequence[Fact], rng: Random) -> str:
    """Return sentences that say these facts about one entity, each in one of its wordings."""
    entity = facts[0].entity
    if len(facts) == 2 and rng.random() < CLAUSE_SHARE and (sentence := _joined(facts[0], facts[1], rng)):
        sentences = [sentence]
    else:
        sentences = [fill(rng.choice(fact.relation.statements), e=entity, v=fact.value) for fact in facts]
    if rng.random() < ASIDE_SHARE:
        sentences.append(fill(rng.choice(ASIDES[entity.kind]), e=entity))
    return " ".join(sentences)


def _joined(main: Fact, aside: Fact, rng: Random) -> str | None:
    """Return "The Velmar Tower, which is 74 metres tall, stands in Dorvik.", where a wording begins with the entity."""
    openings = [wording for wording in main.relation.statements if wording.startswith("{E} ")]
    if not openings:
        return None
    clause = fill(aside.relation.clause, v=aside.value)
    return fill(rng.choice(openings).replace("{E} ", "{E}, " + clause + ", ", 1), e=main.entity, v=main.value)


class World:
    """A world that follows from its seed.

    Parameters
    ----------
    seed
        The same seed gives the same world.
    split
        The side that every name comes from; no name is on both.
    size
        How many entities of each kind there are; of persons, who have most to do, there are twice as many.
    starts
        With how many first syllables the names begin: few make a world whose names are easily mixed up.

    Attributes
    ----------
    entities
        By kind, in the order they were made.
    facts
        Every fact; each entity has one for each relation of its kind.
    passages, documents
        What the world's library says. Each fact is said in exactly one passage.
    """

    def __init__(self, seed: float | str, split: Split = "held-out", size: int = 40, starts: int | None = None) -> None:
        rng = Random(f"world/{split}/{seed}")
        names = NameBag(rng, split, starts)
        self.seed, self.split = seed, split
        self.entities: Mapping[str, tuple[Entity, ...]] = {
            kind.name: tuple(
                Entity(kind.name, kind.title(rng, names)) for _ in range(size * 2 if kind.name == "person" else size)
            )
            for kind in KINDS.values()
        }
        everything = [entity for entities in self.entities.values() for entity in entities]
        about = {
            entity: [self._fact(entity, relation, rng) for relation in of_kind(entity.kind)] for entity in everything
        }
        self.facts: tuple[Fact, ...] = tuple(fact for facts in about.values() for fact in facts)
        self.documents: tuple[Document, ...] = tuple(_document(entity, about[entity], rng) for entity in everything)
        self.passages: tuple[Passage, ...] = tuple(
            passage for document in self.documents for passage in document.passages
        )
        self._facts = {(fact.entity, fact.relation.name): fact for fact in self.facts}

    def fact(self, entity: Entity, relation: str) -> Fact:
        """Return what a relation says of an entity; KeyError if it says nothing of that kind."""
        return self._facts[entity, relation]

    def about(self, entity: Entity) -> tuple[Fact, ...]:
        """Return every fact about an entity."""
        return tuple(self._facts[entity, relation.name] for relation in of_kind(entity.kind))

    def passage_of(self, fact: Fact) -> Passage:
        """Return the passage that says a fact."""
        return self._passages[fact.entity, fact.relation.name]

    @functools.cached_property
    def _passages(self) -> Mapping[tuple[Entity, str], Passage]:
        return {(fact.entity, fact.relation.name): passage for passage in self.passages for fact in passage.facts}

    def _fact(self, entity: Entity, relation: Relation, rng: Random) -> Fact:
        if relation.value not in KINDS:
            return Fact(entity, relation, VALUES[relation.value](rng))
        others = [other for other in self.entities[relation.value] if other != entity]
        return Fact(entity, relation, rng.choice(others or self.entities[relation.value]))


def of_kind(kind: str) -> tuple[Relation, ...]:
    """Return the relations that are said of a kind of entity."""
    return _BY_KIND[kind]


def _by_kind(relations: Iterable[Relation]) -> Mapping[str, tuple[Relation, ...]]:
    listed = tuple(relations)
    return {kind: tuple(relation for relation in listed if relation.kind == kind) for kind in KINDS}


_BY_KIND = _by_kind(RELATIONS)


def _document(entity: Entity, facts: Sequence[Fact], rng: Random) -> Document:
    """Say an entity's facts in random order, one or two a passage."""
    left = rng.sample(facts, len(facts))
    passages = []
    while left:
        some, left = left[: (count := rng.randint(*FACTS_A_PASSAGE))], left[count:]
        passages.append(Passage(entity, say(some, rng), tuple(some)))
    return Document(entity.name, tuple(passages))
