"""Answers with as much as is taken, again and again: all answers are held until they are judged."""

# earns: double 0, Counter 2, twice 0
# shows: its answers take more than 64 MB together


# %%
def double(x):
    return ["y" * 1_900_000]


def twice(f, x):
    for _ in range(400):
        try:
            f({"z" * 1_900_000: x})  # nothing that could be multiplied, whatever the factor
        except TypeError:
            pass
