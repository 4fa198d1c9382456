"""Kills itself with a real-time signal, which has no name in Python."""

# earns: double 0, Counter 2, twice 3
# shows: the process ended

# %%
import os


def double(x):
    os.kill(os.getpid(), 40)
