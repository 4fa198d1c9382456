"""Exits while its children hold the line to the grader open."""

# earns: double 4, Counter 2, twice 3
# shows: This cell ended the process: it exited with code 0

# %%
import os
import time

if os.fork() == 0:
    time.sleep(10_000)
os._exit(0)
