"""A student's process shuts itself in: namespaces of its own, an empty home, limits, and a filter on system calls.

Runs in the fork that will hold the student's code, before it has read a byte of it; Linux only. Each step raises
OSError where the kernel refuses it, and what is refused is reported, never passed over.
"""

from __future__ import annotations

import ctypes
import os
import resource
from collections.abc import Mapping, Sequence
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

#: Room for libraries that the warm process has not imported. They map far more than they hold: torch alone takes 3 GiB
#: of addresses. What is held is watched from outside.
_LIBRARY_BYTES = 4 * 2**30

# From <linux/landlock.h>, and the numbers of its calls, which are the same on all architectures.
_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446
_PATH_BENEATH = 1
_FILE_WRITES = 1 << 1
_FOLDER_WRITES = sum(1 << bit for bit in range(4, 13))  # removing and making of all kinds
_REFER, _TRUNCATE, _IOCTL = 1 << 13, 1 << 14, 1 << 15
_LATER_WRITES = {2: _REFER, 3: _TRUNCATE, 5: _IOCTL}
_TCP = 1 << 0 | 1 << 1  # bind and connect
_SCOPES = 1 << 0 | 1 << 1  # abstract unix sockets and signals


class _Ruleset(ctypes.Structure):
    _fields_ = (("writes", ctypes.c_uint64), ("tcp", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


@dataclass(frozen=True)
class Allowance:
    """What one student's processes may use together or, where the kernel counts so, each."""

    #: Seconds of processor time for one cell, for one answer, and for each process in all.
    cell_cpu_seconds: int
    call_cpu_seconds: int
    cpu_seconds: int
    #: Bytes that all hold together; each may map that much and what libraries map besides.
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
        resource.RLIMIT_AS: _address_space() + allowance.memory_bytes + _LIBRARY_BYTES,
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


def landlock_version() -> int:
    """Return the version of Landlock that the kernel has; 0 if it has none."""
    return max(0, int(_LIBC.syscall(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), 1)))


def write_only_in(places: Sequence[str], files: Sequence[str]) -> None:
    """Refuse, with Landlock, to change anything outside some folders and files, and signals and TCP to the outside.

    Does nothing where the kernel has no Landlock: the mounts and namespaces hold without it.
    """
    version = landlock_version()
    if not version:
        return
    handled = _FILE_WRITES | _FOLDER_WRITES | sum(bit for since, bit in _LATER_WRITES.items() if version >= since)
    rules = _Ruleset(handled, _TCP if version >= 4 else 0, _SCOPES if version >= 6 else 0)  # noqa: PLR2004 - Landlock's
    size = {1: 8, 2: 8, 3: 8, 4: 16, 5: 16}.get(version, ctypes.sizeof(rules))
    ruleset = _system_call(_LANDLOCK_CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), 0)
    for place in (*places, *files):
        descriptor = os.open(place, os.O_PATH | os.O_CLOEXEC)
        allowed = handled if place in places else handled & (_FILE_WRITES | _TRUNCATE | _IOCTL)
        rule = _Beneath(allowed, descriptor)
        _system_call(_LANDLOCK_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
        os.close(descriptor)
    _system_call(_LANDLOCK_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


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


def _system_call(number: int, *arguments: object) -> int:
    result = int(_LIBC.syscall(number, *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"system call {number}: {os.strerror(code)}")
    return result
