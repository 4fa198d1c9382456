"""The expected number of relevant passages: mistakes, and other right ways."""

import math
from fractions import Fraction

from solutions.mistakes import Variants
from solutions.rag import expected_relevant

variants = Variants("expected_relevant")
mistake, alternative = variants.mistake, variants.alternative


def _refuse(k, p):
    if k < 0 or not 0 <= p <= 1:
        raise ValueError("k or p")


@mistake("This is the probability that at least one is relevant. The question is how many are, on average.")
def takes_at_least_one(k, p):
    _refuse(k, p)
    return 1 - (1 - p) ** k


@mistake("You counted the irrelevant ones. p is the probability of being relevant.")
def counts_the_irrelevant(k, p):
    _refuse(k, p)
    return k * (1 - p)


@mistake("You rounded. An expectation is an average and need not be a whole number.")
def rounds(k, p):
    return float(round(expected_relevant(k, p)))


@mistake("You multiplied by 1 - p as well. That is the variance of the number, not its mean.")
def takes_the_variance(k, p):
    _refuse(k, p)
    return k * p * (1 - p) if 0 < p < 1 else k * p


@mistake("A negative k, or a p that is no probability, went through. The docstring names the error.")
def takes_anything(k, p):
    return k * p


@mistake("NaN went through as a probability: every comparison with NaN is false.")
def lets_nan_through(k, p):
    if k < 0 or p < 0 or p > 1:
        raise ValueError("k or p")
    return k * p


@alternative
def from_the_distribution(k, p):
    if not (k >= 0 and 0 <= p <= 1):
        raise ValueError("k or p")
    return math.fsum(hits * math.comb(k, hits) * p**hits * (1 - p) ** (k - hits) for hits in range(k + 1))


@alternative
def in_fractions(k, p):
    if k < 0 or math.isnan(p) or not 0 <= p <= 1:
        raise ValueError("k or p")
    return float(sum((Fraction(p) for _ in range(k)), Fraction(0)))
