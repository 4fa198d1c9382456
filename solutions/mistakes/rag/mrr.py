"""The mean reciprocal rank: mistakes, and other right ways."""

from fractions import Fraction

from solutions.mistakes import Variants
from solutions.rag import mrr

variants = Variants("mrr")
mistake, alternative = variants.mistake, variants.alternative


def _ranks(rankings, relevant):
    """Return for each query the ranks of all its relevant documents."""
    if not rankings or len(rankings) != len(relevant):
        raise ValueError("queries")
    return [
        [rank for rank, name in enumerate(ranking, 1) if name in wanted]
        for ranking, wanted in zip(rankings, relevant, strict=True)
    ]


@mistake("You averaged the ranks and inverted the mean. Each rank is inverted first, then the mean is taken.")
def inverts_the_mean_rank(rankings, relevant):
    firsts = [ranks[0] for ranks in _ranks(rankings, relevant) if ranks]
    return len(firsts) / sum(firsts) if firsts else 0.0


@mistake("Your ranks begin at 2. The first document of a ranking has rank 1.")
def counts_ranks_from_two(rankings, relevant):
    ranks = _ranks(rankings, relevant)
    return sum(1 / (each[0] + 1) for each in ranks if each) / len(ranks)


@mistake("You left out queries that found nothing. They count as 0, and they divide.")
def skips_the_lost(rankings, relevant):
    found = [ranks for ranks in _ranks(rankings, relevant) if ranks]
    return sum(1 / ranks[0] for ranks in found) / len(found) if found else 0.0


@mistake("You added up all relevant documents of a query. Only the first one counts.")
def adds_all_of_them(rankings, relevant):
    ranks = _ranks(rankings, relevant)
    return sum(1 / rank for each in ranks for rank in each) / len(ranks)


@mistake("You took the last relevant document of a query. The reader stops at the first.")
def takes_the_last(rankings, relevant):
    ranks = _ranks(rankings, relevant)
    return sum(1 / each[-1] for each in ranks if each) / len(ranks)


@mistake("You forgot to divide by the number of queries: it is a mean.")
def forgets_the_mean(rankings, relevant):
    return mrr(rankings, relevant) * len(rankings)


@mistake("No queries, or lists that do not fit together, went through. The docstring names the error.")
def takes_anything(rankings, relevant):
    fitting = min(len(rankings), len(relevant))
    return mrr(rankings[:fitting], relevant[:fitting]) if fitting else 0.0


@alternative
def with_next(rankings, relevant):
    if len(rankings) == 0 or len(relevant) != len(rankings):
        raise ValueError("queries")

    def one(ranking, wanted):
        return next((1 / rank for rank, name in enumerate(ranking, 1) if name in wanted), 0)

    return sum(map(one, rankings, relevant)) / len(rankings)


@alternative
def in_fractions(rankings, relevant):
    if not rankings or len(relevant) != len(rankings):
        raise ValueError("queries")
    total = Fraction(0)
    for ranking, wanted in zip(rankings, relevant, strict=True):
        places = [ranking.index(name) for name in wanted if name in ranking]
        total += Fraction(1, min(places) + 1) if places else 0
    return float(total / len(rankings))
