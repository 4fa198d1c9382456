"""One conversation with a student's process: run cells in it, put questions to it, each within its time."""

from __future__ import annotations

import math
import os
import select
import struct
import time
from typing import Any

from autograder.grading.process import InfrastructureError, Limits, Process
from autograder.proxy import Answer, LostError
from autograder.wire import MAX_FRAME, WireError, decode, encode, frame, frame_length

#: How often, in seconds, the grader looks whether a silent process is still there.
_LOOK_SECONDS = 0.25
#: How long a process whose line broke has to end.
_END_SECONDS = 2.0
#: Bytes of outputs that are kept of one process's cells; and how many full-sized answers it may give in all, calls of
#: functions that were passed in included. All of them are held here until they are judged.
_OUTPUT_BYTES = 32 * 2**20
_FULL_ANSWERS = 32

_CALLBACK = encode("callback")


class Session:
    """A process for one submission; also the `Channel` over which probes talk to it.

    Parameters
    ----------
    process
        One that has just been started; the session ends it.
    limits
        How long it may take.

    Attributes
    ----------
    until
        The time on the monotonic clock at which the whole submission's time is over.
    waited
        Whether a limit of time by the clock was reached.
    """

    def __init__(self, process: Process, limits: Limits) -> None:
        self._process = process
        self._limits = limits
        self.until = math.inf
        self.waited = False
        self._outputs_left = _OUTPUT_BYTES
        self._answers_left = _FULL_ANSWERS * limits.answer_bytes
        self._greet()

    def _greet(self) -> None:
        try:
            reply = self._exchange(encode(["run", ""]), None, self._limits.start_seconds)
        except LostError as error:
            self.close()
            raise InfrastructureError(f"a student's process did not start: {error}") from error
        if reply != encode(["ok", []]):
            self.close()
            raise InfrastructureError("a student's process did not start as it should")

    def run_cell(self, source: str) -> list[Any]:
        """Run one cell and return its outputs, checked to be of the form that `autograder.remote` gives.

        Raises
        ------
        LostError
            If the process ended or did not come back in time; the session is over then.
        """
        try:
            request = encode(["run", source])
        except WireError as error:
            return [["error", "Not run", f"This cell could not be handed over: {error}.", []]]
        reply = self._exchange(request, None, self._limits.cell_seconds)
        if len(reply) > self._outputs_left:
            most = f"{_OUTPUT_BYTES / 2**20:.0f} MB"
            return [["error", "Output", f"left out: the notebook's outputs are larger than {most} together", []]]
        self._outputs_left -= len(reply)
        try:
            match decode(reply):
                case ["ok", list(outputs)]:
                    return outputs
                case ["refused", str(why)]:
                    return [["error", "Output", why, []]]
        except WireError:
            pass
        return [["error", "Output", "the outputs of this cell could not be read", []]]

    def request(self, message: bytes, answer: Answer) -> bytes:
        """Put one question; see `autograder.proxy.Channel`."""
        return self._exchange(message, answer, self._limits.call_seconds)

    def close(self) -> None:
        """End the process and everything it started."""
        self._process.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _exchange(self, message: bytes, answer: Answer | None, seconds: float) -> bytes:
        deadline = min(time.monotonic() + seconds, self.until)
        self._send(message, deadline, seconds)
        for _ in range(self._limits.callbacks):
            reply = self._receive(deadline, seconds, MAX_FRAME if answer is None else self._limits.answer_bytes)
            if answer is None:
                return reply
            self._count(reply)
            if not _is_callback(reply):
                return reply
            self._send(answer(reply), deadline, seconds)
        raise LostError("timeout", f"more than {self._limits.callbacks:,} calls of a function that was passed in")

    def _send(self, message: bytes, deadline: float, seconds: float) -> None:
        view = memoryview(frame(message))
        while view:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([], [self._process.write_fd], [], left)[1]:
                raise self._timeout(seconds)
            try:
                view = view[os.write(self._process.write_fd, view) :]
            except BlockingIOError:  # the student's process fills its own line from the other end
                continue
            except BrokenPipeError:
                raise self._crash() from None

    def _receive(self, deadline: float, seconds: float, most: int) -> bytes:
        header = self._exactly(struct.calcsize(">I"), deadline, seconds)
        try:
            length = frame_length(header)
        except WireError as error:
            raise LostError("crash", f"it sent what is no answer: {error}") from None
        if length > most:
            raise LostError("crash", f"an answer of {length / 2**20:.0f} MB; at most {most / 2**20:.0f} are taken")
        return self._exactly(length, deadline, seconds)

    def _count(self, answer: bytes) -> None:
        self._answers_left -= len(answer)
        if self._answers_left < 0:
            most = _FULL_ANSWERS * self._limits.answer_bytes
            raise LostError("crash", f"its answers take more than {most / 2**20:.0f} MB together")

    def _exactly(self, count: int, deadline: float, seconds: float) -> bytes:
        pieces = []
        while count:
            left = deadline - time.monotonic()
            if left <= 0:
                raise self._timeout(seconds)
            if not select.select([self._process.read_fd], [], [], min(left, _LOOK_SECONDS))[0]:
                if lost := self._process.ended():  # a child of its own may hold the line open
                    raise lost
                continue
            try:
                piece = os.read(self._process.read_fd, min(count, 1 << 20))
            except BlockingIOError:  # the student's process reads its own answer away
                continue
            if not piece:
                raise self._crash()
            pieces.append(piece)
            count -= len(piece)
        return b"".join(pieces)

    def _timeout(self, seconds: float) -> LostError:
        self.waited = True
        if time.monotonic() >= self.until:
            return LostError("timeout", f"more than {self._limits.submission_seconds:g} seconds for the whole notebook")
        return LostError("timeout", f"more than {seconds:g} seconds")

    def _crash(self) -> LostError:
        return self._process.ended(_END_SECONDS) or LostError("crash", "it closed its line")


def _is_callback(reply: bytes) -> bool:
    """Say whether a list begins with "callback"; whoever answers it reads the rest, and trusts none of it."""
    return reply[:1] == b"l" and reply[5:].startswith(_CALLBACK)
