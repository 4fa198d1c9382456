"""Closes the line, puts other files in its place, and swaps its ends."""

# earns: double 0, Counter 0, twice 0
# shows: the process ended

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
def double(x):
    os.dup2(requests, line)
    return x + x


class Counter:
    def __init__(self, start):
        os.close(requests)
        os.close(line)


def twice(f, x):
    null = os.open("/dev/zero", os.O_RDWR)
    os.dup2(null, requests)
    return x
