"""`ngram_prob` against naive Bayes, where contexts are the classes and the words behind them the features."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.naive_bayes import MultinomialNB

from solutions.next_token import ngram_prob

VOCABULARY = ["a", "an", "b", "ana", "c"]

texts = st.lists(st.sampled_from(VOCABULARY), min_size=4, max_size=40)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(texts, st.integers(1, 3), st.sampled_from([0.1, 0.5, 1.0, 3.0]))
def test_probabilities_are_those_of_naive_bayes_with_the_same_smoothing(words: list[str], n: int, k: float) -> None:
    assume(len(words) > n)
    places = range(n, len(words))
    contexts = [tuple(words[i - n : i]) for i in places]
    behind = np.array([[word == words[i] for word in VOCABULARY] for i in places], dtype=float)
    names = sorted(set(contexts))
    assume(len(names) > 1)
    model = MultinomialNB(alpha=k).fit(behind, [names.index(context) for context in contexts])
    for context, row in zip(names, np.exp(model.feature_log_prob_), strict=True):
        ours = [ngram_prob(words, list(context), word, len(VOCABULARY), k) for word in VOCABULARY]
        assert ours == pytest.approx(row)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(texts, st.lists(st.sampled_from(VOCABULARY), max_size=3), st.sampled_from([0.0, 1e-12, 0.5]))
def test_the_probabilities_of_all_words_sum_to_one(words: list[str], context: list[str], k: float) -> None:
    assert sum(ngram_prob(words, context, word, len(VOCABULARY), k) for word in VOCABULARY) == pytest.approx(1)


def test_the_unseen_context_is_the_limit_of_small_k() -> None:
    assert ngram_prob(["a", "b"], ["c"], "a", 5) == pytest.approx(ngram_prob(["a", "b"], ["c"], "a", 5, 1e-12))
