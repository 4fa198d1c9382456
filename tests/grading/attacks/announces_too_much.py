"""Announces a frame of four gigabytes, and one of more than is taken."""

# earns: double 0, Counter 2, twice 0
# shows: a frame announces[\s\S]*an answer of 16 MB

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
    os.write(line, b"\xff\xff\xff\xff" + bytes(1000))


def twice(f, x):
    os.write(line, (2**24).to_bytes(4, "big") + bytes(1000))
