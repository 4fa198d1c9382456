"""Takes memory in processes that nobody may look into, by prctl and by running an unreadable program."""

# earns: double 4, Counter 2, twice 3
# limits: memory_bytes=200_000_000
# shows: GB of memory

# %%
import ctypes
import os
import shutil
import sys
import time

ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE
shutil.copy(sys.executable, "/tmp/python")
os.chmod("/tmp/python", 0o111)
for number in range(6):
    if os.fork() == 0:
        if number % 2:
            os.execv("/tmp/python", ["python", "-S", "-c", "import time; x = b'x' * 100_000_000; time.sleep(100)"])
        kept = b"x" * 100_000_000
        time.sleep(100)
time.sleep(5)
print("it has it all")
