"""Recurses until the process breaks."""

# earns: double 0, Counter 2, twice 3
# shows: the process ended|your code raised

# %%
import sys

sys.setrecursionlimit(10**9)


class Deep:
    def __repr__(self):
        return repr(self)


def double(x):
    return repr(Deep())
