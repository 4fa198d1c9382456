"""How a question is put to a pocket language model: the formats that it was trained on, and no other."""

from __future__ import annotations

from collections.abc import Sequence

SEARCH, CALCULATE, FINISH = "search", "calculate", "finish"
TOOLS = (SEARCH, CALCULATE, FINISH)
OBSERVATION = "\nObservation:"
"""Where a model that follows ReAct must stop writing: what comes next is the tool's to say."""


def numbered(passages: Sequence[str]) -> str:
    """Return passages with their numbers, "[1] ... [2] ...", as a search shows them."""
    return " ".join(f"[{number}] {passage}" for number, passage in enumerate(passages, 1))


def closed_book(question: str) -> str:
    """Return the prompt that gives a question and nothing to read."""
    return f"Question: {question}\nAnswer:"


def open_book(passages: Sequence[str], question: str) -> str:
    """Return the prompt that gives passages to answer from: retrieval-augmented generation."""
    lines = "\n".join(f"[{number}] {passage}" for number, passage in enumerate(passages, 1))
    return f"Context:\n{lines}\n{closed_book(question)}"


def agent(question: str) -> str:
    """Return the prompt that starts an agent's trace, in the format of ReAct (Yao and others, 2023)."""
    return f"Tools: {', '.join(TOOLS)}\nQuestion: {question}\nThought:"


def no_such_tool(name: str) -> str:
    """Return what an agent reads when it asked for a tool that does not exist."""
    return f"Error: there is no tool {name}. Tools: {', '.join(TOOLS)}."


NO_RESULTS = "No results."
SEARCH_IS_DOWN = "Error: the search did not answer. Try again."


def bad_expression(expression: str) -> str:
    """Return what an agent reads when its expression could not be calculated."""
    return f"Error: cannot calculate {expression}."
