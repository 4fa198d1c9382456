"""The probes of the mean reciprocal rank."""

from __future__ import annotations

from typing import Any

from autograder.draws import Rng
from autograder.probes.rag.chapter import chapter
from autograder.probes.rag.material import names
from autograder.proxy import Impl

mean_reciprocal_rank = chapter.function(
    "mrr",
    title="Mean reciprocal rank",
    minutes=10,
    difficulty=1,
    oracle="scikit-learn's label_ranking_average_precision_score, with one relevant document a query",
)


def _queries(rng: Rng, ranks: list[int], extra: int = 0) -> tuple[list[list[str]], list[list[str]]]:
    """Draw rankings whose first relevant document stands at the given rank, or nowhere at 0."""
    rankings, relevant = [], []
    for rank in ranks:
        pool = names(rng, 10)
        rankings.append(pool[:8])
        relevant.append([pool[9], *(pool[rank - 1 : rank] if rank else []), *(pool[8 - extra : 8] if rank else [])])
    return rankings, relevant


@mean_reciprocal_rank.probe(points=1, cases=4)
def inverts_the_rank(impl: Impl, rng: Rng) -> Any:
    """For one query it is 1 divided by the rank of the relevant document."""
    return impl(*_queries(rng, [[1, 2, 4, 5][rng.case]]))


@mean_reciprocal_rank.probe(points=2, cases=4)
def averages_over_queries(impl: Impl, rng: Rng) -> Any:
    """For several queries it is the mean of the reciprocal ranks."""
    ranks = [[1, 2], [2, 4], [1, 3, 5], [4, 1, 2, 6]][rng.case]
    return impl(*_queries(rng, [ranks[place] for place in rng.permutation(len(ranks))]))


@mean_reciprocal_rank.probe(points=1, cases=4)
def stops_at_the_first(impl: Impl, rng: Rng) -> Any:
    """What stands behind the first relevant document changes nothing; what stands before it does."""
    pool = names(rng, 6 + rng.case)
    rankings = [pool, pool[1:], [pool[1], pool[2], *reversed(pool[3:])]]
    before, moved, behind = (impl([ranking], [[pool[2], pool[4], pool[5]]]) for ranking in rankings)
    return {
        "what stands behind it counts": moved != behind,
        "moving up raises it": moved > before,
    }


@mean_reciprocal_rank.probe(points=1, cases=3)
def leaves_the_rest_out(impl: Impl, rng: Rng) -> Any:
    """With several relevant documents in a ranking, only the first one counts."""
    return impl(*_queries(rng, [[2], [3, 1], [4, 2, 1]][rng.case], extra=1 + rng.case))


@mean_reciprocal_rank.probe(points=1, cases=4)
def counts_the_lost(impl: Impl, rng: Rng) -> Any:
    """A query whose ranking has nothing relevant counts as 0 in the mean."""
    rankings, relevant = _queries(rng, [[1, 0], [0, 2, 1], [0, 0, 3], [1, 0, 0, 2]][rng.case])
    if rng.case == 3:
        rankings[1], relevant[2] = [], []
    return impl(rankings, relevant)


@mean_reciprocal_rank.probe(points=0, gates=["averages_over_queries"], cases=3)
def refuses_no_queries(impl: Impl, rng: Rng) -> Any:
    """No query at all, or two lists of different lengths, raise ValueError."""
    rankings, relevant = _queries(rng, [1, 2])
    return impl(*[([], []), (rankings, relevant[:1]), (rankings[:1], relevant)][rng.case])
