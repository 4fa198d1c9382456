"""Replaces the files that it reads at its own peril: pipes and devices in place of its notebook's data."""

# earns: double 0, Counter 2, twice 3
# limits: call_seconds=2
# shows: no answer in time

# %%
import os
import threading

os.mkfifo("data.csv")
os.mkfifo("/tmp/.ipython") if not os.path.exists("/tmp/.ipython") else None


def double(x):
    return open("data.csv").read()
