"""The probes of the normalised discounted cumulative gain."""

from __future__ import annotations

from typing import Any

from autograder.draws import Rng
from autograder.probes.rag.chapter import chapter
from autograder.probes.rag.material import names
from autograder.proxy import Impl

ndcg = chapter.function("ndcg", title="nDCG", minutes=15, difficulty=2, oracle="scikit-learn's ndcg_score")


@ndcg.probe(points=2, cases=5)
def discounts_by_rank(impl: Impl, rng: Rng) -> Any:
    """With one document of gain 1, it is 1 / log2(rank + 1)."""
    pool = names(rng, 6)
    return impl(pool, {pool[[0, 1, 2, 4, 5][rng.case]]: 1.0}, 6)


@ndcg.probe(points=2, cases=4)
def weighs_gains(impl: Impl, rng: Rng) -> Any:
    """Several gains are added, each with its discount, and divided by the best that was possible."""
    pool = names(rng, 5 + rng.case)
    gains = {name: float(rng.integers(2, 6)) + place / 4 for place, name in enumerate(pool[: 3 + rng.case // 2])}
    return impl([pool[place] for place in rng.permutation(len(pool))], gains, len(pool))


@ndcg.probe(points=1, cases=4)
def knows_what_was_missed(impl: Impl, rng: Rng) -> Any:
    """The best order counts documents that were not retrieved."""
    pool = names(rng, 8)
    gains = dict.fromkeys(pool[2 : 5 + rng.case], 1.0)
    return impl(pool[:4], gains, 8)


@ndcg.probe(points=1, cases=4)
def cuts_both_at_k(impl: Impl, rng: Rng) -> Any:
    """Only the first k results count, and the best order is cut at k too."""
    pool = names(rng, 8)
    retrieved = [*pool[:2], *(pool[2:][place] for place in rng.permutation(6))]
    return impl(retrieved, dict.fromkeys(pool[1:], 1.0), [2, 3, 1, 5][rng.case])


@ndcg.probe(points=1, cases=5)
def reaches_its_ends(impl: Impl, rng: Rng) -> Any:
    """The best order has 1; nothing of use, or nothing to gain, has 0."""
    pool = names(rng, 6)
    gains = {pool[0]: 1.0, pool[1]: 1.0}
    cases = [
        (pool[:4], gains, 2),
        (pool[2:], gains, 4),
        (pool, {}, 3),
        (pool[1::-1], {**gains, pool[4]: 0.0}, 5),
        (pool, {pool[1]: 0.0}, 3),
    ]
    return impl(*cases[rng.case])


@ndcg.probe(points=0, gates=["cuts_both_at_k"], cases=2)
def refuses_k_below_one(impl: Impl, rng: Rng) -> Any:
    """A k below 1 raises ValueError."""
    pool = names(rng, 3)
    return impl(pool, {pool[0]: 1.0}, -rng.case)
