"""ReAct traces: how an agent that makes no mistake would answer a question, also when its tools let it down.

The format is that of Yao and others, *ReAct: Synergizing Reasoning and Acting in Language Models* (ICLR 2023): a
thought, an action, an observation, again and again, until the action is to finish.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

from pocket.world.facts import Fact, Passage, World, fill
from pocket.world.prompts import (
    CALCULATE,
    FINISH,
    NO_RESULTS,
    OBSERVATION,
    SEARCH,
    SEARCH_IS_DOWN,
    agent,
    no_such_tool,
    numbered,
)
from pocket.world.questions import UNKNOWN, Question, number

Trouble = Literal["unknown tool", "no results", "wrong passages", "search is down"]
TROUBLES: tuple[Trouble, ...] = ("unknown tool", "no results", "wrong passages", "search is down")
_ALIKE = 0.5  # of the searches, how many find only passages that say the same of others beside the right one
WRONG_TOOLS = ("lookup", "wiki", "ask", "browse", "find", "google", "query", "read")


@dataclass(frozen=True)
class Step:
    """One turn of an agent.

    Attributes
    ----------
    thought, tool, argument
        What the agent writes.
    observation
        What the tool says to it; None after the last step.
    mistaken
        Whether the action is one that nobody should learn to write, only to recover from.
    """

    thought: str
    tool: str
    argument: str
    observation: str | None
    mistaken: bool = False

    @property
    def written(self) -> str:
        """The agent's part of the trace, after "Thought:"."""
        return f" {self.thought}\nAction: {self.tool}[{self.argument}]"

    @property
    def seen(self) -> str:
        """The rest of the trace until the agent's next turn; empty after the last step."""
        return "" if self.observation is None else f"{OBSERVATION} {self.observation}\nThought:"


@dataclass(frozen=True)
class Trace:
    """A question and the steps that answer it."""

    question: Question
    steps: tuple[Step, ...]
    answer: str

    @property
    def text(self) -> str:
        """The whole trace, as an agent's transcript."""
        return agent(self.question.text) + "".join(step.written + step.seen for step in self.steps)


Found = Callable[[Fact, Random], list[Passage]]


def drawn_search(world: World) -> Found:
    """Return a search that is as good as a real one on a larger world: the right passage is among one to three.

    The others are harder than a real search's: half of the time, all of them say the same of other entities.
    """

    def found(fact: Fact, rng: Random) -> list[Passage]:
        right, count, alike = world.passage_of(fact), rng.choice((0, 1, 2, 2, 2)), _saying_the_same(world, fact)
        hard = rng.random() < _ALIKE and len(alike) >= count
        passages = [right, *(rng.sample(alike, count) if hard else beside(world, fact, rng, count))]
        return rng.sample(passages, len(passages))

    return found


def _saying_the_same(world: World, fact: Fact) -> list[Passage]:
    """Return the passages that say of other entities what a fact says of its own."""
    right = world.passage_of(fact)
    return [
        passage
        for passage in world.passages
        if passage != right and any(other.relation == fact.relation for other in passage.facts)
    ]


def beside(world: World, fact: Fact, rng: Random, count: int) -> list[Passage]:
    """Return passages that do not say a fact and could be taken for the one that does: the hard ones first, in part."""
    right = world.passage_of(fact)
    same = [passage for passage in world.passages if passage.entity == fact.entity and passage != right]
    alike = _saying_the_same(world, fact)
    mention = [
        passage
        for passage in world.passages
        if passage != right and any(other.value in {fact.entity, fact.value} for other in passage.facts)
    ]
    chosen: list[Passage] = []
    while len(chosen) < count:
        pool = rng.choice((same, alike, mention, world.passages))
        if (passage := rng.choice(pool or world.passages)) != right and passage not in chosen:
            chosen.append(passage)
    return chosen


def trace(
    world: World, question: Question, rng: Random, trouble: Trouble | None = None, *, hopeless: bool = False
) -> Trace:
    """Answer a question with the tools.

    Parameters
    ----------
    world
        Where the search looks.
    question
        What is asked.
    rng
        Draws what the search finds.
    trouble
        What goes wrong in one of the searches.
    hopeless
        Whether the search for one fact goes wrong twice, so that the answer stays unknown.
    """
    found = drawn_search(world)
    steps: list[Step] = []
    thought = "I need"
    at = rng.randrange(len(question.facts)) if trouble else None
    for index, fact in enumerate(question.facts):
        searches = _look_up(fact, thought, found, rng, trouble if index == at else None, hopeless=hopeless, world=world)
        steps += searches
        if hopeless and index == at:
            return Trace(question, (*steps, Step("I cannot find it.", FINISH, UNKNOWN, None)), UNKNOWN)
        thought = f"{_told(fact)} Now I need"
    last = _told(question.facts[-1])
    if question.shape in {"difference", "total"}:
        a, b = (number(fact) for fact in question.facts)
        sign = "+" if question.shape == "total" else "-"
        terms = f"{a} + {b}" if sign == "+" else f"{max(a, b)} - {min(a, b)}"
        result = question.answer.split()[0]
        word = "Add" if sign == "+" else "Subtract"
        steps.append(Step(f"{last} {word}: {terms}.", CALCULATE, terms, result))
        last = f"The result is {result}."
    return Trace(
        question, (*steps, Step(f"{last} This answers the question.", FINISH, question.answer, None)), question.answer
    )


def _told(fact: Fact) -> str:
    """Return what was found, as a thought.

    It says again of what it is true. A model that writes from left to right meets the passages after it has asked for
    them; what it repeats now stands behind them, where a question about passages stands too.
    """
    phrase = fill(fact.relation.phrase, e=fact.entity)
    return f"{phrase[0].upper()}{phrase[1:]} is {fact.answer}."


def _look_up(
    fact: Fact, thought: str, found: Found, rng: Random, trouble: Trouble | None, *, hopeless: bool, world: World
) -> Iterator[Step]:
    """Search for one fact, with what may go wrong on the way."""
    phrase, fewer = fill(fact.relation.phrase, e=fact.entity), f"{fact.entity.name} {fact.relation.name}"
    need = f"{thought} {phrase}."

    def results() -> str:
        return numbered([passage.text for passage in found(fact, rng)])

    def wrong() -> str:
        return numbered([passage.text for passage in beside(world, fact, rng, rng.choice((1, 2, 2, 3)))])

    if trouble == "unknown tool":
        tool = rng.choice(WRONG_TOOLS)
        yield Step(need, tool, phrase, no_such_tool(tool), mistaken=True)
        yield Step("That tool does not exist. I use search.", SEARCH, phrase, NO_RESULTS if hopeless else results())
    elif trouble == "search is down":
        yield Step(need, SEARCH, phrase, SEARCH_IS_DOWN)
        yield Step("The search failed. I try again.", SEARCH, phrase, NO_RESULTS if hopeless else results())
    elif trouble == "no results":
        yield Step(need, SEARCH, phrase, NO_RESULTS)
        yield Step("Nothing was found. I use fewer words.", SEARCH, fewer, NO_RESULTS if hopeless else results())
    elif trouble == "wrong passages":
        yield Step(need, SEARCH, phrase, wrong())
        yield Step("The passages do not say it. I use fewer words.", SEARCH, fewer, wrong() if hopeless else results())
    else:
        yield Step(need, SEARCH, phrase, results())
