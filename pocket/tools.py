"""The tools of the pocket agent: a search over the world's passages with real sentence vectors, and a calculator."""

from __future__ import annotations

import ast
import math
import operator
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pocket.world.prompts import (
    CALCULATE,
    FINISH,
    NO_RESULTS,
    OBSERVATION,
    SEARCH,
    agent,
    bad_expression,
    no_such_tool,
    numbered,
)

if TYPE_CHECKING:
    from pocket.minilm import Embedder

Tool = Callable[[str], str]
Write = Callable[[str], str]

MOST_STEPS = 8
PASSAGES_FOUND = 3
LONGEST_EXPRESSION = 200
_ACTION = re.compile(r"^Action: (\w+)\[(.*)\]\s*$", re.MULTILINE)
_OPERATORS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


class Search:
    """Finds the passages whose vectors are nearest to the query's.

    Parameters
    ----------
    passages
        The texts to search.
    embedder
        Makes the vectors: `pocket.load("minilm")`.
    k
        How many passages to return.
    """

    def __init__(self, passages: Sequence[str], embedder: Embedder, k: int = PASSAGES_FOUND) -> None:
        self.passages, self.k = tuple(passages), k
        self._embedder = embedder
        self._vectors = embedder.encode(list(passages))  # (N, D), of length 1

    def top(self, query: str) -> list[str]:
        """Return the k nearest passages, the nearest first."""
        if not self.passages or not query.strip():
            return []
        similarities = self._vectors @ self._embedder.encode([query])[0]  # (N,)
        return [self.passages[index] for index in np.argsort(-similarities, kind="stable")[: self.k]]

    def __call__(self, query: str) -> str:
        """Return what an agent reads."""
        return numbered(self.top(query)) or NO_RESULTS


def calculate(expression: str) -> str:
    """Calculate with numbers, `+ - * /` and brackets; anything else is an error that an agent can read.

    The text is parsed, never run.
    """
    try:
        if len(expression) > LONGEST_EXPRESSION:
            return bad_expression(expression[:LONGEST_EXPRESSION] + "...")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python warns of odd numerals; whoever asked gets an error anyway
            value = _value(ast.parse(expression.strip(), mode="eval").body)
        if not math.isfinite(value):
            return bad_expression(expression)
    except (SyntaxError, ValueError, ZeroDivisionError, OverflowError, RecursionError, MemoryError):
        return bad_expression(expression)
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _value(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return value
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATORS:
            return _OPERATORS[type(sign)](_value(left), _value(right))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
    raise ValueError(ast.dump(node))


class Episode:
    """One question on its way to an answer.

    Parameters
    ----------
    question
        What is asked.
    tools
        By name; each takes the text between the brackets and returns what the model reads.
    most_steps
        After so many turns without an answer, the agent is stopped.

    Attributes
    ----------
    transcript
        Everything so far; while the episode goes on, the prompt of the next turn.
    answer
        What the model finished with; None before, or if it never did.
    over
        Whether nothing more happens: the model finished, wrote no action, or used up its turns.
    """

    def __init__(self, question: str, tools: Mapping[str, Tool], most_steps: int = MOST_STEPS) -> None:
        self.tools, self.most_steps = tools, most_steps
        self.transcript = agent(question)
        self.answer: str | None = None
        self.over, self.turns = False, 0

    def take(self, turn: str) -> None:
        """Take what the model wrote: do the action in it, and add what the tool says."""
        turn = turn.partition(OBSERVATION)[0]
        self.transcript += turn
        self.turns += 1
        action = _ACTION.search(turn)
        self.over = action is None or action[1] == FINISH or self.turns == self.most_steps
        if action is None:
            return
        name, argument = action.groups()
        if name == FINISH:
            self.answer = argument
        elif not self.over:
            observation = self.tools[name](argument) if name in self.tools else no_such_tool(name)
            self.transcript += f"{OBSERVATION} {observation}\nThought:"


def act(question: str, write: Write, tools: Mapping[str, Tool], most_steps: int = MOST_STEPS) -> tuple[str | None, str]:
    """Let a model answer a question with tools.

    Parameters
    ----------
    question, tools, most_steps
        As for `Episode`.
    write
        Goes on with a prompt until the model wants to read an observation, such as
        `lambda prompt: model.complete(prompt, stop=OBSERVATION)`.

    Returns
    -------
    The answer, or None if there was none, and the whole transcript.
    """
    episode = Episode(question, tools, most_steps)
    while not episode.over:
        episode.take(write(episode.transcript))
    return episode.answer, episode.transcript


def run_agent(
    question: str, write: Write, tools: Mapping[str, Callable[[str], object]], most_steps: int = MOST_STEPS
) -> dict[str, Any]:
    """Let a model answer a question with tools, and keep what happened step by step.

    Parameters
    ----------
    question, write, most_steps
        As for `act`.
    tools
        As for `act`, but a tool may return anything, which is read as a text, and may raise, which the agent is told.

    Returns
    -------
    The trajectory: "answer", or None; "stopped", which is "answer" or "limit"; and "steps", for each turn a dict with
    "thought", "tool", "argument" and "observation". If a turn finishes or holds no action, the last three are None.

    Raises
    ------
    ValueError
        If `most_steps` is below 1.
    """
    return run_agents([question], lambda prompts: [write(prompt) for prompt in prompts], tools, most_steps)[0]


def run_agents(
    questions: Sequence[str],
    write_all: Callable[[Sequence[str]], Sequence[str]],
    tools: Mapping[str, Callable[[str], object]],
    most_steps: int = MOST_STEPS,
) -> list[dict[str, Any]]:
    """Let a model answer many questions side by side: the same as `run_agent` for each, in a fraction of the time.

    Parameters
    ----------
    questions
        What is asked. The agents share the tools and nothing else.
    write_all
        Goes on with many prompts at once, and returns as many texts, such as
        `lambda prompts: model.complete_batch(prompts, stop=OBSERVATION)`.
    tools, most_steps
        As for `run_agent`.

    Returns
    -------
    The trajectories, in the order of the questions.

    Raises
    ------
    ValueError
        If `most_steps` is below 1, or if `write_all` returns another number of texts than it was given.
    """
    if most_steps < 1:
        raise ValueError(f"most_steps is {most_steps}, and an agent needs one turn at least.")
    safe = {name: _telling(tool) for name, tool in tools.items()}
    episodes = [Episode(question, safe, most_steps) for question in questions]
    steps: list[list[dict[str, str | None]]] = [[] for _ in episodes]
    while running := [number for number, episode in enumerate(episodes) if not episode.over]:
        turns = write_all([episodes[number].transcript for number in running])
        if len(turns) != len(running):
            raise ValueError(f"The model was given {len(running)} prompts and returned {len(turns)} texts.")
        for number, turn in zip(running, turns, strict=True):
            steps[number].append(_taken(episodes[number], turn))
    return [
        {"answer": episode.answer, "stopped": "limit" if episode.answer is None else "answer", "steps": made}
        for episode, made in zip(episodes, steps, strict=True)
    ]


def _taken(episode: Episode, turn: str) -> dict[str, str | None]:
    """Let an episode take a turn, and return what happened in it."""
    start = len(episode.transcript)
    episode.take(turn)
    written, _, seen = episode.transcript[start:].partition(f"{OBSERVATION} ")
    action = _ACTION.search(written)
    tool, argument = action.groups() if action and action[1] != FINISH else (None, None)
    observation = seen.removesuffix("\nThought:") if seen else None
    thought = written.partition("\nAction:")[0].strip()
    return {"thought": thought, "tool": tool, "argument": argument, "observation": observation}


def _telling(tool: Callable[[str], object]) -> Tool:
    def call(argument: str) -> str:
        try:
            return str(tool(argument))
        except Exception as error:
            return f"Error: {error}"

    return call


def tools_for(search: Search) -> dict[str, Tool]:
    """Return the tools under the names that the pocket agent knows."""
    return {SEARCH: search, CALCULATE: calculate}
