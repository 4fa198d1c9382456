"""What the grader holds of a student's process: two ends of a line, how it ended, and the means to end it."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Protocol

from autograder.proxy import LostError


class InfrastructureError(Exception):
    """The grader itself could not work; the submission is not graded, and no point is lost."""


@dataclass(frozen=True)
class Limits:
    """How much one student's processes may use."""

    #: Seconds by the clock for one cell, and for one question to the finished notebook. Code that computes comes
    #: to its limit of processor time before; on a busy machine it is not cut off by the clock.
    cell_seconds: float = 60.0
    call_seconds: float = 10.0
    #: Seconds by the clock for one submission, all its processes together.
    submission_seconds: float = 300.0
    #: How often the student's code may call functions that were passed in, while it answers one question.
    callbacks: int = 2_000
    #: Bytes of one answer to a question: all answers of a notebook are held until it is judged.
    answer_bytes: int = 2 * 2**20
    #: Seconds of processor time for one cell, for one question, and for each process in all.
    cell_cpu_seconds: int = 30
    call_cpu_seconds: int = 5
    cpu_seconds: int = 120
    #: Seconds by the clock until a fresh process must answer; a slower start is our fault, not the student's.
    start_seconds: float = 60.0
    #: Bytes in the home folder and of one file, and bytes of memory beyond the libraries', of all processes together.
    disk_bytes: int = 50 * 2**20
    memory_bytes: int = 2 * 2**30
    #: Processes and threads at one time.
    processes: int = 64


class Process(Protocol):
    """One student's process, and everything that it starts."""

    #: Ends of the line, as `autograder.remote.Pipe` uses them; neither blocks.
    read_fd: int
    write_fd: int

    def ended(self, seconds: float = 0.0) -> LostError | None:
        """Return how the process ended; None if it is still there after some seconds of waiting."""
        ...

    def close(self) -> None:
        """End it and all that it started, and leave nothing behind. Closing twice is closing."""
        ...


class Processes(Protocol):
    """Where students' processes come from."""

    #: What holds a process in: "none", or the name of an enclosure.
    isolation: str

    def start(self) -> Process:
        """Start a process that has seen nothing of any student.

        Raises
        ------
        InfrastructureError
            If that cannot be done.
        """
        ...

    def close(self) -> None:
        """End what starts them."""
        ...


def exited(code: int, limits: Limits) -> LostError:
    """Return the exit code of a student's process as what is said about it."""
    if code == -signal.SIGXCPU:
        most = f"{limits.cell_cpu_seconds} seconds for a cell, {limits.call_cpu_seconds} for an answer"
        return LostError("timeout", f"more processor time than there is: {most}")
    if code < 0:
        return LostError("crash", f"ended by {_signal_name(-code)}")
    return LostError("crash", f"it exited with code {code}")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal has no name, and a student can claim any number
        return f"signal {number}"
