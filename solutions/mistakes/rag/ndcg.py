"""nDCG: mistakes, and other right ways."""

import math

import numpy as np

from solutions.mistakes import Variants
from solutions.rag import ndcg

variants = Variants("ndcg")
mistake, alternative = variants.mistake, variants.alternative


def _dcg(values, discount=lambda rank: math.log2(rank + 1)):
    return sum(value / discount(rank) for rank, value in enumerate(values, 1))


def _ndcg(retrieved, gains, k, gain=float, discount=lambda rank: math.log2(rank + 1)):
    if k < 1:
        raise ValueError("k")
    got = [gain(gains.get(name, 0.0)) for name in retrieved[:k]]
    best = sorted(map(gain, gains.values()), reverse=True)[:k]
    ideal = _dcg(best, discount)
    return _dcg(got, discount) / ideal if ideal else 0.0


@mistake("Yours is not normalised: it can be above 1. Divide by what the best order would have.")
def forgets_to_normalise(retrieved, gains, k):
    if k < 1:
        raise ValueError("k")
    return float(_dcg([gains.get(name, 0.0) for name in retrieved[:k]]))


@mistake("Your discount begins with log2(rank + 2). At rank 1 the discount is log2(2) = 1.")
def discounts_one_too_far(retrieved, gains, k):
    return _ndcg(retrieved, gains, k, discount=lambda rank: math.log2(rank + 2))


@mistake("You divided by the rank itself. The discount of nDCG is a logarithm, which falls more slowly.")
def divides_by_the_rank(retrieved, gains, k):
    return _ndcg(retrieved, gains, k, discount=lambda rank: rank)


@mistake("At rank 2 you discount as little as at rank 1. That is the paper's log2(rank); the task's is log2(rank + 1).")
def takes_the_papers_discount(retrieved, gains, k):
    return _ndcg(retrieved, gains, k, discount=lambda rank: math.log2(max(rank, 2)))


@mistake("You put 2^g - 1 in place of the gain, as some programs do. In this task the gain is g.")
def takes_exponential_gains(retrieved, gains, k):
    return _ndcg(retrieved, gains, k, gain=lambda value: 2**value - 1)


@mistake("Every gain counts as 1 with you. Some documents are more useful than others.")
def forgets_degrees(retrieved, gains, k):
    return _ndcg(retrieved, gains, k, gain=lambda value: float(value > 0))


@mistake("Your best order knows only what was retrieved. What was missed belongs to it as well.")
def forgets_the_missed(retrieved, gains, k):
    if k < 1:
        raise ValueError("k")
    return ndcg(retrieved, {name: gain for name, gain in gains.items() if name in retrieved}, k)


@mistake("The best order is not cut at k with you. No result can reach it then.")
def leaves_the_ideal_whole(retrieved, gains, k):
    if k < 1:
        raise ValueError("k")
    return ndcg(retrieved[:k], gains, max(k, len(gains)))


@mistake("You counted results behind the first k.")
def ignores_the_cut(retrieved, gains, k):
    if k < 1:
        raise ValueError("k")
    ideal = _dcg(sorted(gains.values(), reverse=True)[:k])
    return _dcg([gains.get(name, 0.0) for name in retrieved]) / ideal if ideal else 0.0


@mistake("With nothing to gain your code divides by zero. The docstring says what comes back then.")
def divides_by_zero(retrieved, gains, k):
    if k >= 1 and not any(gains.values()):
        raise ZeroDivisionError("division by zero")
    return ndcg(retrieved, gains, k)


@mistake("A k of 0 or less went through. The docstring names the error.")
def takes_any_k(retrieved, gains, k):
    return ndcg(retrieved, gains, k) if k >= 1 else 0.0


@alternative
def with_numpy(retrieved, gains, k):
    if k <= 0:
        raise ValueError("k")

    def dcg(values):
        values = np.asarray(values, dtype=float)[:k]
        return float((values * np.log(2) / np.log(np.arange(len(values)) + 2)).sum())

    ideal = dcg(np.sort(list(gains.values()))[::-1])
    return dcg([gains.get(name, 0) for name in retrieved]) / ideal if ideal > 0 else 0.0


@alternative
def with_any_logarithm(retrieved, gains, k):
    if not k > 0:
        raise ValueError("k")
    got = math.fsum(gains[name] / math.log(rank + 2) for rank, name in enumerate(retrieved[:k]) if name in gains)
    best = math.fsum(gain / math.log(rank + 2) for rank, gain in enumerate(sorted(gains.values())[::-1][:k]))
    return got / best if best else 0.0
