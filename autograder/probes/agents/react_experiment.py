"""The probes of the experiment. Model and tools stay here, so what they were asked is the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograder.draws import Rng
from autograder.probes.agents.chapter import chapter
from autograder.probes.agents.drawn import phrase, words
from autograder.proxy import Impl

react_experiment = chapter.function(
    "react_experiment",
    title="An agent against the bare model",
    minutes=40,
    difficulty=3,
    oracle="runs counted by hand; pocket.tools.act",
)

_PATIENCE = 200


@dataclass
class Asked:
    """A question, how the agent goes about it, and what the bare model says."""

    question: str
    answer: str
    turns: Sequence[str]
    direct: str
    needs: Sequence[str] = ("search",)


class Scene:
    """A model that knows its turns for each question, and two tools; all note what they are asked."""

    def __init__(self, asked: Sequence[Asked]) -> None:
        self.asked = asked
        self.searched: list[str] = []
        self.calculated: list[str] = []
        self.direct: list[str] = []
        self.patience = _PATIENCE

    def llm(self, prompt: str) -> str:
        """Write the agent's next turn, or answer at once if no tools are spoken of."""
        self.patience -= 1
        if type(prompt) is not str or self.patience < 0:
            raise TypeError("the model takes a text, and not for ever")
        for item in self.asked:
            if f"Question: {item.question}\n" in prompt:
                if not prompt.startswith("Tools:"):
                    self.direct.append(prompt)
                    return item.direct
                return item.turns[min(prompt.count("\nObservation:"), len(item.turns) - 1)]
        raise ValueError("the prompt holds none of the questions")

    def search(self, query: str) -> str:
        """Find something, unless the query is bad."""
        self.searched.append(query)
        if query.startswith("bad"):
            raise OSError("the search is down")
        return f"found {query}"

    def calculate(self, expression: str) -> float:
        """Give the length of an expression."""
        self.calculated.append(expression)
        return len(expression)

    def run(self, impl: Impl) -> Any:
        """Run the experiment on this scene."""
        questions = [{"question": q.question, "answer": q.answer, "needs": list(q.needs)} for q in self.asked]
        return impl(self.search, self.calculate, self.llm, questions)


def _turns(*actions: str) -> list[str]:
    return [f" So.\nAction: {action}" for action in actions]


def _questions(rng: Rng, count: int) -> list[str]:
    return [f"{text}?" for text in (phrase(rng, 3) for _ in range(count))]


@react_experiment.probe(points=2, cases=3)
def averages_steps_and_tool_use(impl: Impl, rng: Rng) -> Any:
    """Steps, and calls of each of the two tools, are averaged over all questions, right or wrong."""
    a, b = words(rng, 2)
    runs = [
        _turns(f"search[{a}]", f"search[{b}]", f"finish[{a}]"),
        _turns(f"finish[{b}]"),
        _turns(f"search[{a}]", f"lookup[{b}]", f"finish[{b}]"),
        _turns("calculate[1]", "calculate[1]", "calculate[2]", f"search[{b}]", f"lookup[{b}]", f"finish[{a}]"),
    ]
    asked = [Asked(q, a, turns, b) for q, turns in zip(_questions(rng, 4), runs, strict=True)]
    result = Scene(asked[: 2 + rng.case]).run(impl)
    return {"steps": result["steps"], "tool use": result["tool use"]}


@react_experiment.probe(points=2, cases=3)
def counts_right_answers(impl: Impl, rng: Rng) -> Any:
    """The agent and the bare model are each right in a share of all questions."""
    a, b = words(rng, 2)
    pairs = [(a, b), (b, b), (a, a), (a, b), (b, a)][: 3 + rng.case]
    asked = [
        Asked(question, a, _turns(f"search[{b}]", f"finish[{agent}]"), direct)
        for question, (agent, direct) in zip(_questions(rng, 5), pairs, strict=False)
    ]
    result = Scene(asked).run(impl)
    return {"accuracy": result["accuracy"], "direct accuracy": result["direct accuracy"]}


@react_experiment.probe(points=2, cases=2)
def asks_the_bare_model(impl: Impl, rng: Rng) -> Any:
    """The bare model is asked each question once, with the docstring's prompt; the tools are the agent's alone."""
    a, b, c = words(rng, 3)
    runs = [_turns(f"search[{a} {b}]", f"calculate[{c}]", f"finish[{a}]"), _turns(f"search[{c}]", f"finish[{b}]")]
    asked = [Asked(q, a, turns, f" {a}") for q, turns in zip(_questions(rng, 2), runs, strict=True)]
    scene = Scene(asked[: 1 + rng.case])
    scene.run(impl)
    return {"asked directly": scene.direct, "searched": scene.searched, "calculated": scene.calculated}


@react_experiment.probe(points=1, cases=3)
def compares_answers_fairly(impl: Impl, rng: Rng) -> Any:
    """Case and blanks at the ends do not count; of the bare model's answer, only the first line does."""
    a, b = words(rng, 2)
    pairs = [
        [(f" {a.upper()} ", f" {a}\nQuestion: {b}"), (a, b), (b, f"{b}\n{a}")],
        [(f"{a} ", f"  {a.title()}  "), (f"{a}.", f"{a} {b}"), (a.title(), f"\n{a}")],
        [(a, f"{a}\n"), (f"{a} {b}", f"{a}, {b}"), (b, b)],
    ]
    expected = [a, f" {a.title()}", f"{a.upper()} "][rng.case]
    asked = [
        Asked(question, expected, _turns(f"search[{b}]", f"finish[{agent}]"), direct)
        for question, (agent, direct) in zip(_questions(rng, 3), pairs[rng.case], strict=True)
    ]
    result = Scene(asked).run(impl)
    return {"accuracy": result["accuracy"], "direct accuracy": result["direct accuracy"]}


def _kinds(rng: Rng) -> list[Asked]:
    """Return one question for each kind of failure, and for each pair of neighbours one that both would fit."""
    a, b = words(rng, 2)
    both = ("search", "calculate")
    runs: list[tuple[list[str], Sequence[str]]] = [
        ([" I do not know."], ["search"]),
        (_turns(f"search[{a}]", "finish[Unknown]"), ["search"]),
        (_turns(f"search[{a}]", f"finish[{b}]"), both),
        (_turns(f"search[bad {a}]", f"search[{a}]", f"finish[{b}]"), ["search"]),
        (_turns(f"search[{a}]", "calculate[1 + 1]", f"finish[{b}]"), both),
        (_turns("finish[ unknown ]"), both),
        (_turns(f"search[bad {a}]", f"finish[{b}]"), both),
        (_turns(f"search[bad {a}]", f"search[{a}]"), both),
        (_turns(f"lookup[{a}]", f"search[{a}]", f"finish[{b}]"), ["search"]),
        (_turns(f"lookup[{a}]", f"finish[{b}]"), []),
        (_turns(f"search[Error: {a}]", f"finish[{b}]"), ["search"]),
        (_turns(f"search[{a}]", "finish[unknown]"), both),
    ]
    return [
        Asked(question, a, turns, a, needs) for question, (turns, needs) in zip(_questions(rng, 12), runs, strict=True)
    ]


@react_experiment.probe(points=3, cases=12)
def sorts_the_failures(impl: Impl, rng: Rng) -> Any:
    """A failure is of the first kind that fits."""
    asked = _kinds(rng)[rng.case]
    return {"failures": Scene([asked]).run(impl)["failures"]}


@react_experiment.probe(points=2, cases=3)
def lists_the_failures(impl: Impl, rng: Rng) -> Any:
    """Each wrong answer of the agent is listed, in order, and no right one, whatever the bare model said."""
    a, b = words(rng, 2)
    ends = [[b, a, b], [a, a, b], [b, b, a, a]][rng.case]
    asked = [
        Asked(question, a, _turns(f"search[bad {question}]", f"finish[{end}]"), [b, a][number % 2])
        for number, (question, end) in enumerate(zip(_questions(rng, len(ends)), ends, strict=True))
    ]
    return {"failures": Scene(asked).run(impl)["failures"]}


@react_experiment.probe(points=0, gates=["counts_right_answers"], cases=1)
def refuses_to_ask_nothing(impl: Impl, _rng: Rng) -> Any:
    """No questions at all raise ValueError."""
    return Scene([]).run(impl)
