"""The texts that the language models learn from, drawn afresh for every batch: no entity is ever seen twice on purpose.

A text is a list of pieces, each with the weight of its tokens in the loss. What the model should write weighs 1, what
it only reads weighs a little, what it should never write weighs 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import NamedTuple

from pocket.world.facts import Passage, World
from pocket.world.names import NameBag
from pocket.world.pictures import caption, describe, draw_scene, questions
from pocket.world.prompts import agent, closed_book, open_book
from pocket.world.questions import UNKNOWN, arithmetic, chain, lookup
from pocket.world.traces import TROUBLES, beside, trace

END = "<eos>"
WRITE, READ, NEVER = 1.0, 0.1, 0.0
MOST_PASSAGES = 24
EASY_STAGES = 4


class Piece(NamedTuple):
    """A stretch of text and the weight of its tokens in the loss."""

    text: str
    weight: float


Text = list[Piece]


def repeated(rng: Random, stage: int) -> Text:
    """Return a list of names and the same list again: the first thing to learn is to copy."""
    bag = NameBag(rng, "train")
    listed = " ".join(bag.draw() for _ in range(rng.randint(3, 5 + 3 * stage)))
    return [Piece(f"{listed} |", READ), Piece(f" {listed}{END}", WRITE)]


def read(rng: Random, stage: int) -> Text:
    """Return passages and questions about them; some have no answer there."""
    count = rng.randint(1, stage + 1) if stage < EASY_STAGES else rng.choice((2, 3, 3, 4, 4, 4, 5, 6, 7, 8))
    return _asked_about(count, 8, rng)


def read_much(rng: Random, stage: int) -> Text:
    """Return many passages, up to what the model's context holds, and questions about them."""
    return _asked_about(rng.randint(9, MOST_PASSAGES), 20, rng)


def _asked_about(count: int, most_questions: int, rng: Random) -> Text:
    world = World(rng.random(), "train", size=2)
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
    (question, answer), *others = asked
    text = [Piece(open_book([passage.text for passage in passages], question), READ), Piece(f" {answer}{END}", WRITE)]
    for question, answer in others:
        text += [Piece(f"\n{closed_book(question)}", READ), Piece(f" {answer}{END}", WRITE)]
    return text


def _gathered(world: World, rng: Random, count: int) -> list[Passage]:
    """Return passages as a search for one fact might find them."""
    fact = rng.choice(world.facts)
    passages = [world.passage_of(fact), *beside(world, fact, rng, count - 1)]
    return rng.sample(passages, len(passages))


def acted(rng: Random, stage: int) -> Text:
    """Return a ReAct trace; in some a tool fails, and the trace shows what to do then."""
    world = World(rng.random(), "train", size=2)
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
        ending = END if step.observation is None else ""
        text.append(Piece(step.written + ending, NEVER if step.mistaken else WRITE))
        text.append(Piece(step.seen, READ))
    return text


def prose(rng: Random, stage: int) -> Text:
    """Return a few documents, as plain text to go on with."""
    world = World(rng.random(), "train", size=1)
    documents = rng.sample(world.documents, min(len(world.documents), 1 + stage))
    return [Piece("\n".join(document.text for document in documents) + END, 2 * READ)]


def pictured(rng: Random, stage: int) -> Text:
    """Return notes of a picture, and its caption or an answer about it: what a projector's tokens will stand for."""
    scene = draw_scene(rng, held_out=False)
    seen = f"Picture: {describe(scene, rng)}\n"
    if rng.random() < 0.5:
        return [Piece(f"{seen}Caption:", READ), Piece(f" {caption(scene)}{END}", WRITE)]
    text = [Piece(seen.rstrip(), READ)]
    asked = questions(scene)
    for question in rng.sample(asked, min(3, len(asked))):
        text += [Piece(f"\n{closed_book(question.text)}", READ), Piece(f" {question.answer}{END}", WRITE)]
    return text


def unread(rng: Random, stage: int) -> Text:
    """Return a question with nothing to read: the answer is that one does not know."""
    world = World(rng.random(), "train", size=1)
    question = chain(world, rng) if rng.random() < 0.4 else lookup(rng.choice(world.facts), rng)
    return [Piece(closed_book(question.text), READ), Piece(f" {UNKNOWN}{END}", WRITE)]


MIX: Mapping[Callable[[Random, int], Text], float] = {read: 0.56, acted: 0.24, prose: 0.05, pictured: 0.1, unread: 0.05}
LONG_MIX: Mapping[Callable[[Random, int], Text], float] = {read_much: 0.8, acted: 0.2}
EASY_SHARE = 0.15  # of the training, how much is an easy start


def stage_of(progress: float) -> int:
    """Return the stage, 0 to `EASY_STAGES`, at a share of the training from 0 to 1."""
    return min(EASY_STAGES, int(progress / EASY_SHARE * EASY_STAGES))


def draw(rng: Random, stage: int, *, long: bool = False) -> Text:
    """Return a text as it comes at a stage of the training; after the easy start, some batches have `long` ones."""
    if long:
        return _one_of(LONG_MIX, rng, stage)
    if stage < EASY_STAGES and rng.random() < 0.5 - 0.12 * stage:
        return repeated(rng, stage)
    return read(rng, stage) if stage == 0 else _one_of(MIX, rng, stage)


def _one_of(mix: Mapping[Callable[[Random, int], Text], float], rng: Random, stage: int) -> Text:
    return rng.choices(list(mix), weights=list(mix.values()))[0](rng, stage)
