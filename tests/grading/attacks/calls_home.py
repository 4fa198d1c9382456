"""Reaches for the network, by addresses, names and every family of sockets."""

# earns: double 4, Counter 2, twice 3
# shows: reached \[\]

# %%
import socket

reached = []
for address in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "1.1.1.1", "::1"):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind) as line:
            line.settimeout(1)
            try:
                line.connect((address, 80))
                reached.append(address)
            except OSError:
                pass
for family in set(range(64)) - {1, 2, 10}:
    for kind in (1, 2, 3, 5):
        try:
            socket.socket(family, kind).close()
            reached.append(family)
        except OSError:
            pass
try:
    socket.getaddrinfo("example.org", 80)
    reached.append("a name")
except OSError:
    pass
print("reached", reached)
