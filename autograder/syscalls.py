"""The system calls that a student's process may not make: what would widen its enclosure, or reach into another one.

Everything else is allowed: a filter of permissions would break with each new version of a library. What is refused is
refused with EPERM, or with ENOSYS where the C library then takes an older call that can be looked into.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import socket
import tempfile

#: Flags of clone(2) that make a namespace; from <linux/sched.h>.
_NAMESPACES = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)
_FAMILIES = frozenset((socket.AF_UNIX, socket.AF_INET, socket.AF_INET6))
_LAST_FAMILY = 63
_SO_SNDBUF, _SO_SNDBUFFORCE = 7, 32
_INT = 0xFFFFFFFF
_ASK_ONLY = 0xFFFFFFFF  # personality(2) with this changes nothing
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_INSTRUCTION = 8  # bytes of one

REFUSED = (
    # namespaces and mounts
    "unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "mount_setattr",
    "fsopen", "fsconfig", "fsmount", "fspick", "name_to_handle_at", "open_by_handle_at",
    # other processes, and this one's keys
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp", "keyctl", "add_key",
    "request_key",
    # memory that counts as nobody's, so that no limit holds it
    "memfd_create", "memfd_secret", "shmget", "shmat", "semget", "msgget",
    # parts of the kernel with a long history of holes, which no exercise needs
    "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "vmsplice",
    "modify_ldt", "quotactl", "quotactl_fd", "lookup_dcookie", "nfsservctl", "fanotify_init",
    # the machine
    "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff",
    "acct", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname", "iopl",
    "ioperm", "syslog", "vhangup",
)  # fmt: skip


class NoFilterError(OSError):
    """There is no libseccomp here, or the kernel is without seccomp."""


def compile_filter() -> bytes:
    """Return the filter as a program for the kernel. It takes a while; what is forked later can use it at once.

    Raises
    ------
    NoFilterError
        If libseccomp is not here.
    """
    try:
        import pyseccomp
    except (ImportError, RuntimeError, OSError) as error:
        raise NoFilterError(f"no seccomp filter: {error}") from error
    refused = pyseccomp.ERRNO(errno.EPERM)
    rules = pyseccomp.SyscallFilter(defaction=pyseccomp.ALLOW)
    for name in REFUSED:
        with contextlib.suppress(OSError, ValueError):  # unknown to this libseccomp, or not of this architecture
            rules.add_rule(refused, name)
    for flag in _NAMESPACES:
        rules.add_rule(refused, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag))
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")  # its flags are in memory, where no filter looks
    for family in set(range(_LAST_FAMILY)) - _FAMILIES:
        rules.add_rule(refused, "socket", pyseccomp.Arg(0, pyseccomp.EQ, family))
    rules.add_rule(refused, "socket", pyseccomp.Arg(0, pyseccomp.GE, _LAST_FAMILY))
    for option in (_SO_SNDBUF, _SO_SNDBUFFORCE):  # the watcher of memory counts sockets, not what they hold
        # The kernel looks at the lower half of an argument only, and so must the filter.
        level = pyseccomp.Arg(1, pyseccomp.MASKED_EQ, _INT, socket.SOL_SOCKET)
        rules.add_rule(refused, "setsockopt", level, pyseccomp.Arg(2, pyseccomp.MASKED_EQ, _INT, option))
    rules.add_rule(refused, "personality", pyseccomp.Arg(0, pyseccomp.NE, _ASK_ONLY))
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def install(program: bytes) -> None:
    """Put the filter on this process and all that it will start, for good. It needs PR_SET_NO_NEW_PRIVS before.

    Raises
    ------
    NoFilterError
        If the kernel does not take it.
    """
    instructions = ctypes.create_string_buffer(program, len(program))
    filter_program = _Program(len(program) // _INSTRUCTION, ctypes.addressof(instructions))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(filter_program), 0, 0) != 0:
        raise NoFilterError(ctypes.get_errno(), "the kernel took no seccomp filter")


class _Program(ctypes.Structure):
    """`struct sock_fprog` of <linux/filter.h>."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))
