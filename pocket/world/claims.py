"""What a text claims about a world: the statements that it makes, whatever their wording.

The rules are those by which the world's own texts are written (`schema.RELATIONS`), read backwards. A sentence that no
rule fits claims nothing: asides, questions, and everything about the real world.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from pocket.world.names import NAME
from pocket.world.schema import FEASTS, LANDMARKS, MONTHS, PROFESSIONS, RELATIONS, WRITINGS

Claim = tuple[str, str, str]
"""Entity, relation and value, as ("Velmar Tower", "height", "74 metres")."""

_NAME = NAME.pattern.replace("(", "(?:").removesuffix(r"\b")
_ENTITIES = {
    "town": _NAME,
    "landmark": f"[Tt]he {_NAME} (?:{'|'.join(LANDMARKS)})",
    "river": f"[Tt]he River {_NAME}",
    "mountain": f"Mount {_NAME}",
    "person": f"{_NAME} {_NAME}",
    "ship": f"[Tt]he ship {_NAME}",
    "book": f"[Tt]he {_NAME} (?:{'|'.join(WRITINGS)})",
    "festival": f"[Tt]he {_NAME} (?:{'|'.join(FEASTS)})",
}
_VALUES = {
    "year": r"\d{4}",
    "people": r"\d+",
    "metres": r"\d+ metres",
    "altitude": r"\d+ metres",
    "kilometres": r"\d+ kilometres",
    "profession": "|".join(PROFESSIONS),
    "month": "|".join(MONTHS),
}
_BETWEEN_SENTENCES = re.compile(r"(?<=[.!?])\s+")
_ARTICLE = re.compile(r"^[Tt]he ")


def claims(text: str) -> list[Claim]:
    """Return the claims of a text, in its order, repetitions included.

    Entities and values stand without "the". "The Velmar Tower, which is 74 metres tall, stands in Dorvik." makes two
    claims.
    """
    return [claim for sentence in _BETWEEN_SENTENCES.split(text.strip()) for claim in _claims_of(sentence)]


def _claims_of(sentence: str) -> Iterator[Claim]:
    for relation, pattern, clauses in _rules():
        found = pattern.fullmatch(sentence)
        if found is None:
            continue
        entity = _bare(found["e"])
        aside = found["aside"] if clauses else None
        if aside is not None:
            said = [(name, told) for name, clause in clauses if (told := clause.fullmatch(aside))]
            if not said:
                continue
            yield from ((entity, name, _bare(told["v"])) for name, told in said)
        yield entity, relation, _bare(found["v"])
        return


def _bare(thing: str) -> str:
    return _ARTICLE.sub("", thing)


@functools.cache
def _rules() -> tuple[tuple[str, re.Pattern[str], tuple[tuple[str, re.Pattern[str]], ...]], ...]:
    """Return, for each wording, its relation, its pattern, and the clauses that may be slipped in behind the entity."""
    rules = []
    for relation in RELATIONS:
        value = _ENTITIES.get(relation.value) or _VALUES[relation.value]
        clauses = tuple(
            (other.name, _pattern(other.clause, "", _ENTITIES.get(other.value) or _VALUES[other.value]))
            for other in RELATIONS
            if other.kind == relation.kind
        )
        for wording in relation.statements:
            opens = wording.startswith("{E} ")
            rules.append((relation.name, _pattern(wording, _ENTITIES[relation.kind], value), clauses if opens else ()))
    return tuple(rules)


def _pattern(wording: str, entity: str, value: str) -> re.Pattern[str]:
    """Turn a wording into a pattern with the groups `e` and `v`, and `aside` where it opens with the entity."""
    text = re.escape(wording)
    if wording.startswith("{E} "):
        text = text.replace(re.escape("{E}"), "{E}(?:, (?P<aside>[^,]+),)?", 1)
    for mark in ("{E}", "{e}"):
        text = text.replace(re.escape(mark), f"(?P<e>{entity})").replace(mark, f"(?P<e>{entity})")
    for mark in ("{V}", "{v}"):
        text = text.replace(re.escape(mark), f"(?P<v>{value})")
    return re.compile(text)
