"""Students' processes that nothing holds in: for machines without bubblewrap, and a class that one trusts."""

from __future__ import annotations

import contextlib
import os
import signal
import site
import subprocess
import sys
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

from autograder.grading.process import InfrastructureError, Limits, exited
from autograder.grading.strays import adopt_orphans, children, end_strays
from autograder.proxy import LostError

_BOOT = """
import sys
sys.path[:0] = sys.argv[5:]
from autograder.remote import main
main()
"""


class OpenProcesses:
    """Starts a fresh interpreter for each submission.

    Parameters
    ----------
    package
        The student's wheel; the only code of the course that a process can import. It is unpacked for each process
        alone, so that no student can change it for the next.
    limits
        What each may use.
    """

    isolation = "none"

    def __init__(self, package: bytes, limits: Limits) -> None:
        self._package, self._limits = package, limits

    def start(self) -> OpenProcess:
        """Start a process; see `Processes`."""
        return OpenProcess(self._package, self._limits)

    def close(self) -> None:
        """Nothing starts them but this process."""


class OpenProcess:
    """One student's process: a `Process`."""

    def __init__(self, package: bytes, limits: Limits) -> None:
        self._limits = limits
        self._folder = tempfile.TemporaryDirectory(prefix="nexttoken-student-")
        try:
            home, code = _lay_out(Path(self._folder.name), package)
        except (OSError, zipfile.BadZipFile) as error:
            self._folder.cleanup()
            raise InfrastructureError(f"a student's process could not be given its files: {error}") from error
        to_child, self.write_fd = os.pipe()
        self.read_fd, from_child = os.pipe()
        for fd in (self.write_fd, self.read_fd):
            os.set_blocking(fd, False)
        libraries = [path for path in site.getsitepackages() if Path(path).is_dir()]
        adopt_orphans()
        self._before = frozenset(children().get(os.getpid(), []))
        numbers = (to_child, from_child, limits.cell_cpu_seconds, limits.call_cpu_seconds)
        arguments = [sys.executable, "-I", "-S", "-c", _BOOT, *map(str, numbers), str(code), *libraries]
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

    def ended(self, seconds: float = 0.0) -> LostError | None:
        """Return how it ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=seconds)
        code = self._process.returncode
        return None if code is None else exited(code, self._limits)

    def close(self) -> None:
        """End the process and everything it started, and remove its folder."""
        if self._process.returncode is None:
            end_strays(self._process.pid, self._before)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        end_strays(self._process.pid, self._before)
        for fd in (self.read_fd, self.write_fd):
            with contextlib.suppress(OSError):
                os.close(fd)
        self._folder.cleanup()


def _lay_out(folder: Path, package: bytes) -> tuple[Path, Path]:
    """Make an empty home and a copy of the package in a process's own folder; return where they are."""
    home, code = folder / "home", folder / "package"
    home.mkdir()
    with zipfile.ZipFile(BytesIO(package)) as wheel:
        wheel.extractall(code)
    return home, code


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
        resource.setrlimit(resource.RLIMIT_FSIZE, (limits.disk_bytes, limits.disk_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    return apply
