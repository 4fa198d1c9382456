"""Takes memory that belongs to no process: files without a name, System V segments and messages."""

# earns: double 4, Counter 2, twice 3
# shows: memfd \[Errno 1\][\s\S]*shmget -1[\s\S]*msgget -1[\s\S]*semget -1[\s\S]*319 -1[\s\S]*447 -1

# %%
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
try:
    print("memfd", os.memfd_create("x"))
except OSError as error:
    print("memfd", error)
for name, arguments in (
    ("shmget", (0, ctypes.c_size_t(10_000_000), 0o1600)),
    ("msgget", (0, 0o1600)),
    ("semget", (0, 1000, 0o1600)),
):
    print(name, getattr(libc, name)(*arguments), os.strerror(ctypes.get_errno()))
for number in (319, 447):  # memfd_create and memfd_secret
    print(number, libc.syscall(number, b"x", 0))
