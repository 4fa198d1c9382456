"""A copy of the course with a real Jupyter server on it, and pages that reach this machine only."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Route

from autograder.courseroot import CourseRoot
from nexttoken.lab import server_command

ROOT = Path(__file__).resolve().parents[2]

#: What is not the course: caches anywhere; at the top the environment, and what an instructor or a student made in this checkout.
_CACHES = shutil.ignore_patterns(".*_cache", "__pycache__", ".ipynb_checkpoints")
_NOT_THE_COURSE = {
    *(".venv", ".git", ".nexttoken", ".hypothesis", "build", "dist", "work", "shared"),
    *("exchange", "submitted", "autograded", "feedback", "results", "release", "gradebook.db", "grades*.csv"),
}
_LOCAL = {"localhost", "127.0.0.1"}
_PATIENCE = 120.0


@dataclass(frozen=True)
class CourseCopy:
    """A copy of the course that belongs to the tests, with a home of its own."""

    root: Path
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """Everything a process in it may know: the copy's packages come first, nothing is read from the real home."""
        kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TZ") if name in os.environ}
        return kept | {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
            "PYTHONPATH": str(self.root),
            "HOME": str(self.home),
            "NEXTTOKEN_HOME": str(self.home / ".nexttoken"),
            "JUPYTER_CONFIG_DIR": str(self.home / "jupyter" / "config"),
            "JUPYTER_DATA_DIR": str(self.home / "jupyter" / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.home / "jupyter" / "runtime"),
            "IPYTHONDIR": str(self.home / "ipython"),
            "HF_HUB_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
        }

    def run(self, *arguments: str, status: int = 0, seconds: float = 120) -> str:
        """Run a module of the copy to its end (``run("nbgrader", "export")``) and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == status, f"{' '.join(arguments)} ended with {done.returncode}:\n{said}"
        return said


def copy_course(folder: Path) -> CourseCopy:
    """Copy the course into a folder."""
    home = folder / "home"
    settings = home / "jupyter/config/lab/user-settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    # Without an answer JupyterLab asks, in a box over the notebook, whether it may fetch news.
    settings.write_text('{"fetchNews": "false"}', encoding="utf-8")
    root = folder / "course"
    shutil.copytree(ROOT, root, ignore=_left_out)
    return CourseCopy(root, home)


def _left_out(folder: str, names: list[str]) -> set[str]:
    return _CACHES(folder, names) | (_NOT_THE_COURSE if Path(folder) == ROOT else set())


@contextlib.contextmanager
def serving(course: CourseCopy) -> Iterator[Callable[[str], str]]:
    """Serve JupyterLab from a copy and yield a function from a path to its address; at the end the server's whole group is gone."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    log = course.home / "server.log"
    command = server_command(CourseRoot(course.root), "127.0.0.1", port, browser=False)
    with log.open("wb") as file:
        server = subprocess.Popen(
            command,
            cwd=course.root,
            env=course.environment | {"JUPYTER_TOKEN": token},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_for(server, port, log)
        yield lambda path: f"http://127.0.0.1:{port}/{path}{'&' if '?' in path else '?'}token={token}"
    finally:
        _end_group(server)


def _wait_for(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    ask = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and server.poll() is None:
        try:
            with ask(f"http://127.0.0.1:{port}/api", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"JupyterLab did not answer. It said:\n{log.read_text(errors='replace')[-4000:]}")


def _end_group(server: subprocess.Popen[bytes]) -> None:
    """End the server so that it ends its kernels; what is left of its group after that is killed."""
    server.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(timeout=10)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


@dataclass
class Watched:
    """A page with what went wrong in it, collected while it was used."""

    page: Page
    #: Addresses outside this machine that were asked for; every one was refused.
    outside: list[str]
    #: Uncaught errors and messages of the level "error", each with where it came from.
    errors: list[str]


def watch(browser: Browser, *, width: int = 1280, height: int = 900, scheme: str = "light") -> Watched:
    """Open an empty page that reaches this machine and files only."""
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    context.set_default_timeout(30_000)
    page = context.new_page()
    watched = Watched(page, [], [])

    def let_through(route: Route) -> None:
        address = urlsplit(route.request.url)
        if address.scheme in {"http", "https", "ws", "wss"} and address.hostname not in _LOCAL:
            watched.outside.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            watched.errors.append(f"{message.location.get('url', '')}: {message.text}")

    context.route("**/*", let_through)
    page.on("console", note)
    page.on("pageerror", lambda error: watched.errors.append(f"uncaught: {error.stack or error}"))
    return watched
