"""Forks without end."""

# earns: double 4, Counter 2, twice 3
# limits: processes=24, cell_cpu_seconds=2, cell_seconds=10
# shows: temporarily unavailable|ended the process

# %%
import os
import time

try:
    while True:
        os.fork()
except OSError as error:
    print(error)
    time.sleep(0.3)
