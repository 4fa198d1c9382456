"""Calls a function that was passed in for ever, and with values that fit no function."""

# earns: double 4, Counter 2, twice 0
# limits: callbacks=300
# shows: more than 300 calls


# %%
def twice(f, x):
    while True:
        try:
            f(*[[]] * 50, **{"x": None})
        except TypeError:
            pass
