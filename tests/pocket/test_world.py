"""What holds in every world: who is in it, what is said of them, and what can be asked."""

from __future__ import annotations

import ast
import inspect
import os
import re
import shutil
import string
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocket.world import RELATIONS, Entity, Fact, Relation, World, arithmetic, chain, lookup, schema
from pocket.world.names import HELD_OUT_SHARE, NAME, STARTS, NameBag, Split, endings, names, split_of
from pocket.world.schema import ASIDES, KINDS, VALUES
from pocket.world.traces import beside
from tests.pocket import reader
from tests.pocket.reader import capitalised, pattern, sentences

ROOT = Path(__file__).parents[2]
SPLITS = ("train", "held-out")

repeatable = settings(derandomize=True, deadline=None, max_examples=60)
seeds = st.integers(0, 10**9)
worlds = st.builds(World, seeds, st.sampled_from(SPLITS), st.integers(2, 4))


@pytest.fixture(scope="module")
def large() -> World:
    return World("a large one")


def said(fact: Fact, text: str) -> bool:
    """Whether a text has the fact's answer word for word; a sentence may begin with it."""
    return fact.answer in text or any(part.startswith(capitalised(fact.answer)) for part in sentences(text))


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text))


def names_in(world: World) -> Iterator[str]:
    """Yield every invented word of a world's entities."""
    invented = set(names(world.split))
    for entities in world.entities.values():
        for entity in entities:
            yield from (word for word in entity.name.split() if word in invented)


def fields(template: str) -> list[str]:
    return [field for _, field, _, _ in string.Formatter().parse(template) if field is not None]


# --- seeds


def fingerprint() -> str:
    """Return a hash of everything that is drawn from a world; run by another process too."""
    import hashlib
    from random import Random

    from pocket.world import World, arithmetic, chain, lookup
    from pocket.world.traces import TROUBLES, trace

    told = []
    for split in ("train", "held-out"):
        world, rng = World(7, split, 3), Random(7)
        told += [document.text for document in world.documents]
        for trouble in (None, *TROUBLES):
            for question in (lookup(world.facts[5], rng), chain(world, rng), arithmetic(world, rng)):
                told += [trace(world, question, rng, trouble).text, question.answer]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def test_the_same_seed_gives_the_same_world_questions_and_traces_in_any_process() -> None:
    script = f"{inspect.getsource(fingerprint)}\nprint(fingerprint())"
    other = {"1": "2"}.get(os.environ.get("PYTHONHASHSEED", ""), "1")
    ran = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONHASHSEED": other, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == fingerprint()


@repeatable
@given(seeds, seeds)
def test_another_seed_gives_another_world(one: int, other: int) -> None:
    texts = [[document.text for document in World(seed, size=1).documents] for seed in (one, other)]
    assert (texts[0] == texts[1]) == (one == other)


# --- names


@repeatable
@given(seeds, seeds, st.integers(1, 5))
def test_a_training_world_and_a_held_out_world_share_no_name(one: int, other: int, size: int) -> None:
    train, held_out = (
        set(names_in(World(seed, split, size))) for seed, split in zip((one, other), SPLITS, strict=True)
    )
    assert len(train) == len(held_out) == size * (len(KINDS) - 1 + 2 * 2)  # twice the persons, with two names each
    assert train.isdisjoint(held_out)
    assert {split_of(name) for name in train} == {"train"}
    assert {split_of(name) for name in held_out} == {"held-out"}


def test_the_two_sides_share_no_name_at_all_and_no_name_is_a_word_of_the_texts() -> None:
    train, held_out = (set(names(split)) for split in SPLITS)
    assert train.isdisjoint(held_out)
    assert len(held_out) / len(train | held_out) == pytest.approx(HELD_OUT_SHARE, abs=0.02)
    templates = [text for relation in RELATIONS for text in (*relation.statements, *relation.questions)]
    templates += [text for texts in ASIDES.values() for text in texts]
    templates += [*schema.LANDMARKS, *schema.WRITINGS, *schema.FEASTS, *schema.PROFESSIONS, *schema.MONTHS]
    assert words(" ".join(templates)).isdisjoint(train | held_out)


def test_the_side_of_a_name_is_the_one_that_the_committed_models_were_trained_with() -> None:
    """Were a name to change sides, what is measured as held out would have been seen in training."""
    sides = "".join(split_of(f"Vel{letter}")[0] for letter in string.ascii_lowercase)
    assert sides == "tttthtttthhttttttththtttht"


@repeatable
@given(st.text(min_size=1))
def test_the_side_of_a_name_does_not_depend_on_its_capitals(name: str) -> None:
    assert split_of(name.lower()) == split_of(name)


@repeatable
@given(seeds, st.sampled_from(SPLITS))
def test_a_bag_never_gives_a_name_twice(seed: int, split: str) -> None:
    bag = NameBag(Random(seed), split)
    assert max(Counter(bag.draw() for _ in range(300)).values()) == 1


@repeatable
@given(seeds, st.sampled_from(SPLITS), st.integers(1, 5))
def test_names_of_few_first_syllables_are_easily_taken_for_one_another(seed: int, split: Split, starts: int) -> None:
    bag = NameBag(Random(seed), split, starts)
    drawn = [bag.draw() for _ in range(5)]
    assert set(drawn) <= set(names(split))
    assert len({match[1] for name in drawn if (match := NAME.fullmatch(name))}) <= starts


@pytest.mark.parametrize("split", SPLITS)
def test_each_name_of_a_side_is_a_first_syllable_and_an_ending_of_that_side(split: Split) -> None:
    built = {start + ending for start in STARTS for ending in endings(start, split)}
    assert built == set(names(split))
    assert all(NAME.fullmatch(name) for name in built)


def test_a_world_with_more_entities_than_there_are_names_is_refused() -> None:
    with pytest.raises(ValueError, match="names are taken: make a smaller world"):
        World(0, size=len(names("held-out")) // len(KINDS))


# --- the schema


def test_there_are_at_least_six_kinds_and_twelve_relations_and_every_kind_has_some() -> None:
    assert len(KINDS) >= 6
    assert len(RELATIONS) >= 12
    assert {relation.kind for relation in RELATIONS} == set(KINDS) == set(ASIDES)
    assert {relation.value for relation in RELATIONS} <= {*KINDS, *VALUES}


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: f"{relation.kind}-{relation.name}")
def test_a_relation_can_be_said_and_asked_in_several_ways_and_each_mentions_what_it_must(relation: Relation) -> None:
    assert len(set(relation.statements)) >= 2
    assert len(set(relation.questions)) >= 2
    for statement in relation.statements:
        assert sorted(map(str.lower, fields(statement))) == ["e", "v"], statement
        assert statement.endswith(".")
    for question in relation.questions:
        assert [field.lower() for field in fields(question)] == ["e"], question
        assert question.endswith("?")
    assert fields(relation.phrase) == ["e"]
    assert fields(relation.clause) == ["v"]
    numbers = relation.arithmetic
    for asked in filter(None, (numbers.difference, numbers.total) if numbers else ()):
        assert sorted(fields(asked)) == ["a", "b"]
        assert asked.endswith("?")
    for template in (*relation.statements, *relation.questions):
        assert re.match(r"[A-Z]|\{[EV]\}", template), f"{template} does not begin with a capital"
        assert not re.search(r".\{[EV]\}", template), f"{template} has a capital in its middle"


@pytest.mark.parametrize("kind", KINDS)
def test_an_aside_mentions_its_entity_and_nothing_else(kind: str) -> None:
    assert len(ASIDES[kind]) >= 2
    for aside in ASIDES[kind]:
        assert [field.lower() for field in fields(aside)] == ["e"]


# --- documents


@repeatable
@given(worlds)
def test_every_fact_is_said_in_exactly_one_passage_and_its_answer_stands_there_word_for_word(world: World) -> None:
    told = Counter((fact.entity, fact.relation.name) for passage in world.passages for fact in passage.facts)
    assert told == Counter((fact.entity, fact.relation.name) for fact in world.facts)
    assert set(told.values()) == {1}
    for fact in world.facts:
        passage = world.passage_of(fact)
        assert fact in passage.facts
        assert fact.entity == passage.entity
        assert fact.entity.name in passage.text
        assert said(fact, passage.text), (fact.answer, passage.text)


@settings(repeatable, max_examples=15)
@given(worlds)
def test_by_their_wordings_a_fact_is_read_in_its_passage_and_in_no_other(world: World) -> None:
    for fact in world.facts[::5]:
        right = world.passage_of(fact)
        others = [passage.text for passage in world.passages if passage != right]
        assert reader.find(fact.relation, str(fact.entity), [right.text]) == fact.answer
        assert reader.find(fact.relation, str(fact.entity), others) is None


@repeatable
@given(worlds)
def test_documents_are_plain_english_sentences(world: World) -> None:
    assert [document.title for document in world.documents] == [
        entity.name for entities in world.entities.values() for entity in entities
    ]
    for document in world.documents:
        assert not re.search(r"[{}]|\s\s|\s[,.]|^\s|\s$", document.text), document.text
        assert not re.search(r"\b(\w+) \1\b", document.text, re.IGNORECASE), document.text
        for sentence in sentences(document.text):
            assert re.fullmatch(r"[A-Z0-9][^.]*\.", sentence), sentence


def test_things_have_an_article_and_towns_mountains_and_people_have_none(large: World) -> None:
    told = "\n".join(passage.text for passage in large.passages)
    with_article = {
        entity.kind
        for entities in large.entities.values()
        for entity in entities
        if re.search(rf"\b[Tt]he {entity.name}\b", told)
    }
    without = {
        entity.kind
        for entities in large.entities.values()
        for entity in entities
        if re.search(rf"(?<!\b[Tt]he )\b{entity.name}\b", told)
    }
    assert with_article == {"landmark", "river", "ship", "book", "festival"}
    assert without == {"town", "mountain", "person"}


def test_the_words_vary_every_wording_clause_and_aside_turns_up() -> None:
    told = "\n".join(passage.text for seed in range(4) for passage in World(seed).passages)
    unsaid = [
        template
        for relation in RELATIONS
        for template in (*relation.statements, f", {relation.clause}, ")
        if not re.search(pattern(template), told)
    ]
    unsaid += [aside for asides in ASIDES.values() for aside in asides if not re.search(pattern(aside), told)]
    assert unsaid == []


@repeatable
@given(worlds, seeds, st.integers(1, 8))
def test_passages_beside_a_fact_do_not_say_it_and_are_as_many_as_asked_for(world: World, seed: int, count: int) -> None:
    rng = Random(seed)
    fact = rng.choice(world.facts)
    passages = beside(world, fact, rng, count)
    assert len(set(passages)) == count
    for passage in passages:
        assert fact not in passage.facts
        assert not (fact.entity.name in passage.text and said(fact, passage.text) and passage.entity == fact.entity)


def test_passages_beside_a_fact_are_often_the_hard_ones(large: World) -> None:
    rng = Random(0)
    alike = 0
    for fact in rng.sample(large.facts, 200):
        (passage,) = beside(large, fact, rng, 1)
        alike += passage.entity == fact.entity or fact.relation in {other.relation for other in passage.facts}
    assert alike > 80


# --- questions


def test_no_two_facts_are_asked_for_in_the_same_words(large: World) -> None:
    asked = {}
    for seed in range(8):
        for fact in large.facts:
            text = lookup(fact, Random(f"{seed}/{fact.answer}")).text
            assert asked.setdefault(text, fact) == fact
    assert len(asked) > len(large.facts) * 1.5, "or each fact was asked for in one way only"


@repeatable
@given(worlds, seeds)
def test_a_lookup_names_its_entity_and_its_answer_is_the_facts(world: World, seed: int) -> None:
    rng = Random(seed)
    fact = rng.choice(world.facts)
    question = lookup(fact, rng)
    assert (question.shape, question.facts, question.answer) == ("lookup", (fact,), str(fact.value))
    assert fact.entity.name in question.text
    assert fact.answer not in question.text
    assert any(re.fullmatch(pattern(template), question.text) for template in fact.relation.questions)


@repeatable
@given(worlds, seeds)
def test_the_second_fact_of_a_chain_is_about_the_first_ones_value_which_is_not_named(world: World, seed: int) -> None:
    question = chain(world, Random(seed))
    first, second = question.facts
    assert question.shape == "chain"
    assert isinstance(first.value, Entity)
    assert world.fact(first.entity, first.relation.name) == first
    assert world.fact(first.value, second.relation.name) == second
    assert question.answer == second.answer
    assert first.entity.name in question.text
    assert question.answer not in question.text
    assert words(question.text).isdisjoint(words(first.value.name) & set(names(world.split)))


@repeatable
@given(worlds, seeds)
def test_the_answer_of_an_arithmetic_question_follows_from_the_numbers_in_the_library(world: World, seed: int) -> None:
    question = arithmetic(world, Random(seed))
    relation = question.facts[0].relation
    assert relation.arithmetic
    template = relation.arithmetic.total if question.shape == "total" else relation.arithmetic.difference
    asked = re.fullmatch(pattern(template), question.text)
    assert asked
    by_name = {str(fact.entity): fact for fact in question.facts}
    assert list(by_name) == sorted(asked.groupdict().values(), key=question.text.index), "in the order of the question"
    a, b = (int(re.search(r"\d+", by_name[asked[key]].answer)[0]) for key in "ab")
    result = a + b if question.shape == "total" else a - b
    assert result >= 0
    assert question.answer == f"{result} {relation.arithmetic.unit}".strip()
    for fact in question.facts:
        assert fact.relation == relation
        assert said(fact, world.passage_of(fact).text)


@repeatable
@given(worlds, seeds)
def test_questions_are_plain_english(world: World, seed: int) -> None:
    rng = Random(seed)
    for question in (lookup(rng.choice(world.facts), rng), chain(world, rng), arithmetic(world, rng)):
        assert re.fullmatch(r"[A-Z][^.?{}]*\?", question.text), question.text
        assert not re.search(r"\b(\w+) \1\b|\s\s", question.text, re.IGNORECASE), question.text


# --- the ten lines of the schema's docstring


def test_an_instructor_adds_a_relation_in_ten_lines_as_the_schemas_docstring_says(tmp_path: Path) -> None:
    """Write the docstring's example into a copy of the schema; documents, questions and traces follow."""
    blocks = re.findall(r"(?:^    .*\n)+", schema.__doc__ or "", re.MULTILINE)
    relation, value = (textwrap.dedent(block) for block in blocks)
    assert len((relation + value).splitlines()) <= 10
    shutil.copytree(ROOT / "pocket" / "world", tmp_path / "pocket" / "world")
    for name in ("__init__.py", "tools.py"):
        shutil.copy(ROOT / "pocket" / name, tmp_path / "pocket")
    file = tmp_path / "pocket" / "world" / "schema.py"
    source = file.read_text(encoding="utf-8")
    tables = {
        node.target.id: node.value
        for node in ast.parse(source).body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    lines = source.splitlines(keepends=True)
    for table, example in sorted(
        (("RELATIONS", relation), ("VALUES", value)), key=lambda item: -tables[item[0]].lineno
    ):  # the last line first: the others keep their numbers
        lines.insert(tables[table].end_lineno - 1, textwrap.indent(example, "    "))
    file.write_text("".join(lines), encoding="utf-8")
    script = """
        import re
        from random import Random
        from pocket.tools import act
        from pocket.world import RELATIONS, World, chain, lookup
        from pocket.world.schema import VALUES
        from pocket.world.traces import trace

        relation = RELATIONS[-1]
        assert relation.name == "market day" and "weekday" in VALUES
        world, rng = World(1, size=5), Random(1)
        facts = [fact for fact in world.facts if fact.relation == relation]
        assert [fact.entity for fact in facts] == list(world.entities["town"])
        for fact in facts:
            assert re.fullmatch("[A-Z][a-z]+day", fact.answer)
            document = next(document for document in world.documents if document.title == fact.entity.name)
            assert world.passage_of(fact).text in document.text
            assert fact.answer in world.passage_of(fact).text
            question = lookup(fact, rng)
            assert fact.entity.name in question.text and "market" in question.text and question.answer == fact.answer
            told = trace(world, question, rng, "no results").text
            assert told.endswith(f"finish[{fact.answer}]") and f"the market day of {fact.entity}" in told
        chains = [chain(world, rng) for _ in range(300)]
        found = [question for question in chains if question.facts[1].relation == relation]
        assert found and all(question.answer.endswith("day") for question in found)
        print(f"{len(facts)} towns, {len(found)} chains")
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("5 towns, ")
