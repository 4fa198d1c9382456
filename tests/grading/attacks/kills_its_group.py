"""Kills its process group, which a fork shares with what it was forked from."""

# earns: double 4, Counter 2, twice 3
# shows: This cell ended the process: ended by SIGKILL

# %%
import os
import signal

os.kill(0, signal.SIGKILL)
