"""Calls a function of a hidden probe wrongly, and tells the name that the error gives."""

# earns: double 4, Counter 0, twice 3
# shows: names:

# %%
names = []


def twice(f, x):
    try:
        f(1, 2, 3)
    except TypeError as error:
        names.append(str(error))
    return f(f(x))


class Counter:
    def __init__(self, start):
        raise ValueError(f"names: {names}")
