"""Goes on sending from a thread and a child when everything is over."""

# earns: double 4, Counter 2, twice 0

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
import threading

from autograder.wire import encode, frame

message = frame(encode(["ok", 4]))


def twice(f, x):
    def send():
        while True:
            os.write(line, message)

    threading.Thread(target=send, daemon=True).start()
    if os.fork() == 0:
        send()
    return f(f(x))
