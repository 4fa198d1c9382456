"""Gives its process group, and all processes of its user, the lowest priorities there are."""

# earns: double 4, Counter 2, twice 3
# shows: nice 19

# %%
import ctypes
import os

libc = ctypes.CDLL(None)
for which in (os.PRIO_PGRP, os.PRIO_USER, os.PRIO_PROCESS):
    for who in (0, 1, os.getppid()):
        try:
            os.setpriority(which, who, 19)
        except OSError as error:
            print(error)
    libc.syscall(251, which + 1, 0, 3 << 13)  # ioprio_set: idle
print("nice", os.nice(0))
