"""The best number of passages: mistakes, and other right ways."""

import math

from solutions.mistakes import Variants
from solutions.rag import k_star

variants = Variants("k_star")
mistake, alternative = variants.mistake, variants.alternative


def _rate(p, c):
    if not 0 < p < 1 or not c > 0:
        raise ValueError("p or c")
    return -math.log1p(-p)


@mistake("You put p in place of L. They are near each other for small p only: L is -ln(1 - p).")
def takes_p_for_the_rate(p, c):
    _rate(p, c)
    return math.log(p / c) / p if c < p else 0.0


@mistake("This is where the gain alone reaches 1 - c. Set the derivative to 0: its first term has a factor L.")
def forgets_the_inner_derivative(p, c):
    rate = _rate(p, c)
    return math.log(1 / c) / rate if c < rate else 0.0


@mistake("You did not divide by L at the end. It stands in the exponent, in front of k.")
def forgets_to_divide(p, c):
    rate = _rate(p, c)
    return math.log(rate / c) if c < rate else 0.0


@mistake("You rounded. The docstring asks for the real number at which the gain is largest.")
def rounds(p, c):
    return float(round(k_star(p, c)))


@mistake("Where a passage costs more than it brings, you retrieve a negative number of them.")
def goes_below_zero(p, c):
    rate = _rate(p, c)
    return math.log(rate / c) / rate


@mistake("You used logarithms to base 2 or 10 for one of the two. Both are natural ones.")
def mixes_logarithms(p, c):
    rate = _rate(p, c)
    return math.log10(rate / c) / rate if c < rate else 0.0


@mistake("A p of 0 or 1, or a cost that is not above 0, went through. The docstring names the error.")
def takes_anything(p, c):
    if not 0 < p < 1 or not c > 0:
        return 0.0
    return k_star(p, c)


@alternative
def by_powers(p, c):
    if p <= 0 or p >= 1 or c <= 0 or math.isnan(p) or math.isnan(c):
        raise ValueError("p or c")
    base = math.log(1 - p)
    return max(0.0, math.log(-c / base) / base)


@alternative
def by_searching(p, c):
    if not (0 < p < 1 and c > 0):
        raise ValueError("p or c")
    rate = -math.log1p(-p)
    low, high = 0.0, 1.0
    while rate * math.exp(-rate * high) > c:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if rate * math.exp(-rate * middle) > c else (low, middle)
    return low if rate > c else 0.0
