"""Leaves by every door that leads out of a cell, then out of the process."""

# earns: double 0, Counter 2, twice 3
# shows: it exited with code 0

# %%
import sys

sys.exit(0)

# %%
raise SystemExit("passed")

# %%
exit()

# %%
quit()

# %%
import os


def double(x):
    os._exit(0)
