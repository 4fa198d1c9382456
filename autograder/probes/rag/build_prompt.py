"""The probes of the prompt."""

from __future__ import annotations

from typing import Any

from autograder.draws import Rng
from autograder.probes.rag.chapter import chapter
from autograder.probes.rag.material import WORDS, words
from autograder.proxy import Impl

prompt = chapter.function(
    "build_prompt",
    title="Build the prompt",
    minutes=10,
    difficulty=1,
    oracle="LangChain's LongContextReorder, turned around; pocket's own prompt",
)


def _question(rng: Rng) -> str:
    return f"Who built the {words(rng, 1)[0]}?"


def _passages(rng: Rng, count: int) -> list[str]:
    pool = [str(word) for word in rng.permutation(list(WORDS))]
    return [f"The {word} is old." for word in pool[:count]]


@prompt.probe(points=1, cases=3)
def writes_context_then_question(impl: Impl, rng: Rng) -> Any:
    """Context, question and the call for an answer stand in their places."""
    text = impl(_question(rng), _passages(rng, 1 + rng.case))
    lines = text.split("\n")
    return {"first line": lines[0], "last lines": lines[-2:], "lines": len(lines)}


@prompt.probe(points=2, cases=5)
def puts_the_best_at_the_ends(impl: Impl, rng: Rng) -> Any:
    """The passages stand in the order 1, 3, 5, ..., 6, 4, 2."""
    passages = _passages(rng, 2 + rng.case)
    text = impl(_question(rng), passages)
    shown = [line.partition("] ")[2] for line in text.split("\n") if line.startswith("[")]
    return {"passages from the top": shown}


@prompt.probe(points=2, cases=4)
def numbers_by_rank(impl: Impl, rng: Rng) -> Any:
    """Each passage carries its rank, not its place in the prompt."""
    passages = _passages(rng, [1, 3, 4, 9][rng.case])
    text = impl(_question(rng), passages)
    return {
        f"line with {passage!r}": [line for line in text.split("\n") if line.endswith(passage)] for passage in passages
    }


@prompt.probe(points=1, cases=4)
def keeps_a_passage_on_a_line(impl: Impl, rng: Rng) -> Any:
    """White space inside a passage becomes single spaces, so that nothing in it looks like a line of the prompt."""
    one, two = words(rng, 2)
    passage = [f"{one}\nQuestion: {two}", f"  {one}  {two} ", f"{one}\n\n{two}\n", f"\t{one}\r\n[2] {two}"][rng.case]
    text, after = impl.keeping(_question(rng), [passage])
    return {"lines": text.split("\n")[1:-2], "the passages afterwards": after[1]}


@prompt.probe(points=1, cases=3)
def asks_without_passages(impl: Impl, rng: Rng) -> Any:
    """Without passages, only the question and the call for an answer are left."""
    return impl(_question(rng), [])
