"""Makes the line's buffers small, its ends blocking or not, and its writes come as packets."""

# earns: double 0, Counter 2, twice 3
# limits: call_seconds=2
# shows: changed 4096[\s\S]*(no answer in time|the process ended)

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
for number in (line, requests):
    fcntl.fcntl(number, fcntl.F_SETPIPE_SZ, 4096)
print("changed", fcntl.fcntl(line, fcntl.F_GETPIPE_SZ))


def double(x):
    for number in (line, requests):
        fcntl.fcntl(number, fcntl.F_SETFL, os.O_NONBLOCK | os.O_DIRECT)
    return "y" * 100_000
