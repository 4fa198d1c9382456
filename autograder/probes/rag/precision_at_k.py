"""The probes of precision at k."""

from __future__ import annotations

from typing import Any

from autograder.draws import Rng
from autograder.probes.rag.chapter import chapter
from autograder.probes.rag.material import names
from autograder.proxy import Impl

precision = chapter.function(
    "precision_at_k", title="Precision at k", minutes=5, difficulty=1, oracle="scikit-learn's precision_score"
)


@precision.probe(points=2, cases=4)
def counts_the_hits(impl: Impl, rng: Rng) -> Any:
    """With k results, it is the share of them that are relevant."""
    pool = names(rng, 12)
    count, hits = [(4, 1), (5, 2), (6, 3), (8, 8)][rng.case]  # the last: each of them counts
    retrieved = [pool[place] for place in rng.permutation(count)]
    return impl(retrieved, [*pool[:hits], *pool[10:]], count)


@precision.probe(points=1, cases=4)
def stops_at_k(impl: Impl, rng: Rng) -> Any:
    """What stands after the first k does not count."""
    pool = names(rng, 9)
    retrieved = pool[:8]
    relevant = [[0, 2, 3], [1, 4, 5], [0, 1, 2, 7], [3, 4, 6]][rng.case]
    return impl(retrieved, [pool[8], *(pool[place] for place in relevant)], [3, 5, 7, 4][rng.case])


@precision.probe(points=1, cases=4)
def looks_at_the_first(impl: Impl, rng: Rng) -> Any:
    """At k = 1 with one relevant document, it is 1 if that one stands first, else 0."""
    pool = names(rng, 4)
    return impl(pool[: [3, 1, 2, 1][rng.case]], [pool[[0, 3, 1, 0][rng.case]]], 1)


@precision.probe(points=1, cases=4)
def divides_by_k(impl: Impl, rng: Rng) -> Any:
    """Places that stayed empty are misses: k divides, even where fewer were retrieved."""
    pool = names(rng, 6)
    retrieved = pool[: [2, 3, 0, 4][rng.case]]
    return impl(retrieved, pool[[0, 1, 0, 2][rng.case] :], [3, 7, 2, 8][rng.case])


@precision.probe(points=0, gates=["stops_at_k"], cases=2)
def refuses_k_below_one(impl: Impl, rng: Rng) -> Any:
    """A k below 1 raises ValueError."""
    pool = names(rng, 3)
    return impl(pool, pool[:2], -rng.case)
