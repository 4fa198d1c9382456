"""Sleeps where no processor time is counted."""

# earns: double 4, Counter 2, twice 3
# limits: cell_seconds=2, call_seconds=2
# shows: Timeout

# %%
import time

time.sleep(1000)


# %%
def double(x):
    time.sleep(1000)


def twice(f, x):
    f(x)
    time.sleep(1000)
