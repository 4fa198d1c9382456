"""The probes of the experiment: search, answers and scores are scripted here, so what was asked is the truth."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.draws import Rng
from autograder.probes.rag.chapter import chapter
from autograder.probes.rag.material import words
from autograder.proxy import Impl

experiment = chapter.function(
    "rag_experiment",
    title="14.4: closed book, k = 1, k = 5",
    minutes=30,
    difficulty=3,
    oracle="scipy.stats.bootstrap's percentile interval, on the same draws",
)

_PATIENCE = 200


class Script:
    """A search, a model and a score that follow a rule and write down what they were asked."""

    def __init__(self, rng: Rng, count: int) -> None:
        self.questions = [f"{word} {number}?" for number, word in enumerate(words(rng, count))]
        self.golds = [[f"gold {number}", f"also {number}"][: 1 + number % 2] for number in range(count)]
        #: The score of each question with no passage, with one, and with five.
        self.scores = rng.uniform(0, 1, size=(count, 3)).round(2)
        self.searched: list[list[Any]] = []
        self.answered: list[list[Any]] = []
        self.scored: list[list[Any]] = []

    def search(self, question: str, k: int) -> list[str]:
        """Return k passages that name the question and their rank."""
        self._note(self.searched, [question, k])
        return [f"{question} passage {rank}" for rank in range(1, k + 1)]

    def answer(self, question: str, passages: list[str]) -> str:
        """Return an answer that names the question and what there was to read."""
        self._note(self.answered, [question, passages])
        return f"{self.questions.index(question)} after {len(passages)}"

    def f1(self, answer: str, golds: list[str]) -> float:
        """Return the score of an answer; 0 for gold answers of another question."""
        self._note(self.scored, [answer, golds])
        number, _, passages = answer.partition(" after ")
        if golds != self.golds[int(number)]:
            return 0.0
        return float(self.scores[int(number), {"0": 0, "1": 1, "5": 2}[passages]])

    @staticmethod
    def _note(where: list[list[Any]], what: list[Any]) -> None:
        if len(where) >= _PATIENCE:
            raise RuntimeError(f"asked {_PATIENCE} times; does the loop end?")
        where.append(what)


def _run(impl: Impl, rng: Rng, count: int, draws: int = 20) -> tuple[Script, Any]:
    script = Script(rng, count)
    resamples = rng.integers(0, count, size=(draws, count))
    return script, impl(script.questions, script.golds, script.search, script.answer, script.f1, resamples)


@experiment.probe(points=2)
def averages_each_condition(impl: Impl, rng: Rng) -> Any:
    """The mean of each condition is that of its scores."""
    _, results = _run(impl, rng, 3 + 2 * rng.case)
    return {name: results[name]["mean"] for name in ("closed book", "k=1", "k=5")}


@experiment.probe(points=2)
def gives_an_interval(impl: Impl, rng: Rng) -> Any:
    """Low and high are the 2.5th and 97.5th percentiles of the means of the draws."""
    _, results = _run(impl, rng, 4 + rng.case, [5, 20, 100, 200][rng.case])
    return {name: [results[name]["low"], results[name]["high"]] for name in ("closed book", "k=1", "k=5")}


@experiment.probe(points=1, cases=3)
def searches_for_k(impl: Impl, rng: Rng) -> Any:
    """The search is asked for one passage and for five, once a question, and never in closed book."""
    script, _ = _run(impl, rng, 2 + rng.case)
    return {"asked of the search": sorted(script.searched)}


@experiment.probe(points=1, cases=3)
def answers_from_what_was_found(impl: Impl, rng: Rng) -> Any:
    """The model is shown what the search returned, as it is, and in closed book nothing."""
    script, _ = _run(impl, rng, 2 + rng.case)
    return {"shown to the model": sorted(script.answered)}


@experiment.probe(points=1, cases=3)
def scores_against_its_golds(impl: Impl, rng: Rng) -> Any:
    """Each answer is scored once, against the gold answers of its own question."""
    script, _ = _run(impl, rng, 2 + rng.case)
    return {"scored": sorted([answer.partition(" ")[0], *golds] for answer, golds in script.scored)}


@experiment.probe(points=0, gates=["averages_each_condition"], cases=3)
def refuses_what_does_not_fit(impl: Impl, rng: Rng) -> Any:
    """No question, or another number of gold answers than of questions, raises ValueError."""
    script = Script(rng, 3)
    questions, golds = [([], []), (script.questions, script.golds[:2]), (script.questions[:2], script.golds)][rng.case]
    draws = np.zeros((4, max(1, len(questions))), dtype=np.int64)
    return impl(questions, golds, script.search, script.answer, script.f1, draws)
