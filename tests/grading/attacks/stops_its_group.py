"""Stops its process group and itself: what is stopped cannot be told from what computes."""

# earns: double 0, Counter 2, twice 3
# limits: call_seconds=2
# shows: no answer in time

# %%
import os
import signal


def double(x):
    os.kill(0, signal.SIGSTOP)
