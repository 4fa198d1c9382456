"""Students' processes in bubblewrap: forks of one warm process, each with namespaces, limits and a folder of its own.

The warm process (`autograder.nursery`) is executed, not forked, by the grader: of the grader's memory it holds nothing.
It sees the libraries and the student's package, read-only, and nothing else of this machine.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import site
import socket
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from io import BytesIO
from pathlib import Path

from autograder.enclosure import Allowance
from autograder.grading import stage
from autograder.grading.process import InfrastructureError, Limits, exited
from autograder.nursery import HOME, WRITABLE
from autograder.proxy import LostError
from autograder.syscalls import compile_filter

_BOOT = """
import sys
sys.path[:0] = sys.argv.pop(2).split(":")
from autograder.nursery import main
main()
"""
_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "HOME": HOME,
    "TMPDIR": "/tmp",  # noqa: S108 - the sandbox's own
    "IPYTHONDIR": "/tmp/.ipython",  # noqa: S108
    "NEXTTOKEN_HOME": f"{HOME}/.nexttoken",
    "MPLBACKEND": "agg",
    "HF_HUB_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
_SYSTEM = ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d")
_CODE = "/package"
_LIBRARIES = "/libraries"
_OUTER_TMP = 32 * 2**20
_READY = b"ready"


class Nursery:
    """The warm process, and where its forks come from.

    Parameters
    ----------
    package
        The student's wheel.
    modules
        What the warm process imports once for all.
    limits
        What each fork may use.
    """

    isolation = "bubblewrap"

    def __init__(self, package: bytes, modules: Sequence[str], limits: Limits) -> None:
        self._limits = limits
        with contextlib.ExitStack() as opened:
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            opened.enter_context(self._control)
            self._errors = opened.enter_context(tempfile.TemporaryFile())
            try:
                with theirs:
                    program = compile_filter()
                    self._process = self._launched(package, modules, theirs.fileno())
            except (OSError, zipfile.BadZipFile) as error:
                raise InfrastructureError(f"the enclosure for students' processes cannot be made: {error}") from error
            self._greet(program)
            opened.pop_all()

    def _launched(self, package: bytes, modules: Sequence[str], control: int) -> subprocess.Popen[bytes]:
        # Libraries get another place inside: a checkout may lie in a folder that each student has one of.
        libraries = {f"{_LIBRARIES}/{number}": path for number, path in enumerate(_site_packages())}
        boot = [str(control), ":".join([_CODE, *libraries]), *modules]
        with _in_memory(package) as files:
            return subprocess.Popen(  # noqa: S603 - our own arguments
                _command({sys.base_prefix: sys.base_prefix, **libraries}, files, boot),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                env={},  # bubblewrap clears it only for what it starts, and stays itself
                pass_fds=(control, *files),
                start_new_session=True,
            )

    def _greet(self, program: bytes) -> None:
        with contextlib.suppress(OSError):
            self._control.send(program)
            self._control.settimeout(self._limits.start_seconds)
            if self._control.recv(len(_READY)) == _READY:
                return
        self._end()
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip().splitlines()
        last = said[-1] if said else "it gave no answer"
        raise InfrastructureError(f"the enclosure for students' processes did not start: {last}")

    def start(self) -> Fork:
        """Fork a process for one submission.

        Raises
        ------
        InfrastructureError
            If the warm process is gone.
        """
        limits = self._limits
        allowance = {one.name: getattr(limits, one.name) for one in fields(Allowance) if hasattr(limits, one.name)}
        ours, theirs = _lines()
        try:
            socket.send_fds(self._control, [json.dumps(allowance).encode()], theirs)
        except OSError as error:
            for descriptor in ours:
                os.close(descriptor)
            raise InfrastructureError(f"the warm process of the enclosure is gone: {error}") from error
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        return Fork(ours, limits)

    def close(self) -> None:
        """End the warm process and all its forks."""
        self._end()
        self._control.close()
        self._errors.close()

    def _end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


class Fork:
    """One student's process, seen from the grader: a `Process`."""

    def __init__(self, lines: Sequence[int], limits: Limits) -> None:
        self.write_fd, self.read_fd, self._ending, self._life = lines
        self._limits = limits
        self._lost: LostError | None = None
        for descriptor in (self.write_fd, self.read_fd):
            os.set_blocking(descriptor, False)

    def ended(self, seconds: float = 0.0) -> LostError | None:
        """Return how it ended, as its warden says."""
        if self._lost is None and select.select([self._ending], [], [], seconds)[0]:
            self._lost = self._said(os.read(self._ending, 4096))
        return self._lost

    def _said(self, message: bytes) -> LostError:
        match json.loads(message or b"null"):
            case ["exit", int(code)]:
                return exited(code, self._limits)
            case ["memory"]:
                return LostError("crash", f"more than {self._limits.memory_bytes / 2**30:g} GB of memory")
            case ["failed", str(why)]:
                raise InfrastructureError(f"a student's process could not be shut in: {why.strip().splitlines()[-1]}")
        raise InfrastructureError("the enclosure ended on its own")

    def close(self) -> None:
        """Let go of it: its warden ends everything, and says so."""
        if self._life < 0:
            return
        os.close(self._life)
        self._life = -1
        with contextlib.suppress(InfrastructureError):
            self.ended(self._limits.start_seconds)
        for descriptor in (self.write_fd, self.read_fd, self._ending):
            os.close(descriptor)


def _lines() -> tuple[list[int], list[int]]:
    """Return our ends and the other ends of four pipes: requests, replies, the ending, and the life line."""
    requests, replies, ending, life = (os.pipe() for _ in range(4))
    return [requests[1], replies[0], ending[0], life[1]], [requests[0], replies[1], ending[1], life[0]]


@contextlib.contextmanager
def _in_memory(package: bytes) -> Iterator[dict[int, str]]:
    """Hold each file of the wheel in memory, so that nothing lies on a disk; yields descriptors and paths."""
    files: dict[int, str] = {}
    try:
        with zipfile.ZipFile(BytesIO(package)) as wheel:
            for name in wheel.namelist():
                descriptor = os.memfd_create(Path(name).name)
                files[descriptor] = name
                with open(descriptor, "wb", closefd=False) as file:
                    file.write(wheel.read(name))
                os.lseek(descriptor, 0, os.SEEK_SET)
        yield files
    finally:
        for descriptor in files:
            os.close(descriptor)


def _site_packages() -> list[str]:
    return [path for path in site.getsitepackages() if Path(path).is_dir()]


def _command(folders: Mapping[str, str], files: Mapping[int, str], boot: Sequence[str]) -> list[str]:
    """Return the command that starts the warm process in bubblewrap, by way of `stage` where we are root.

    `folders` maps places inside to places of this machine.
    """
    program = shutil.which("bwrap")
    if program is None:
        raise InfrastructureError("bubblewrap is not installed: sudo apt-get install bubblewrap")
    python = str(Path(sys.executable).resolve())
    if any(python.startswith(f"{place}/") for place in WRITABLE):
        raise InfrastructureError(f"Python lies in a folder that students' processes do not see: {python}; move it")
    root = os.geteuid() == 0
    command = [program, "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    for name, value in _ENVIRONMENT.items():
        command += ["--setenv", name, value]
    for place in _SYSTEM:
        link = Path(place)
        command += ["--symlink", str(link.readlink()), place] if link.is_symlink() else ["--ro-bind-try", place, place]
    command += ["--proc", "/proc", "--dev", "/dev", "--size", str(_OUTER_TMP), "--tmpfs", "/tmp", "--dir", HOME]  # noqa: S108
    for number, (inside, folder) in enumerate(folders.items()):
        command += ["--ro-bind", f"{stage.STAGE}/{number}" if root else folder, inside]
    for descriptor, name in files.items():
        command += ["--perms", "0444", "--file", str(descriptor), f"{_CODE}/{name}"]
    command += ["--remount-ro", "/", "--remount-ro", "/dev", "--chdir", "/tmp"]  # noqa: S108
    command += [python, "-I", "-S", "-c", _BOOT, *boot]
    if not root:
        return command
    return [sys.executable, "-I", "-S", stage.__file__, ":".join(folders.values()), *command]
