"""The rules that read a world's texts read exactly what was written."""

from __future__ import annotations

import pytest

from pocket.world import Entity, World
from pocket.world.claims import claims


@pytest.mark.parametrize("split", ["train", "held-out"])
@pytest.mark.parametrize("seed", range(3))
def test_every_passage_claims_its_facts_and_nothing_else(seed: int, split: str) -> None:
    for passage in World(seed, split, size=30).passages:  # type: ignore[arg-type]
        said = {
            (fact.entity.name, fact.relation.name, fact.value.name if isinstance(fact.value, Entity) else fact.value)
            for fact in passage.facts
        }
        assert set(claims(passage.text)) == said, passage.text


def test_an_aside_between_commas_is_a_claim_of_its_own() -> None:
    assert claims("The Velmar Tower, which is 74 metres tall, stands in Dorvik.") == [
        ("Velmar Tower", "height", "74 metres"),
        ("Velmar Tower", "town", "Dorvik"),
    ]


@pytest.mark.parametrize(
    "text", ["", "unknown", "The Eiffel Tower stands in Paris.", "Where is Dorvik?", "Many songs mention Dorvik."]
)
def test_what_no_rule_fits_claims_nothing(text: str) -> None:
    assert claims(text) == []


def test_a_claim_made_twice_is_listed_twice() -> None:
    assert claims("Dorvik has 310 inhabitants. 310 people live in Dorvik.") == [("Dorvik", "population", "310")] * 2
