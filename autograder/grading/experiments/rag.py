"""Exercise 14.4: three means and their intervals, computed again from predictions, gold answers and a seed."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from autograder.grading.experiments.form import (
    Checked,
    Experiment,
    differences,
    items,
    mapping,
    part,
    texts,
    whole,
)
from autograder.records import Record
from autograder.trusted.reference import load_reference
from pocket.experiments import MOST_QUESTIONS, reading_test

#: Rows of the table, and how many passages each gave the model to read.
_CONDITIONS = {"closed book": 0, "k=1": 1, "k=5": 5}
_MOST_ASKED, _MOST_GOLDS = 1_000, 20
_MOST_DRAWS, _MOST_DRAWN = 20_000, 2_000_000
#: A model that has not read of the world is seldom right by chance.
_MOST_CLOSED_BOOK = 0.3


def _words(said: str) -> list[str]:
    return re.findall(r"\w+", said.lower())


def _check(kept: Record) -> Checked:
    questions = texts(items(part(kept.data, "questions"), "questions", _MOST_ASKED), "questions")
    count = len(questions)
    golds = [
        texts(items(one, "golds", _MOST_GOLDS), "golds")
        for one in items(part(kept.data, "golds"), "golds", _MOST_ASKED, count)
    ]
    seed = whole(part(kept.data, "seed"), "seed", 0, 2**32 - 1)
    draws = whole(part(kept.data, "draws"), "draws", 1, min(_MOST_DRAWS, _MOST_DRAWN // count))
    said = mapping(part(kept.data, "predictions"), "predictions")
    predictions = {
        k: texts(items(part(said, name), "predictions", _MOST_ASKED, count), "predictions")
        for name, k in _CONDITIONS.items()
    }
    reference = load_reference("rag")
    want = reference.rag_experiment(
        [str(number) for number in range(count)],
        golds,
        lambda _, k: [""] * k,
        lambda number, passages: predictions[len(passages)][int(number)],
        lambda given, right: reference.token_f1(given, right, _words),
        np.random.default_rng(seed).integers(0, count, size=(draws, count)),
    )
    said_in_all = len(_CONDITIONS) * count
    return Checked(
        f"Your table follows from its {said_in_all} predictions: means and intervals were computed again from them.",
        (*differences(kept.table, want, f"its {count} predictions"), *_other_golds(questions, golds)),
        _notes(questions, {name: want[name]["mean"] for name in _CONDITIONS}),
    )


def _other_golds(questions: Sequence[str], golds: Sequence[list[str]]) -> tuple[str, ...]:
    test = reading_test(MOST_QUESTIONS)
    right = {question: list(answers) for question, answers in zip(test.questions, test.golds, strict=True)}
    wrong = sum(right.get(question, given) != given for question, given in zip(questions, golds, strict=True))
    return (
        (f"{wrong} of the questions have other gold answers than in the world that they ask about.",) if wrong else ()
    )


def _notes(questions: Sequence[str], means: dict[str, float]) -> tuple[str, ...]:
    """Say what is out of its band; of a student's own questions, no band is known."""
    if not set(questions) <= set(reading_test(MOST_QUESTIONS).questions):
        return ("The questions are your own, so their gold answers were taken as they are.",)
    notes = []
    if means["closed book"] > _MOST_CLOSED_BOOK:
        notes.append(
            f"Closed book, the mean is {means['closed book']:.2f}, though no model has read of this world. "
            "Did something to read get into that prompt?"
        )
    if means["k=1"] <= means["closed book"]:
        notes.append("One passage did not help at all. Look at what your search returns for the first question.")
    return tuple(notes)


experiments = (Experiment("rag_experiment", _check),)
