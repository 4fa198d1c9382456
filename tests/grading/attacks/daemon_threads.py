"""Leaves threads that write to everything they can reach while the grader asks."""

# earns: double 4, Counter 2, twice 3
# limits: call_seconds=60, cell_cpu_seconds=20, call_cpu_seconds=20
# shows: on

# %%
import os
import sys
import threading


def write():
    while True:
        sys.stdout.write("1")
        for number in (1, 2):
            os.write(number, b"2")


for _ in range(4):
    threading.Thread(target=write, daemon=True).start()
print("on")
