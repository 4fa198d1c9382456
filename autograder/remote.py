"""The student's process: runs the cells of one notebook, then answers about what they defined.

Started by the grader as ``python -I -S -c "..." READ_FD WRITE_FD SECONDS SECONDS``, or forked by `autograder.nursery`.
Its search path holds the student's package and the installed libraries, and nothing of the course's own. What it writes
to the pipe is only data to the other side.
"""

from __future__ import annotations

import math
import os
import re
import struct
import subprocess
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autograder.records import RECORD_TYPE
from autograder.serve import Server
from autograder.wire import WireError, decode, encode, frame, frame_length

#: Kinds of output that may reach a page: text and pictures, nothing that can run.
SAFE_TYPES = ("text/plain", "image/png", RECORD_TYPE)
TEXT_LIMIT = 20_000
PICTURE_LIMIT = 2_000_000
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True)
class Budget:
    """Seconds of processor time: for one cell, and for one answer. The kernel ends a process that takes more."""

    cell: int
    answer: int


class Pipe:
    """Frames over two file descriptors."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._read_fd = read_fd
        self._write_fd = write_fd

    def receive(self) -> bytes:
        """Read one frame; EOFError when the other side is gone."""
        return self._exactly(frame_length(self._exactly(struct.calcsize(">I"))))

    def send(self, data: bytes) -> None:
        """Write one frame."""
        view = memoryview(frame(data))
        while view:
            view = view[os.write(self._write_fd, view) :]

    def ask(self, data: bytes) -> bytes:
        """Send a callback and wait for its reply."""
        self.send(data)
        return self.receive()

    def _exactly(self, count: int) -> bytes:
        pieces = []
        while count:
            piece = os.read(self._read_fd, min(count, 1 << 20))
            if not piece:
                raise EOFError
            pieces.append(piece)
            count -= len(piece)
        return b"".join(pieces)


class Cells:
    """An IPython shell that runs one cell after another in one namespace and keeps what each put out."""

    def __init__(self) -> None:
        from traitlets.config import Config

        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.autoindent = False
        self._shell: Any = _shell_class().instance(config=config)
        sys.path.insert(0, "")  # a cell may write a module into the working folder, as in a notebook
        setattr(self._shell, "_showtraceback", self._keep_error)  # IPython's own hook for front ends
        self._error: list[Any] | None = None

    @property
    def namespace(self) -> dict[str, Any]:
        """What the cells defined."""
        return self._shell.user_ns  # type: ignore[no-any-return]

    def run(self, source: str) -> list[Any]:
        """Run a cell; an exception in it is an output like any other.

        Returns
        -------
        list
            Outputs: ``["stream", name, text]``, ``["display", {type: text}]``, ``["error", name, message, traceback]``.
        """
        from IPython.utils.capture import capture_output

        self._error = None
        with capture_output() as captured:
            self._keep_values(sys.displayhook)  # IPython's own would print them, as "Out[0]: 2"
            self._shell.run_cell(source, store_history=False)
        outputs: list[Any] = [
            ["stream", name, _cut(text)]
            for name, text in (("stdout", captured.stdout), ("stderr", captured.stderr))
            if text
        ]
        outputs += [["display", kept] for item in captured.outputs if (kept := _safe(item.data))]
        return [*outputs, self._error] if self._error else outputs

    def _keep_values(self, capture: Callable[[Any], None]) -> None:
        """Make a cell's last value an output of the cell, and ``_`` in the next."""

        def hook(value: Any) -> None:
            if value is not None:
                capture(value)
                self._shell.displayhook.update_user_ns(value)

        self._shell.display_trap.hook = hook

    def _keep_error(self, kind: type[BaseException], value: BaseException, lines: list[str]) -> None:
        try:
            message = str(value)
        except Exception:  # a hostile __str__
            message = ""
        self._error = ["error", kind.__name__, _cut(message), [_cut(_ANSI.sub("", line)) for line in lines[-40:]]]


def _shell_class() -> Any:
    """Return IPython's shell with what notebooks expect of their kernel; made here, for IPython loads slowly."""
    from IPython.core.interactiveshell import InteractiveShell

    class Shell(InteractiveShell):
        def enable_gui(self, gui: str | None = None) -> None:
            """Do nothing: ``%matplotlib inline`` asks for no window either."""

        def system(self, cmd: str) -> None:
            """Run ``!cmd`` without a terminal, of which there is none."""
            done = subprocess.run(  # noqa: S602 - the student's own command, where the student's code runs
                self.var_expand(cmd, depth=1),  # type: ignore[no-untyped-call]
                shell=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )
            print(done.stdout.decode(errors="replace"), end="")  # noqa: T201 - an output of the cell
            self.user_ns["_exit_code"] = done.returncode

    return Shell


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_LIMIT else text[:TEXT_LIMIT] + "\n… (cut)"


def _safe(data: Any) -> dict[str, str]:
    kept: dict[str, str] = {}
    for kind in SAFE_TYPES:
        value = data.get(kind) if isinstance(data, dict) else None
        if kind == "image/png" and isinstance(value, bytes):
            import base64

            value = base64.b64encode(value).decode("ascii")
        if isinstance(value, str) and len(value) <= PICTURE_LIMIT:
            kept[kind] = value if kind == "image/png" else _cut(value)
    return kept


def serve(pipe: Pipe, cells: Cells, budget: Budget) -> None:
    """Answer requests until the grader closes the pipe: ``["run", source]`` for a cell, the rest by `Server`."""
    server = Server(cells.namespace, pipe.ask)
    while True:
        try:
            request = pipe.receive()
        except (EOFError, WireError):
            return
        source = _cell_source(request)
        _grant(budget.answer if source is None else budget.cell)
        if source is None:
            reply = server.handle(request)
        else:
            try:
                reply = encode(["ok", cells.run(source)])
            except WireError as error:
                reply = encode(["refused", str(error)])
        pipe.send(reply)


def _grant(seconds: int) -> None:
    """Allow this process some more seconds of processor time, and be told before all that it may have is used up."""
    import resource  # not on Windows, where students use the rest of this module

    used = resource.getrusage(resource.RUSAGE_SELF)
    most = resource.getrlimit(resource.RLIMIT_CPU)[1]
    wanted = math.ceil(used.ru_utime + used.ru_stime) + seconds
    soft = wanted if most == resource.RLIM_INFINITY else min(wanted, most - 1)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, most))


def _cell_source(request: bytes) -> str | None:
    try:
        match decode(request):
            case ["run", str(source)]:
                return source
    except WireError:
        pass
    return None


def main() -> None:
    """Serve on the two descriptors, and within the seconds for a cell and an answer, named on the command line."""
    read_fd, write_fd, cell, answer = map(int, sys.argv[1:5])
    try:
        serve(Pipe(read_fd, write_fd), Cells(), Budget(cell, answer))
    except Exception:  # the last words of a process that nobody watches
        traceback.print_exc()
        os._exit(70)
