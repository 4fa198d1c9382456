"""The warm process: it has imported the libraries, knows no student, and forks itself for each.

Started by the grader inside bubblewrap as ``python -I -S -c "..." CONTROL_FD MODULE ...``. On the control socket comes
one message a submission: the allowance, with four descriptors. This process forks and closes them, so it never holds a
byte that a student wrote. Of each submission there are three processes::

    warden   watches the rest from outside their namespace: ends them when the grader lets go, or when they use too much
    init     the first process of the namespace; when the student's process ends, so does everything it started
    student  runs the cells and answers the probes; shut in before it reads the first byte
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import resource
import select
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from autograder.enclosure import (
    Allowance,
    die_with_parent,
    enter_namespaces,
    give_up_privileges,
    hide_memory,
    limit,
    mount_memory,
    mount_processes,
    write_only_in,
)
from autograder.remote import Budget, Cells, Pipe, serve
from autograder.syscalls import install

HOME = "/home/student"
#: Each a new folder in memory for each student.
WRITABLE = (HOME, "/tmp", "/dev/shm")  # noqa: S108
_UID = 1000
_LOOK_SECONDS = 0.1
_ORDER_BYTES = 4096
_PROGRAM_BYTES = 2**16
_LAST_CODE = 256 - 65


def main() -> None:
    """Import what was named, then fork for each order until the grader closes the control socket."""
    control = socket.socket(fileno=int(sys.argv[1]))
    program = control.recv(_PROGRAM_BYTES)
    for name in sys.argv[2:]:
        with contextlib.suppress(ImportError):  # the student's cell will say so
            importlib.import_module(name)
    cells = Cells()
    gc.collect()
    gc.freeze()  # what is here now is never looked at by a fork's collector, so its memory stays shared
    control.send(b"ready")
    while True:
        order, descriptors, _, _ = socket.recv_fds(control, _ORDER_BYTES, 4)
        if not order:
            return
        if os.fork() == 0:
            control.close()
            _warden(Allowance(**json.loads(order)), descriptors, cells, program)
        for descriptor in descriptors:
            os.close(descriptor)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _warden(allowance: Allowance, descriptors: Sequence[int], cells: Cells, program: bytes) -> None:
    """Start a student's process in namespaces of its own, watch it, and write how it ended."""
    requests, replies, ending, life = descriptors
    try:
        die_with_parent()
        enter_namespaces(_UID)
        for place in WRITABLE:
            mount_memory(place, allowance.disk_bytes)
        first = os.fork()
        if first == 0:
            os.close(ending)
            os.close(life)
            _init(allowance, requests, replies, cells, program)
        os.close(requests)
        os.close(replies)
        hide_memory()
        reason = _watch(first, allowance, life)
        _, status = os.waitpid(first, 0)
        os.write(ending, json.dumps(reason or _ending(status)).encode())
    except BaseException:  # nobody reads a traceback here: the grader must hear of it
        os.write(ending, json.dumps(["failed", traceback.format_exc(limit=3)]).encode())
    finally:
        os._exit(0)


def _init(allowance: Allowance, requests: int, replies: int, cells: Cells, program: bytes) -> None:
    """Be the first process of the namespace: start the student's, bury its orphans, end as it ends."""
    status = 0
    try:
        die_with_parent()
        mount_processes()
        student = os.fork()
        if student == 0:
            _student(allowance, Pipe(requests, replies), cells, program)
        os.close(requests)
        os.close(replies)
        hide_memory()
        buried = None
        while buried != student:
            buried, status = os.wait()
    finally:
        os._exit(os.waitstatus_to_exitcode(status) % 256)


def _student(allowance: Allowance, pipe: Pipe, cells: Cells, program: bytes) -> None:
    """Shut the door, then answer."""
    try:
        os.setsid()  # a signal or a priority for "my process group" would reach the warden and the warm process too
        os.chdir(HOME)
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in range(3):
            os.dup2(null, descriptor)
        limit(allowance)
        give_up_privileges()
        write_only_in(WRITABLE, ("/dev/null",))
        install(program)
        serve(pipe, cells, Budget(allowance.cell_cpu_seconds, allowance.call_cpu_seconds))
    finally:
        os._exit(70)


def _watch(process: int, allowance: Allowance, life: int) -> list[str] | None:
    """Wait until the namespace is over; end it when the grader lets go, or when it holds too much memory."""
    watched = os.pidfd_open(process)
    while True:
        ready, _, _ = select.select([watched, life], [], [], _LOOK_SECONDS)
        if watched in ready:
            return None
        if life in ready:  # the grader closed its end, or is gone
            os.kill(process, signal.SIGKILL)
            return ["ended"]
        if _memory() > allowance.memory_bytes:
            os.kill(process, signal.SIGKILL)
            return ["memory"]


def _memory() -> int:
    """Return the bytes that all processes of the namespace hold, shared ones in part."""
    if Path("/proc/self").exists():  # init has not put the namespace's own /proc here yet, in which we are not
        return 0
    total = 0
    with contextlib.suppress(OSError):  # all of it is over
        total += _memory_of_sockets()
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it is over
            total += _memory_of(place)
    return total


def _memory_of(place: Path) -> int:
    try:
        rollup = (place / "smaps_rollup").read_text(encoding="ascii")
    except PermissionError:  # it hides: then what it shares with others counts as its own
        return int((place / "statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    held = (line.split()[1] for line in rollup.splitlines() if line.startswith(("Pss:", "Swap:")))
    return sum(map(int, held)) * 1024


def _memory_of_sockets() -> int:
    """Return what the sockets of the namespace can hold at most: it counts as no process's memory."""
    used = int(Path("/proc/1/net/sockstat").read_text(encoding="ascii").split()[2])
    with socket.socket(socket.AF_UNIX) as one:
        return used * one.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)


def _ending(status: int) -> list[str | int]:
    """Return how the student's process ended: what init ended with is a signal's number less 256, or a code."""
    code = os.waitstatus_to_exitcode(status)
    return ["exit", code - 256 if code > _LAST_CODE else code]
