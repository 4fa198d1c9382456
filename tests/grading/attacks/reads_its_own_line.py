"""Opens its line from the other end, reads its answers away and fills it with its own questions."""

# earns: double 0, Counter 2, twice 3
# limits: call_seconds=2
# shows: opened

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

opened = []
for number, way in ((line, os.O_RDONLY), (requests, os.O_WRONLY)):
    try:
        opened.append(os.open(f"/proc/self/fd/{number}", way | os.O_NONBLOCK))
    except OSError as error:
        print(error.strerror)
print("opened", len(opened))


def steal():
    while True:
        try:
            os.read(opened[0], 1)
        except BlockingIOError:
            pass


def double(x):
    if opened:
        threading.Thread(target=steal, daemon=True).start()
    return x
