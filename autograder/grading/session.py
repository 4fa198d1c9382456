"""One student's process as the grader sees it: start it, run cells in it, put questions to it, end it."""

from __future__ import annotations

import contextlib
import io
import math
import os
import select
import signal
import site
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.grading.strays import adopt_orphans, children, end_strays
from autograder.proxy import Answer, LostError
from autograder.wire import MAX_FRAME, WireError, decode, encode, frame, frame_length


class InfrastructureError(Exception):
    """The grader itself could not work; the submission is not graded, and no point is lost."""


@dataclass(frozen=True)
class Limits:
    """How much one student's process may use."""

    #: Seconds by the clock for one cell, and for one question to the finished notebook.
    cell_seconds: float = 60.0
    call_seconds: float = 10.0
    #: Seconds by the clock for one submission, all its processes together.
    submission_seconds: float = 300.0
    #: How often the student's code may call functions that were passed in, while it answers one question.
    callbacks: int = 2_000
    #: Bytes of one answer to a question: all answers of a notebook are held until it is judged.
    answer_bytes: int = 2 * 2**20
    #: Seconds of processor time for the whole process.
    cpu_seconds: int = 120
    #: Seconds by the clock until a fresh process must answer; a slower start is our fault, not the student's.
    start_seconds: float = 60.0
    #: Bytes of one file that it may write.
    file_bytes: int = 50 * 2**20


#: How often, in seconds, the grader looks whether a silent process is still there.
_LOOK_SECONDS = 0.25

_CALLBACK = encode("callback")

_BOOT = """
import sys
sys.path[:0] = sys.argv[3:]
from autograder.remote import main
main()
"""


class Session:
    """A fresh process for one submission; also the `Channel` over which probes talk to it.

    Parameters
    ----------
    package
        The student's wheel; the only code of the course that the process can import. It is unpacked for this process
        alone, so that no student can change it for the next.
    limits
        What it may use.

    Attributes
    ----------
    until
        The time on the monotonic clock at which the whole submission's time is over.
    """

    def __init__(self, package: bytes, limits: Limits) -> None:
        self._limits = limits
        self.until = math.inf
        self._folder = tempfile.TemporaryDirectory(prefix="nexttoken-student-")
        try:
            home, code = _lay_out(Path(self._folder.name), package)
        except (OSError, zipfile.BadZipFile) as error:
            self._folder.cleanup()
            raise InfrastructureError(f"a student's process could not be given its files: {error}") from error
        to_child, self._write_fd = os.pipe()
        self._read_fd, from_child = os.pipe()
        for fd in (self._write_fd, self._read_fd):
            os.set_blocking(fd, False)
        libraries = [path for path in site.getsitepackages() if Path(path).is_dir()]
        adopt_orphans()
        self._before = frozenset(children().get(os.getpid(), []))
        arguments = [sys.executable, "-I", "-S", "-c", _BOOT, str(to_child), str(from_child), str(code), *libraries]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own arguments
                arguments,
                cwd=home,
                env=_environment(str(home)),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(to_child, from_child),
                start_new_session=True,
                preexec_fn=_limiter(limits),  # noqa: PLW1509 - the grader runs no threads
            )
        except OSError as error:
            self._folder.cleanup()
            raise InfrastructureError(f"a student's process could not be started: {error}") from error
        finally:
            os.close(to_child)
            os.close(from_child)
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
        """End the process and everything it started, and remove its folder."""
        if self._process.returncode is None:
            end_strays(self._process.pid, self._before)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        end_strays(self._process.pid, self._before)
        for fd in (self._read_fd, self._write_fd):
            with contextlib.suppress(OSError):
                os.close(fd)
        self._folder.cleanup()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _exchange(self, message: bytes, answer: Answer | None, seconds: float) -> bytes:
        deadline = min(time.monotonic() + seconds, self.until)
        self._send(message, deadline, seconds)
        for _ in range(self._limits.callbacks):
            reply = self._receive(deadline, seconds, MAX_FRAME if answer is None else self._limits.answer_bytes)
            if answer is None or not _is_callback(reply):
                return reply
            self._send(answer(reply), deadline, seconds)
        raise LostError("timeout", f"more than {self._limits.callbacks:,} calls of a function that was passed in")

    def _send(self, message: bytes, deadline: float, seconds: float) -> None:
        view = memoryview(frame(message))
        while view:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([], [self._write_fd], [], left)[1]:
                raise self._timeout(seconds)
            try:
                view = view[os.write(self._write_fd, view) :]
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

    def _exactly(self, count: int, deadline: float, seconds: float) -> bytes:
        pieces = []
        while count:
            left = deadline - time.monotonic()
            if left <= 0:
                raise self._timeout(seconds)
            if not select.select([self._read_fd], [], [], min(left, _LOOK_SECONDS))[0]:
                if self._process.poll() is not None:  # a child of its own may hold the line open
                    raise self._crash()
                continue
            piece = os.read(self._read_fd, min(count, 1 << 20))
            if not piece:
                raise self._crash()
            pieces.append(piece)
            count -= len(piece)
        return b"".join(pieces)

    def _timeout(self, seconds: float) -> LostError:
        if time.monotonic() >= self.until:
            return LostError("timeout", f"more than {self._limits.submission_seconds:g} seconds for the whole notebook")
        return LostError("timeout", f"more than {seconds:g} seconds")

    def _crash(self) -> LostError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=2)
        code = self._process.returncode
        if code == -signal.SIGXCPU:
            return LostError("timeout", f"more than {self._limits.cpu_seconds} seconds of processor time")
        if code is not None and code < 0:
            return LostError("crash", f"ended by {signal.Signals(-code).name}")
        return LostError("crash", "it closed its line" if code is None else f"it exited with code {code}")


def _lay_out(folder: Path, package: bytes) -> tuple[Path, Path]:
    """Make an empty home and a copy of the package in a process's own folder; return where they are."""
    home, code = folder / "home", folder / "package"
    home.mkdir()
    with zipfile.ZipFile(io.BytesIO(package)) as wheel:
        wheel.extractall(code)
    return home, code


def _is_callback(reply: bytes) -> bool:
    """Say whether a list begins with "callback"; whoever answers it reads the rest, and trusts none of it."""
    return reply[:1] == b"l" and reply[5:].startswith(_CALLBACK)


def _environment(home: str) -> dict[str, str]:
    """Return all that the student's process may know of ours."""
    return {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": home,
        "TMPDIR": home,
        "IPYTHONDIR": str(Path(home) / ".ipython"),
        "MPLBACKEND": "agg",
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "NEXTTOKEN_HOME": str(Path(home) / ".nexttoken"),
    }


def _limiter(limits: Limits) -> Any:
    import resource

    def apply() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 2))
        resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file_bytes, limits.file_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    return apply
