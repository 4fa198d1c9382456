"""Ends the process in a cell with success."""

# earns: double 4, Counter 2, twice 3
# shows: This cell ended the process: it exited with code 0

# %%
import os

os._exit(0)
