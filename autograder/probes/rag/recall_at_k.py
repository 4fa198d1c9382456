"""The probes of recall at k."""

from __future__ import annotations

from typing import Any

from autograder.draws import Rng
from autograder.probes.rag.chapter import chapter
from autograder.probes.rag.material import names
from autograder.proxy import Impl

recall = chapter.function(
    "recall_at_k", title="Recall at k", minutes=5, difficulty=1, oracle="scikit-learn's recall_score"
)


@recall.probe(points=2, cases=4)
def counts_what_is_found(impl: Impl, rng: Rng) -> Any:
    """It is the share of the relevant documents that are among k results."""
    pool = names(rng, 14)
    count, hits, missing = [(4, 1, 1), (5, 2, 1), (6, 1, 4), (4, 3, 2)][rng.case]
    retrieved = [pool[place] for place in rng.permutation(count)]
    return impl(retrieved, [*pool[:hits], *pool[8 : 8 + missing]], count)


@recall.probe(points=1, cases=4)
def stops_at_k(impl: Impl, rng: Rng) -> Any:
    """What stands after the first k is not found."""
    pool = names(rng, 9)
    relevant = [[0, 3], [1, 4, 5], [0, 1, 7], [3, 4, 6]][rng.case]
    return impl(pool[:8], [pool[place] for place in relevant], [3, 5, 7, 4][rng.case])


@recall.probe(points=1, cases=4)
def looks_for_one(impl: Impl, rng: Rng) -> Any:
    """With one relevant document and k = 1, it is 1 if that document stands first, else 0."""
    pool = names(rng, 4)
    return impl(pool[: [3, 1, 2, 1][rng.case]], [pool[[0, 3, 1, 0][rng.case]]], 1)


@recall.probe(points=1, cases=4)
def finds_everything_in_the_end(impl: Impl, rng: Rng) -> Any:
    """With a k beyond the results, only what was not retrieved is missing; with nothing relevant, it is 0."""
    pool = names(rng, 6)
    retrieved = pool[: [3, 4, 3, 0][rng.case]]
    return impl(retrieved, [pool[:2], pool[2:6], [], pool[:2]][rng.case], [5, 9, 3, 2][rng.case])


@recall.probe(points=0, gates=["stops_at_k"], cases=3)
def refuses_k_below_one(impl: Impl, rng: Rng) -> Any:
    """A k below 1 raises ValueError."""
    pool = names(rng, 3)
    return impl(pool, [pool[:2], pool[:2], []][rng.case], [0, -1, 0][rng.case])
