"""Makes namespaces of its own, in which it would be root, by every call there is."""

# earns: double 4, Counter 2, twice 3
# shows: unshare \[\]\nclone \[\]\nclone3 -1 mount -1 chroot -1\nsetns -1

# %%
import ctypes
import os
import subprocess

libc = ctypes.CDLL(None, use_errno=True)
CLONE = {"user": 0x10000000, "mount": 0x20000, "pid": 0x20000000, "net": 0x40000000, "time": 0x80, "cgroup": 0x2000000}
print("unshare", [name for name, flag in CLONE.items() if libc.unshare(flag) == 0])
made = []
for name, flag in CLONE.items():
    child = libc.syscall(56, flag | 17, 0, 0, 0, 0)  # clone
    if child == 0:
        os._exit(0)
    if child > 0:
        made.append(name)
print("clone", [name for name in made if name != "time"])
print(
    "clone3",
    libc.syscall(435, 0, 0),
    "mount",
    libc.mount(b"none", b"/tmp", b"tmpfs", 0, 0),
    "chroot",
    libc.chroot(b"/tmp"),
)
print("setns", libc.setns(os.open("/proc/self/ns/user", os.O_RDONLY), 0))
for command in (["unshare", "-U", "true"], ["mount"], ["su", "-c", "true"], ["bwrap", "--dev-bind", "/", "/", "true"]):
    try:
        print(command[0], subprocess.run(command, capture_output=True, timeout=5).returncode != 0)
    except (OSError, subprocess.SubprocessError):
        pass
