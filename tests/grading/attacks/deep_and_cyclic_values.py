"""Answers with lists that are nested without end, hold themselves, or have a million items."""

# earns: double 0, Counter 2, twice 3
# shows: nested more than|more than 100,000 values

# %%
import itertools

cycle = []
cycle.append(cycle)
deep = []
for _ in range(100_000):
    deep = [deep]
answers = itertools.cycle([cycle, deep, [None] * 1_000_000, {"a": cycle}])


def double(x):
    return next(answers)


print(len(deep))
