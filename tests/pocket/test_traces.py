"""A trace is what the agent's own loop would have written, and it ends in the right answer."""

from __future__ import annotations

import ast
import itertools
import operator
import re
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocket.tools import _ACTION, MOST_STEPS, act, calculate
from pocket.train import texts
from pocket.train.texts import ANSWER, END, NEVER, READ, WRITE, acted
from pocket.world import UNKNOWN, Fact, Question, World, arithmetic, chain, lookup
from pocket.world.prompts import (
    CALCULATE,
    FINISH,
    NO_RESULTS,
    OBSERVATION,
    SEARCH,
    SEARCH_IS_DOWN,
    TOOLS,
    agent,
    numbered,
)
from pocket.world.traces import TROUBLES, Step, Trace, Trouble, drawn_search, trace

repeatable = settings(derandomize=True, deadline=None, max_examples=80)


@dataclass
class Case:
    """A trace, and the world and the question that it is about."""

    world: World
    question: Question
    trace: Trace


def case(seed: int, size: int, shape: str, trouble: Trouble | None = None, *, hopeless: bool = False) -> Case:
    world, rng = World(seed, "train", size), Random(seed)
    if shape == "lookup":
        question = lookup(rng.choice(world.facts), rng)
    else:
        question = {"chain": chain, "arithmetic": arithmetic}[shape](world, rng)
    return Case(world, question, trace(world, question, rng, trouble, hopeless=hopeless))


def cases(trouble: st.SearchStrategy[Trouble | None], *, hopeless: bool = False) -> st.SearchStrategy[Case]:
    shapes = st.sampled_from(("lookup", "chain", "arithmetic"))
    return st.builds(case, st.integers(0, 10**9), st.integers(2, 3), shapes, trouble, hopeless=st.just(hopeless))


in_trouble = cases(st.sampled_from(TROUBLES))
hopeless_cases = cases(st.sampled_from(TROUBLES), hopeless=True)
any_case = st.one_of(cases(st.none()), in_trouble, hopeless_cases)


def read_back(text: str, question: str) -> list[Step]:
    """Take a transcript apart as an agent's loop meets it, turn after turn."""
    start = agent(question)
    assert text.startswith(start)
    steps = []
    for part in text.removeprefix(start).split("\nThought:"):
        turn, _, observation = part.partition(f"{OBSERVATION} ")
        (action,) = _ACTION.finditer(turn)
        thought = turn[: action.start()].removeprefix(" ").removesuffix("\n")
        steps.append(Step(thought, action[1], action[2], observation or None))
    return steps


def look_ups(case: Case) -> tuple[list[tuple[Fact, Step]], list[Fact]]:
    """Follow the look-ups of a trace: the ones that did not show the passage that says the fact, and the facts found."""
    failed, found = [], []
    for step in case.trace.steps:
        if step.tool in {CALCULATE, FINISH}:
            break
        fact = case.question.facts[len(found)]
        assert step.observation is not None
        if case.world.passage_of(fact).text in step.observation:
            found.append(fact)
        else:
            failed.append((fact, step))
    return failed, found


@repeatable
@given(any_case)
def test_the_text_of_a_trace_parses_back_into_its_steps(case: Case) -> None:
    told = [(step.thought, step.tool, step.argument, step.observation) for step in case.trace.steps]
    read = read_back(case.trace.text, case.question.text)
    assert [(step.thought, step.tool, step.argument, step.observation) for step in read] == told
    assert [action.groups() for action in _ACTION.finditer(case.trace.text)] == [step[1:3] for step in told]


@repeatable
@given(any_case)
def test_the_agents_loop_with_a_model_that_writes_the_traces_turns_gives_the_trace_and_its_answer(case: Case) -> None:
    """The tools are the real ones but for the search, which finds what it found in the trace."""
    found = iter([step.observation for step in case.trace.steps if step.tool == SEARCH])

    def write(transcript: str) -> str:
        assert case.trace.text.startswith(transcript), "the loop and the trace differ"
        return case.trace.text.removeprefix(transcript).split(OBSERVATION)[0]

    answer, transcript = act(case.question.text, write, {SEARCH: lambda _: next(found), CALCULATE: calculate})
    assert answer == case.trace.answer
    assert transcript == case.trace.text
    assert next(found, None) is None, "a search of the trace was not made"
    assert len(case.trace.steps) < MOST_STEPS


@repeatable
@given(cases(st.none()))
def test_without_trouble_each_fact_is_looked_up_once_and_the_answer_is_right(case: Case) -> None:
    assert look_ups(case) == ([], list(case.question.facts))
    assert case.trace.answer == case.trace.steps[-1].argument == case.question.answer
    assert len(case.trace.steps) == len(case.question.facts) + 1 + (case.question.shape in {"difference", "total"})


@repeatable
@given(st.data(), st.sampled_from(TROUBLES))
def test_each_trouble_shows_itself_once_and_the_right_answer_comes_after_it(
    data: st.DataObject, trouble: Trouble
) -> None:
    case = data.draw(cases(st.just(trouble)))
    failed, found = look_ups(case)
    ((fact, step),) = failed
    assert step.observation is not None
    if trouble == "unknown tool":
        assert step.tool not in TOOLS
        assert f"there is no tool {step.tool}." in step.observation
        assert all(tool in step.observation for tool in TOOLS)
    else:
        assert step.tool == SEARCH
        if trouble == "wrong passages":
            assert step.observation.startswith("[1] ")
            assert any(passage.text in step.observation for passage in case.world.passages)
        else:
            assert step.observation == {"no results": NO_RESULTS, "search is down": SEARCH_IS_DOWN}[trouble]
    again = case.trace.steps[case.trace.steps.index(step) + 1]
    assert again.tool == SEARCH
    assert fact.entity.name in again.argument
    assert found == list(case.question.facts)
    assert case.trace.answer == case.trace.steps[-1].argument == case.question.answer


@repeatable
@given(hopeless_cases)
def test_a_hopeless_search_fails_twice_and_ends_in_unknown(case: Case) -> None:
    failed, found = look_ups(case)
    assert len(failed) == 2
    assert failed[0][0] == failed[1][0] not in found
    assert case.trace.answer == case.trace.steps[-1].argument == UNKNOWN
    assert case.trace.steps[-1].tool == FINISH


@repeatable
@given(
    cases(st.one_of(st.none(), st.sampled_from(TROUBLES))).filter(
        lambda case: case.question.shape in {"difference", "total"}
    )
)
def test_the_calculators_expression_has_the_numbers_of_the_facts_and_gives_the_answers_number(case: Case) -> None:
    (step,) = (step for step in case.trace.steps if step.tool == CALCULATE)
    sum_or_difference = ast.parse(step.argument, mode="eval").body
    assert isinstance(sum_or_difference, ast.BinOp)
    sign = {ast.Add: operator.add, ast.Sub: operator.sub}[type(sum_or_difference.op)]
    terms = [ast.literal_eval(term) for term in (sum_or_difference.left, sum_or_difference.right)]
    assert sorted(terms) == sorted(int(fact.answer.split()[0]) for fact in case.question.facts)
    assert str(sign(*terms)) == step.observation == calculate(step.argument) == case.question.answer.split()[0]


@repeatable
@given(any_case)
def test_a_thought_says_only_what_was_read_before(case: Case) -> None:
    """Answers in a thought come from an observation: a model that learns from traces does not learn to guess."""
    seen = ""
    for step in case.trace.steps:
        for fact in case.question.facts:
            if f"is {fact.answer}." in step.thought:
                assert fact.answer.lower() in seen.lower()
        seen += step.observation or ""


@repeatable
@given(st.integers(0, 10**9))
def test_the_drawn_search_finds_the_passage_in_any_place(seed: int) -> None:
    world, rng = World(seed, "train", 2), Random(seed)
    fact = rng.choice(world.facts)
    for _ in range(5):
        passages = drawn_search(world)(fact, rng)
        assert world.passage_of(fact) in passages
        assert 1 <= len(passages) == len(set(passages)) <= 3
    firsts = {drawn_search(world)(fact, rng)[0] == world.passage_of(fact) for _ in range(40)}
    assert firsts == {True, False}


def test_most_of_what_the_drawn_search_finds_beside_says_the_same_of_others() -> None:
    world, rng = World("alike", "train", size=6), Random(1)
    same = others = 0
    for _ in range(300):
        fact = rng.choice(world.facts)
        beside_it = [one for one in drawn_search(world)(fact, rng) if one != world.passage_of(fact)]
        same += sum(any(other.relation == fact.relation for other in one.facts) for one in beside_it)
        others += len(beside_it)
    assert 0.5 < same / others < 0.9


# --- how a trace becomes a text to learn from


@dataclass
class Turn:
    """What the agent writes between two things that it reads."""

    text: str
    weights: set[float]


def turns_of(seed: int) -> tuple[list[Turn], list[texts.Piece]]:
    """Return what the agent writes and what it reads in a training text of a trace."""
    written: list[Turn] = []
    read: list[texts.Piece] = []
    for is_read, run in itertools.groupby(pieces_of(seed), lambda piece: piece.weight == READ):
        pieces = list(run)
        if is_read:
            read += pieces
        else:
            written.append(Turn("".join(piece.text for piece in pieces), {piece.weight for piece in pieces}))
    return written, read


def pieces_of(seed: int) -> list[texts.Piece]:
    """Return a training text of a trace without empty pieces."""
    return [piece for piece in acted(Random(seed), World(f"acted/{seed}", "train", size=4)) if piece.text]


@repeatable
@given(st.integers(0, 10**9))
def test_what_an_agent_writes_is_to_be_learned_unless_it_is_a_mistake_and_what_it_reads_hardly(seed: int) -> None:
    written, read = turns_of(seed)
    for turn in written:
        action = _ACTION.search(turn.text.removesuffix(END))
        assert action
        assert turn.weights <= ({WRITE, ANSWER} if action[1] in TOOLS else {NEVER})
    assert {piece.weight for piece in read} == {READ}
    assert read[0].text.startswith(f"Tools: {', '.join(TOOLS)}\nQuestion: ")


def test_mistakes_are_among_the_texts_and_never_to_be_written() -> None:
    turns = [turn for seed in range(100) for turn in turns_of(seed)[0]]
    assert 0.01 < sum(turn.weights == {NEVER} for turn in turns) / len(turns) < 0.2
    assert NEVER == 0


@repeatable
@given(st.integers(0, 10**9))
def test_what_an_agent_takes_from_a_passage_weighs_most_and_nothing_else_does(seed: int) -> None:
    pieces = pieces_of(seed)
    text = "".join(piece.text for piece in pieces)
    for before, piece in itertools.pairwise(pieces):
        if piece.weight == ANSWER:
            assert before.text.endswith(" is")
            assert piece.text.endswith(".")
            assert piece.text.strip(" .") in text.partition("Observation:")[2]
    told = [
        turn
        for turn in turns_of(seed)[0]
        if turn.weights != {NEVER} and re.match(r" The (?!result )[^\n]* is [^\n]*\.", turn.text)
    ]
    assert sum(piece.weight == ANSWER for piece in pieces) == len(told)


@repeatable
@given(st.integers(0, 10**9))
def test_a_training_text_of_a_trace_is_a_whole_transcript(seed: int) -> None:
    text = "".join(piece.text for piece in pieces_of(seed))
    assert text.endswith(f"]{END}")
    assert text.count(END) == 1
    question = text.split("\n")[1].removeprefix("Question: ")
    assert read_back(text.removesuffix(END), question)[-1].tool == FINISH


def test_passages_are_numbered_from_one() -> None:
    assert numbered(["A is b.", "C is d."]) == "[1] A is b. [2] C is d."


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_trace_follows_from_its_seeds(trouble: Trouble) -> None:
    assert case(5, 2, "chain", trouble).trace.text == case(5, 2, "chain", trouble).trace.text
