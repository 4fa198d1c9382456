"""A model without weights: it reads passages by the schema's wordings, and acts as a perfect agent would."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from random import Random

from pocket.tools import calculate
from pocket.world import RELATIONS, UNKNOWN, Relation
from pocket.world.prompts import CALCULATE, FINISH, SEARCH
from pocket.world.schema import KINDS, VALUES


def capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=\.) ", text)


def pattern(template: str) -> str:
    """Return a regular expression for what a template can become, a group a field."""
    return re.sub(r"\\\{(\w)\\\}", lambda found: f"(?P<{found[1].lower()}>.+)", re.escape(template))


def _value(relation: Relation) -> str:
    numeric = relation.value not in KINDS and VALUES[relation.value](Random(0))[0].isdigit()
    return r"(?P<v>\d[\w ]*)" if numeric else r"(?P<v>[^\W\d][\w ]*)"


def _about(template: str, entity: str, relation: Relation) -> str:
    """Return a regular expression for a wording about one entity, with a group for the value."""
    filled = re.escape(template.replace("{e}", entity).replace("{E}", capitalised(entity)))
    return re.sub(r"\\\{[vV]\\\}", lambda _: _value(relation), filled)


def find(relation: Relation, entity: str, passages: Sequence[str]) -> str | None:
    """Return what passages say by a relation of an entity, which is written as inside a sentence."""
    for sentence in (sentence for passage in passages for sentence in sentences(passage)):
        parts = re.fullmatch(rf"({re.escape(capitalised(entity))}), ([^,]+), (.+)", sentence)
        wordings = [(sentence, statement) for statement in relation.statements]
        if parts:
            wordings = [(f"{parts[1]} {parts[3]}", statement) for statement in relation.statements]
            wordings.append((parts[2], relation.clause))
        for text, template in wordings:
            if said := re.fullmatch(_about(template, entity, relation), text):
                return re.sub("^The ", "the ", said["v"])
    return None


def meant(question: str) -> Iterator[tuple[Relation, str]]:
    """Yield what a question may ask for: a relation, and the entity in its words."""
    for relation in RELATIONS:
        for template in relation.questions:
            if asked := re.fullmatch(pattern(template), question):
                yield relation, asked["e"]


def answer(question: str, passages: Sequence[str]) -> str:
    """Return the answer that passages give to a question about one fact, or "unknown"."""
    found = (find(relation, entity, passages) for relation, entity in meant(question))
    return next(filter(None, found), UNKNOWN)


def passages_in(prompt: str) -> list[str]:
    """Return the passages that a prompt shows, as a context or as observations."""
    shown = re.findall(r"^(?:Observation: )?(\[1\] .+(?:\n\[\d+\] .+)*)", prompt, re.MULTILINE)
    return [passage.strip() for block in shown for passage in re.split(r"\[\d+\] ", block) if passage.strip()]


class Reader:
    """Takes the place of a language model.

    Parameters
    ----------
    knows
        Passages that it has in its head: it answers from them too.
    gives_up
        Whether it finishes with "unknown" as soon as a tool has failed.
    """

    name = "a reader"

    def __init__(self, knows: Sequence[str] = (), *, gives_up: bool = False) -> None:
        self.knows, self.gives_up = list(knows), gives_up
        self.prompts: list[str] = []

    def complete_batch(self, prompts: Sequence[str], **_options: object) -> list[str]:
        self.prompts += prompts
        return [self.turn(prompt) if prompt.startswith("Tools:") else self.read(prompt) for prompt in prompts]

    def complete(self, prompt: str, **options: object) -> str:
        return self.complete_batch([prompt], **options)[0]

    def read(self, prompt: str) -> str:
        question = re.findall(r"^Question: (.+)$", prompt, re.MULTILINE)[-1]
        passages = passages_in(prompt) + self.knows
        if self.knows and answer(question, passages) == UNKNOWN:  # more than one fact, and all of them in its head
            tool, argument = self.next_action(question, passages, [])
            if tool == CALCULATE:
                return f" {_with_unit(question, calculate(argument))}"
            return f" {argument if tool == FINISH else UNKNOWN}"
        return f" {answer(question, passages)}"

    def turn(self, transcript: str) -> str:
        question = re.findall(r"^Question: (.+)$", transcript, re.MULTILINE)[0]
        if self.gives_up and re.search(r"^Observation: (Error|No results)", transcript, re.MULTILINE):
            return f" I give up.\nAction: {FINISH}[{UNKNOWN}]"
        results = re.findall(r"^Observation: (\d+)$", transcript, re.MULTILINE)
        tool, argument = self.next_action(question, passages_in(transcript), results)
        return f" So.\nAction: {tool}[{argument}]"

    def next_action(self, question: str, passages: Sequence[str], results: Sequence[str]) -> tuple[str, str]:
        """Return the tool to use, and what for, with what was read and calculated so far."""
        for relation in RELATIONS:
            if not relation.arithmetic:
                continue
            for template in filter(None, (relation.arithmetic.difference, relation.arithmetic.total)):
                if asked := re.fullmatch(pattern(template), question):
                    sign = "+" if template == relation.arithmetic.total else "-"
                    return _calculation(question, relation, asked["a"], asked["b"], sign, passages, results)
        for relation, described in meant(question):
            entity: str | None = described
            for first in RELATIONS:
                inner = re.fullmatch(pattern(first.phrase), described)
                if inner and first.value == relation.kind:
                    entity = find(first, inner["e"], passages)
                    if entity is None:
                        return SEARCH, first.phrase.format(e=inner["e"])
            assert entity
            found = find(relation, entity, passages)
            if found or entity != described:
                return (FINISH, found) if found else (SEARCH, relation.phrase.format(e=entity))
        relation, entity = next(meant(question))
        return SEARCH, relation.phrase.format(e=entity)


def _calculation(
    question: str, relation: Relation, a: str, b: str, sign: str, passages: Sequence[str], results: Sequence[str]
) -> tuple[str, str]:
    if results:
        return FINISH, _with_unit(question, results[-1])
    values = []
    for entity in (a, b):
        if (value := find(relation, entity, passages)) is None:
            return SEARCH, relation.phrase.format(e=entity)
        values.append(value.split()[0])
    return CALCULATE, f" {sign} ".join(values)


def _with_unit(question: str, number: str) -> str:
    """Return a number with the unit that the question asks for."""
    units = {"years": "years", "metres": "metres", "kilometres": "kilometres", "tall": "metres", "long": "kilometres"}
    first = re.search(r"\b(years|metres|kilometres|tall|long)\b", question)
    return f"{number} {units[first[1]]}" if first else number
