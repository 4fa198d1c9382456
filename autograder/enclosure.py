"""A student's process shuts itself in: namespaces of its own, an empty home, limits, and a filter on system calls.

Runs in the fork that will hold the student's code, before it has read a byte of it; Linux only. Each step raises
OSError where the kernel refuses it, and what is refused is reported, never passed over.
"""

from __future__ import annotations

import ctypes
import os
import resource
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)

# From <linux/sched.h>, <sys/mount.h> and <sys/prctl.h>.
_NEW_NAMESPACES = {
    "user": 0x10000000,
    "mount": 0x00020000,
    "pid": 0x20000000,
    "net": 0x40000000,
    "ipc": 0x08000000,
    "uts": 0x04000000,
}
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 2, 4, 8
_MS_REC, _MS_PRIVATE = 0x4000, 1 << 18
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP = 1, 38, 4, 24
_SIGKILL = 9
_LAST_CAPABILITY = 63


@dataclass(frozen=True)
class Allowance:
    """What one student's processes may use together or, where the kernel counts so, each."""

    #: Seconds of processor time, for each process.
    cpu_seconds: int
    #: Bytes of address space of each process beyond what it has at its start.
    memory_bytes: int
    #: Processes and threads at one time.
    processes: int
    #: Bytes in the home folder, which is in memory; and of one file.
    disk_bytes: int
    #: Open files, for each process.
    files: int = 256


def enter_namespaces(uid: int) -> None:
    """Leave the parent's users, mounts, processes, network, IPC and host name; be an ordinary user in new ones.

    The process namespace holds the children that are forked from now on, not this process.
    """
    outer_uid, outer_gid = os.getuid(), os.getgid()
    flags = 0
    for flag in _NEW_NAMESPACES.values():
        flags |= flag
    _call("unshare", ctypes.c_int(flags))
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{uid} {outer_gid} 1", encoding="ascii")
    _call("mount", None, b"/", None, ctypes.c_ulong(_MS_REC | _MS_PRIVATE), None)


def mount_memory(place: str, size: int) -> None:
    """Put an empty folder in memory, of at most `size` bytes, over a place."""
    options = f"size={size},mode=700,nr_inodes=20k".encode()
    _mount(b"tmpfs", place, b"tmpfs", _MS_NOSUID | _MS_NODEV, options)


def mount_processes() -> None:
    """Show the processes of this namespace in /proc, and no others."""
    _mount(b"proc", "/proc", b"proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC, None)


def limit(allowance: Allowance) -> None:
    """Set the limits that the kernel keeps for a process and inherits to its children."""
    limits: Mapping[int, int] = {
        resource.RLIMIT_CPU: allowance.cpu_seconds,
        resource.RLIMIT_AS: _address_space() + allowance.memory_bytes,
        resource.RLIMIT_NPROC: allowance.processes,
        resource.RLIMIT_FSIZE: allowance.disk_bytes,
        resource.RLIMIT_NOFILE: allowance.files,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in limits.items():
        resource.setrlimit(kind, (most, most + 2 if kind == resource.RLIMIT_CPU else most))


def give_up_privileges() -> None:
    """Drop every capability that the new user namespace gave, for good, also through programs that are run."""
    for capability in range(_LAST_CAPABILITY + 1):
        if _LIBC.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break  # the kernel knows no more of them
    _drop_all_capabilities()
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def die_with_parent() -> None:
    """Be killed when the parent ends."""
    _call("prctl", _PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)


def hide_memory() -> None:
    """Let no other process of this user look into this one."""
    _call("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)


def _drop_all_capabilities() -> None:
    class Header(ctypes.Structure):
        _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))

    class Data(ctypes.Structure):
        _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))

    _call("capset", ctypes.byref(Header(0x20080522, 0)), ctypes.byref((Data * 2)()))


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def _mount(source: bytes, place: str, kind: bytes, flags: int, options: bytes | None) -> None:
    _call("mount", source, place.encode(), kind, ctypes.c_ulong(flags), options)


def _call(name: str, *arguments: object) -> None:
    if getattr(_LIBC, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
