"""The probes of the marginal probability of an answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.draws import Rng
from autograder.probes.rag.chapter import chapter
from autograder.proxy import Impl

marginal = chapter.function(
    "rag_marginal", title="Sum over the passages", minutes=15, difficulty=2, oracle="scipy's logsumexp; exact fractions"
)


def _logprobs(rng: Rng, *shape: int) -> np.ndarray:
    drawn: np.ndarray = np.log(rng.uniform(0.1, 0.9, size=shape)).round(2)
    return drawn


@marginal.probe(points=1)
def multiplies_over_tokens(impl: Impl, rng: Rng) -> Any:
    """With one passage, it is the log-probability of the whole answer."""
    return impl(_logprobs(rng, 1, 2 + rng.case), rng.normal(size=1).round(2))


@marginal.probe(points=1)
def weighs_single_tokens(impl: Impl, rng: Rng) -> Any:
    """For an answer of one token, it is the log of the weighted mean of its probabilities."""
    return impl(_logprobs(rng, 2 + rng.case, 1), rng.normal(size=2 + rng.case).round(1))


@marginal.probe(points=1)
def sums_over_equals(impl: Impl, rng: Rng) -> Any:
    """Passages that fit equally well have equal weights, for the answer as a whole."""
    level = round(float(rng.uniform(0.3, 2)), 1) + 2 * rng.case
    return impl(_logprobs(rng, 2 + rng.case, 3), np.full(2 + rng.case, level))


@marginal.probe(points=2)
def weighs_by_similarity(impl: Impl, rng: Rng) -> Any:
    """The weights are the softmax of the similarities."""
    return impl(_logprobs(rng, 2 + rng.case, 2 + rng.case), (2 * rng.normal(size=2 + rng.case)).round(1))


@marginal.probe(points=1, rtol=1e-6)
def survives_long_answers(impl: Impl, rng: Rng) -> Any:
    """An answer of thousands of tokens has a finite log-probability."""
    rows = np.repeat(_logprobs(rng, 1, 4) - 0.2, 500 + 100 * rng.case, axis=1).repeat(3, axis=0)
    rows[:, 0] -= rng.permutation([0.0, 0.5, 1.0])
    return impl(rows, rng.permutation([-1.0, 0.0, 0.7]))


@marginal.probe(points=1)
def survives_large_similarities(impl: Impl, rng: Rng) -> Any:
    """Similarities of a thousand are safe, and only their differences matter."""
    base = [1000.0, -2000.0, 5000.0, -900.0][rng.case]
    return impl(_logprobs(rng, 3, 1), base + rng.normal(size=3).round(1))


@marginal.probe(points=0, gates=["weighs_by_similarity"], cases=4)
def refuses_what_does_not_fit(impl: Impl, rng: Rng) -> Any:
    """No passage, or another number of rows than of similarities, raises ValueError."""
    rows, count = [(0, 0), (3, 2), (1, 3), (3, 1)][rng.case]
    return impl(_logprobs(rng, rows, 2), rng.normal(size=count).round(1))
