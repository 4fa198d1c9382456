"""Measure answers: are they right, do they rest on what was read, and how far could chance be off."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence

import numpy as np

from pocket.errors import SettingError
from pocket.world.claims import claims
from pocket.world.facts import fill
from pocket.world.questions import Question

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def plain_form(text: str) -> str:
    """Return a text in SQuAD's plain form: small letters, no punctuation, no articles, single spaces."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_NO_PUNCTUATION)).split())


def is_exact(given: str, golds: Sequence[str]) -> bool:
    """Say whether an answer is one of the gold answers in plain form; ValueError without gold answers."""
    return plain_form(given) in {plain_form(gold) for gold in _some(golds)}


def word_f1(given: str, golds: Sequence[str]) -> float:
    """Return the F1 of the words that an answer shares with its best gold answer, both in plain form.

    Raises
    ------
    ValueError
        If there is no gold answer.
    """
    return max(_f1(plain_form(given).split(), plain_form(gold).split()) for gold in _some(golds))


def _f1(ours: list[str], theirs: list[str]) -> float:
    if not ours or not theirs:
        return float(ours == theirs)
    left, shared = list(theirs), 0
    for word in ours:
        if word in left:
            left.remove(word)
            shared += 1
    return 2 * shared / (len(ours) + len(theirs))


def as_sentence(question: Question, answer: str) -> str:
    """Return what a short answer to a question of the world says, as a sentence.

    "Salbek" for "Which river flows through Vorlen?" says "Vorlen lies on Salbek.". Only for questions that rest on one
    fact.
    """
    (fact,) = question.facts
    return fill(fact.relation.statements[0], e=fact.entity, v=answer)


def supported(sentences: str, passages: Sequence[str]) -> float:
    """Return the share of a text's different claims about the world that some passage makes; 1 if it claims nothing."""
    told = dict.fromkeys(claims(sentences))
    shown = {claim for text in passages for claim in claims(text)}
    return sum(claim in shown for claim in told) / len(told) if told else 1.0


def interval(scores: Sequence[float], draws: int = 2_000, seed: int = 0) -> tuple[float, float, float]:
    """Return the mean of some scores, and the ends of its 95 % interval by the bootstrap (Efron, 1979).

    Raises
    ------
    ValueError
        If there is no score.
    """
    if len(scores) == 0:
        raise SettingError("There is no score to take a mean of.")
    n = len(scores)
    often = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=draws)  # (draws, n)
    low, high = np.quantile(often @ np.asarray(scores, dtype=np.float64) / n, [0.025, 0.975])
    return float(np.mean(scores)), float(low), float(high)


def _some(golds: Sequence[str]) -> Sequence[str]:
    if isinstance(golds, str) or not golds:
        raise SettingError("There must be a list with at least one gold answer.")
    return golds
