"""Sends half of an answer, and then nothing."""

# earns: double 0, Counter 2, twice 3
# limits: call_seconds=2
# shows: no answer in time

# %%
import fcntl
import os

pipes = [
    int(n)
    for n in os.listdir("/proc/self/fd")
    if os.path.exists(f"/proc/self/fd/{n}") and os.readlink(f"/proc/self/fd/{n}").startswith("pipe:")
]
(line,) = [n for n in pipes if fcntl.fcntl(n, fcntl.F_GETFL) & os.O_WRONLY]
(requests,) = set(pipes) - {line}

# %%
import time


def double(x):
    os.write(line, (1000).to_bytes(4, "big") + bytes(500))
    time.sleep(1000)
