"""The texts that the language models learn from, drawn afresh for every batch: no entity is ever seen twice on purpose.

A text is a list of pieces, each with the weight of its tokens in the loss. What the model should write weighs 1, what
it only reads weighs a little, what it should never write weighs 0. The first token of an answer weighs 3: it decides
which passage the answer is taken from, and the rest follows.

The texts come in lessons. A small model that meets passages at once learns which sentences answer a kind of question
and never which of them is about the right entity; one that first learns to go on with what followed a word before (an
induction head: Olsson and others, 2022) learns each later lesson within a few hundred steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import NamedTuple

from pocket.world.facts import Passage, World, say
from pocket.world.names import STARTS, NameBag, endings
from pocket.world.pictures import caption, describe, draw_scene, questions
from pocket.world.prompts import agent, closed_book, open_book
from pocket.world.questions import UNKNOWN, arithmetic, chain, lookup
from pocket.world.schema import RELATIONS
from pocket.world.traces import TROUBLES, beside, trace

END = "<eos>"
ANSWER, WRITE, PROSE, READ, NEVER = 3.0, 1.0, 0.3, 0.02, 0.0
MOST_PASSAGES = 24
FEW_STARTS = 4  # first syllables of the names in every other world: a search finds names that look alike
ALIKE = 0.5  # of the contexts, how many can only be told apart by the name that is asked for


class Piece(NamedTuple):
    """A stretch of text and the weight of its tokens in the loss."""

    text: str
    weight: float


Text = list[Piece]
Draw = Callable[[Random, World], Text]


def neighbours(rng: Random, world: World) -> Text:
    """Return pairs of tokens, and some again: the first thing to learn is what came after the same token before."""
    keys = rng.sample(STARTS, rng.randint(2, 8))
    after = {
        key: (f" {rng.choice(STARTS)}", rng.choice(endings(key, world.split)), str(rng.randint(0, 9))) for key in keys
    }
    return _pairs([(f" {key}", rng.choice(after[key])) for key in keys], rng)


def pairs_with_a_mark(rng: Random, world: World) -> Text:
    """Return pairs with a mark between the two: the key is no longer the token before the answer."""
    return _marked(rng.sample(STARTS, rng.randint(2, 8)), (":", " is"), world, rng)


def pairs_of_names(rng: Random, world: World) -> Text:
    """Return pairs whose keys are names: two tokens, and either of them may be another key's too."""
    bag = NameBag(rng, world.split, starts=rng.choice((None, FEW_STARTS)))
    return _marked([bag.draw() for _ in range(rng.randint(2, 8))], ("", ":", " is"), world, rng)


def _marked(keys: Sequence[str], marks: Sequence[str], world: World, rng: Random) -> Text:
    """Return pairs of keys and values with one mark between; a value is a name or a number, some of few digits."""
    mark, bag = rng.choice(marks), NameBag(rng, world.split)
    digits = rng.sample("0123456789", rng.choice((3, 10)))
    values = [bag.draw() if rng.random() < 0.5 else "".join(rng.choices(digits, k=rng.randint(1, 5))) for _ in keys]
    return _pairs([(f" {key}{mark}", f" {value}") for key, value in zip(keys, values, strict=True)], rng)


def _pairs(pairs: Sequence[tuple[str, str]], rng: Random) -> Text:
    """Return pairs, and as many drawn from them, some twice: none can be told by what is left."""
    text = [Piece(";".join(f"{key}{value}" for key, value in pairs) + " |", NEVER)]
    for key, value in rng.choices(pairs, k=len(pairs)):
        text += [Piece(key, NEVER), Piece(value, ANSWER), Piece(";", NEVER)]
    return text


def told(rng: Random, world: World) -> Text:
    """Return sentences that say the same of different entities, and a question about each: only names differ."""
    relation = rng.choice(RELATIONS)
    alike = [fact for fact in world.facts if fact.relation == relation]
    facts = rng.sample(alike, min(len(alike), rng.randint(2, 6)))
    asked = [(lookup(fact, rng).text, fact.answer) for fact in rng.sample(facts, len(facts))]
    return _asked([say([fact], rng) for fact in facts], asked)


def read(rng: Random, world: World) -> Text:
    """Return passages and questions about them; some have no answer there."""
    return _asked_about(world, rng.choice((2, 3, 3, 4, 4, 4, 5, 6, 7, 8)), 8, rng)


def read_much(rng: Random, world: World) -> Text:
    """Return many passages, up to what the model's context holds, and questions about them."""
    return _asked_about(world, rng.randint(9, MOST_PASSAGES), 20, rng)


def _asked_about(world: World, count: int, most_questions: int, rng: Random) -> Text:
    passages = _gathered(world, rng, count)
    here = [fact for passage in passages for fact in passage.facts]
    entities = {passage.entity for passage in passages}
    absent = [fact for fact in world.facts if fact not in here]
    beside_it = [fact for fact in absent if fact.entity in entities]
    asked = [
        (lookup(fact, rng).text, fact.answer)
        for fact in rng.sample(here, min(len(here), rng.randint(1, most_questions)))
    ]
    if rng.random() < 0.5:
        fact = rng.choice(beside_it if beside_it and rng.random() < 0.5 else absent)
        asked.insert(rng.randint(0, len(asked)), (lookup(fact, rng).text, UNKNOWN))
    return _asked([passage.text for passage in passages], asked)


def _asked(passages: Sequence[str], asked: Sequence[tuple[str, str]]) -> Text:
    """Return passages, and questions with their answers one after the other."""
    (question, answer), *others = asked
    text = [Piece(open_book(passages, question), READ), Piece(f" {answer}{END}", ANSWER)]
    for question, answer in others:
        text += [Piece(f"\n{closed_book(question)}", READ), Piece(f" {answer}{END}", ANSWER)]
    return text


def _gathered(world: World, rng: Random, count: int) -> list[Passage]:
    """Return passages as a search for one fact might find them, or as many as say the same of different entities."""
    fact = rng.choice(world.facts)
    same = {world.passage_of(other): None for other in world.facts if other.relation == fact.relation}
    if rng.random() < ALIKE:
        return rng.sample(list(same), min(count, len(same)))
    passages = [world.passage_of(fact), *beside(world, fact, rng, count - 1)]
    return rng.sample(passages, len(passages))


def acted(rng: Random, world: World) -> Text:
    """Return a ReAct trace; in some a tool fails, and the trace shows what to do then. What is read off weighs most."""
    draw = rng.random()
    question = (
        lookup(rng.choice(world.facts), rng)
        if draw < 0.2
        else chain(world, rng)
        if draw < 0.65
        else arithmetic(world, rng)
    )
    trouble = rng.choice(TROUBLES) if rng.random() < 0.4 else None
    steps = trace(world, question, rng, trouble, hopeless=rng.random() < 0.1).steps
    text = [Piece(agent(question.text), READ)]
    for step in steps:
        rest = step.written + (END if step.observation is None else "")
        weight = NEVER if step.mistaken else WRITE
        for fact in question.facts:
            before, found, after = rest.partition(f" is {fact.answer}.")
            if found and weight == WRITE:
                text += [Piece(f"{before} is", WRITE), Piece(f" {fact.answer}.", ANSWER)]
                rest = after
        text += [Piece(rest, weight), Piece(step.seen, READ)]
    return text


def prose(rng: Random, world: World) -> Text:
    """Return a few documents, as plain text to go on with."""
    documents = rng.sample(world.documents, min(len(world.documents), 5))
    return [Piece("\n".join(document.text for document in documents) + END, PROSE)]


def pictured(rng: Random, world: World) -> Text:
    """Return notes of a picture, and its caption or an answer about it: what a projector's tokens will stand for."""
    scene = draw_scene(rng, held_out=False)
    seen = f"Picture: {describe(scene, rng)}\n"
    if rng.random() < 0.5:
        return [Piece(f"{seen}Caption:", READ), Piece(f" {caption(scene)}{END}", WRITE)]
    text = [Piece(seen.rstrip(), READ)]
    asked = questions(scene)
    for question in rng.sample(asked, min(3, len(asked))):
        text += [Piece(f"\n{closed_book(question.text)}", READ), Piece(f" {question.answer}{END}", ANSWER)]
    return text


def unread(rng: Random, world: World) -> Text:
    """Return a question with nothing to read: the answer is that one does not know."""
    question = chain(world, rng) if rng.random() < 0.4 else lookup(rng.choice(world.facts), rng)
    return [Piece(closed_book(question.text), READ), Piece(f" {UNKNOWN}{END}", ANSWER)]


class Lesson(NamedTuple):
    """A stretch of the training: its number of steps, and what is drawn how often in it."""

    steps: int
    mix: Mapping[Draw, float]


LESSONS = (
    Lesson(400, {neighbours: 1.0}),
    Lesson(400, {neighbours: 0.3, pairs_with_a_mark: 0.7}),
    Lesson(600, {pairs_with_a_mark: 0.2, pairs_of_names: 0.8}),
    Lesson(700, {pairs_of_names: 0.3, told: 0.7}),
    Lesson(700, {pairs_of_names: 0.1, told: 0.3, read: 0.6}),
)
"""What the training starts with; the rest of it is `MIX`."""

MIX: Mapping[Draw, float] = {read: 0.5, acted: 0.28, prose: 0.07, pictured: 0.1, unread: 0.05}
LONG_MIX: Mapping[Draw, float] = {read_much: 0.8, acted: 0.2}


def lesson_of(step: int) -> Mapping[Draw, float]:
    """Return what is drawn how often at a step of the training."""
    for lesson in LESSONS:
        if step < lesson.steps:
            return lesson.mix
        step -= lesson.steps
    return MIX


def worlds(rng: Random) -> list[World]:
    """Draw the worlds of a batch: some larger, some smaller, some with names that are easily mixed up."""
    return [World(rng.random(), "train", size, starts=rng.choice((None, FEW_STARTS))) for size in (3, 6, 10)]


def draw(rng: Random, mix: Mapping[Draw, float], world: World) -> Text:
    """Return a text of a mix."""
    return rng.choices(list(mix), weights=list(mix.values()))[0](rng, world)
