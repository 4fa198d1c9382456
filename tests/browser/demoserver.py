"""`nexttoken demo` in a process of its own, with a home of its own, on a free port."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 90.0


@dataclass(frozen=True)
class Demos:
    """Demos that are served."""

    address: str
    process: subprocess.Popen[bytes]
    log: Path

    def kernels(self) -> set[int]:
        """Return the processes of the kernels that run."""
        found = subprocess.run(
            ["pgrep", "-P", str(self.process.pid), "-f", "ipykernel_launcher"],
            capture_output=True,
            text=True,
            check=False,
        )
        return {int(line) for line in found.stdout.split()}


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def environment(folder: Path) -> dict[str, str]:
    """Return an environment in which nothing is read from or written to the real home."""
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TZ") if name in os.environ}
    jupyter = {f"JUPYTER_{kind}_DIR": str(folder / "jupyter" / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
    path = os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"])
    return kept | jupyter | {"PATH": path, "PYTHONPATH": str(ROOT), "HOME": str(folder), "TMPDIR": str(folder)}


@contextlib.contextmanager
def serving_demos(folder: Path, *options: str) -> Iterator[Demos]:
    """Serve the demos; at the end the server and its kernels are gone, also when a test failed."""
    port = free_port()
    log = folder / "demo.log"
    command = [sys.executable, "-m", "nexttoken", "demo", "--port", str(port), "--no-browser", *options]
    with log.open("wb") as file:
        server = subprocess.Popen(
            command,
            cwd=folder,
            env=environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    demos = Demos(f"http://localhost:{port}/", server, log)
    try:
        _wait_for(demos)
        yield demos
    finally:
        server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(timeout=15)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _wait_for(demos: Demos) -> None:
    ask = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and demos.process.poll() is None:
        try:
            with ask(demos.address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"the demos did not answer; the log:\n{demos.log.read_text(errors='replace')[-4000:]}")
