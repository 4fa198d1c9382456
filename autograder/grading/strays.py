"""End what a student's process left behind, also in a session of its own. On other systems than Linux nothing is found.

The grader adopts orphans (PR_SET_CHILD_SUBREAPER, prctl(2)), so that a child whose parent is gone is still below it. A
process that works hard at it can escape by being faster than this; a process namespace will hold those.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

_SUBREAPER = 36
_PASSES = 20


def adopt_orphans() -> None:
    """Make this process the parent of its descendants' orphans, from now on."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def children() -> dict[int, list[int]]:
    """Return every process's children, as ``/proc`` tells."""
    found: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            # The name stands in brackets and may hold anything; the parent is the second field behind it.
            parent = int((place / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
            found.setdefault(parent, []).append(int(place.name))
    return found


def descendants(roots: Iterable[int]) -> set[int]:
    """Return the processes below some processes, not these themselves."""
    below = children()
    seen: set[int] = set()
    waiting = list(roots)
    while waiting:
        for child in below.get(waiting.pop(), []):
            if child not in seen:
                seen.add(child)
                waiting.append(child)
    return seen


def end_strays(process: int, others: Iterable[int]) -> None:
    """Kill everything below a process, and the orphans that came to us, until nothing is left.

    Parameters
    ----------
    process
        The student's process; it is left to its owner.
    others
        Children of ours that are none of its business.
    """
    spared = {process, *others}
    for _ in range(_PASSES):
        adopted = set(children().get(os.getpid(), [])) - spared
        strays = descendants([process]) | adopted | descendants(adopted)
        if not strays:
            return
        for stray in strays:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(stray, signal.SIGKILL)
        for stray in adopted:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(stray, 0)
