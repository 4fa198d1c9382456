"""Reciprocal rank fusion: mistakes, and other right ways."""

from collections import defaultdict

from solutions.mistakes import Variants
from solutions.rag import reciprocal_rank_fusion

variants = Variants("reciprocal_rank_fusion")
mistake, alternative = variants.mistake, variants.alternative


def _fuse(rankings, score, combine=sum):
    """Fuse with another score of a rank, or another way to combine the scores."""
    given = defaultdict(list)
    for ranking in rankings:
        if len(set(ranking)) < len(ranking):
            raise ValueError("twice")
        for place, name in enumerate(ranking):
            given[name].append(score(place, len(ranking)))
    return sorted(((name, combine(scores)) for name, scores in given.items()), key=lambda item: (-item[1], item[0]))


@mistake("Your ranks begin at 0. The first document of a ranking has rank 1.")
def counts_ranks_from_zero(rankings, k=60.0):
    return _fuse(rankings, lambda place, length: 1 / (k + place) if k + place else 1.0)


@mistake("You divided by the number of rankings that name a document. To stand in more of them should help it.")
def takes_the_mean(rankings, k=60.0):
    return _fuse(rankings, lambda place, length: 1 / (k + place + 1), lambda scores: sum(scores) / len(scores))


@mistake("A document keeps only its best rank with you. What the rankings give it is added up.")
def keeps_the_best_rank(rankings, k=60.0):
    return _fuse(rankings, lambda place, length: 1 / (k + place + 1), max)


@mistake("Your k is always 60. It is an argument.")
def ignores_k(rankings, k=60.0):
    return reciprocal_rank_fusion(rankings)


@mistake("The largest score comes last with you. `sorted` sorts upwards.")
def sorts_upwards(rankings, k=60.0):
    return sorted(reciprocal_rank_fusion(rankings, k), key=lambda item: (item[1], item[0]))


@mistake("Only documents that stand in every ranking came back. One ranking is enough to be listed.")
def demands_all_rankings(rankings, k=60.0):
    fused = reciprocal_rank_fusion(rankings, k)
    return [item for item in fused if all(item[0] in ranking for ranking in rankings)]


@mistake("Among equal scores you kept the order in which you met the documents. The docstring has a rule.")
def keeps_the_order_met(rankings, k=60.0):
    scores = dict(reciprocal_rank_fusion(rankings, k))
    met = dict.fromkeys(name for ranking in rankings for name in ranking)
    return sorted(((name, scores[name]) for name in met), key=lambda item: -item[1])


@mistake("A document that stands twice in one ranking went through. The docstring names the error.")
def takes_doubles(rankings, k=60.0):
    return reciprocal_rank_fusion([list(dict.fromkeys(ranking)) for ranking in rankings], k)


@alternative
def with_defaultdict(rankings, k=60.0):
    scores = defaultdict(float)
    for ranking in rankings:
        seen = set()
        for place, name in enumerate(ranking):
            if name in seen:
                raise ValueError(f"{name} stands twice")
            seen.add(name)
            scores[name] += 1.0 / (k + place + 1)
    by_name = sorted(scores.items())
    return sorted(by_name, key=lambda item: item[1], reverse=True)


@alternative
def by_looking_up(rankings, k=60.0):
    if any(ranking.count(name) > 1 for ranking in rankings for name in ranking):
        raise ValueError("twice")
    everyone = {name for ranking in rankings for name in ranking}
    scores = {name: sum(1 / (k + 1 + r.index(name)) for r in rankings if name in r) for name in everyone}
    return [(name, scores[name]) for name in sorted(everyone, key=lambda name: (-scores[name], name))]
