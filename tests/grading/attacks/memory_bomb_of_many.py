"""Takes memory in several processes, each within its limit."""

# earns: double 4, Counter 2, twice 3
# limits: memory_bytes=200_000_000
# shows: GB of memory

# %%
import os
import time

for _ in range(6):
    if os.fork() == 0:
        kept = b"x" * 100_000_000
        time.sleep(100)
time.sleep(5)
print("it has it all")
