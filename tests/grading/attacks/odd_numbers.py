"""Answers with NaN, infinities, integers of thousands of digits and numpy scalars of every kind."""

# earns: double 0, Counter 0, twice 0
# shows: came back

# %%
import itertools

import numpy as np

answers = itertools.cycle(
    [float("nan"), float("inf"), 10**5000, -(10**9000), 10**99_999, np.float16("nan"), np.bool_(True), True]
)


def double(x):
    return next(answers)


class Counter:
    def __init__(self, start):
        pass

    def up(self):
        return next(answers)


def twice(f, x):
    return f(next(answers))
