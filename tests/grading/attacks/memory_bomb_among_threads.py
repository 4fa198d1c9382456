"""Takes memory in children of a process whose threads come and go, so that a list of them is never right."""

# earns: double 4, Counter 2, twice 3
# limits: memory_bytes=200_000_000
# shows: GB of memory

# %%
import os
import threading
import time


def churn():
    while True:
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()


for _ in range(6):
    if os.fork() == 0:
        kept = b"x" * 100_000_000
        time.sleep(100)
for _ in range(3):
    threading.Thread(target=churn, daemon=True).start()
time.sleep(5)
print("it has it all")
