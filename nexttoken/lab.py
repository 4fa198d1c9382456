"""Open the course in JupyterLab: copy the exercises where a student may write, start the server, say where it is."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console

from autograder.courseroot import CourseRoot, find_course

#: Seconds that JupyterLab may take to answer; it takes 3 on a laptop, much longer on a loaded or cold machine.
PATIENCE = 180.0
_TRIES = 50


class LabError(Exception):
    """JupyterLab cannot be started; the message says why and what to do."""


def start(
    port: int = 8888,
    *,
    ip: str = "localhost",
    browser: bool | None = None,
    root: CourseRoot | None = None,
    console: Console | None = None,
) -> int:
    """Copy new exercises to ``work/``, start JupyterLab in the course and serve until stopped.

    Parameters
    ----------
    port
        The port to use; the next free one if it is taken.
    ip
        The address to listen on; ``0.0.0.0`` where the browser is on another machine (a container).
    browser
        Whether to open a browser; None opens one where there is a display.
    root
        The course; by default found from the working directory.
    console
        Where to print.

    Returns
    -------
    int
        JupyterLab's exit status; 0 when it was stopped with Ctrl-C.

    Raises
    ------
    LabError
        If JupyterLab is not installed, has no free port, or stops before it answers.
    NoCourseError
        If there is no checkout of the course here.
    """
    console = console or Console()
    root = root or find_course()
    if find_spec("jupyterlab") is None:
        message = 'JupyterLab is not installed here: run "make course", or: python -m pip install "nexttoken[lab]"'
        raise LabError(message)
    for line in copy_exercises(root):
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    port = free_port(ip, port)
    # In the environment, not among the arguments: those can be read by everyone on the machine.
    token = os.environ.get("JUPYTER_TOKEN") or secrets.token_hex(24)
    command = server_command(root, ip, port, browser=has_display() if browser is None else browser)
    console.print("Starting JupyterLab ...", highlight=False)
    # A plain SIGTERM (a container that is stopped) would leave the server running on its own.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=root.path, env=server_environment(root, token), stdin=subprocess.DEVNULL
    ) as server:
        try:
            _wait_until_it_answers(server, _local(ip), port)
            console.print(f"\nThe course is open at\n\n    {address(ip, port, token)}\n", markup=False, soft_wrap=True)
            console.print("It runs until you stop it: Ctrl-C here. Your notebooks are saved in work/.", soft_wrap=True)
            return server.wait()
        except KeyboardInterrupt:
            console.print("\nStopping JupyterLab.", highlight=False)
            return 0
        finally:
            _stop(server)


def copy_exercises(root: CourseRoot) -> list[str]:
    """Copy each released notebook to ``work/`` once; what is there already is the student's and is left alone.

    Returns
    -------
    list of str
        A line for each notebook that was copied, and for each that has a newer release.
    """
    work = root.path / "work"
    record = work / ".released.json"
    copied = _read_record(record)
    lines = []
    for released in sorted(root.exercises.glob("*/*.ipynb")):
        name = released.relative_to(root.exercises).as_posix()
        mine, content = work / name, released.read_bytes()
        version = hashlib.sha256(content).hexdigest()
        if _write_new(mine, content):
            copied[name] = version
            lines.append(f"New exercises: work/{name}")
        elif copied.setdefault(name, version) != version:
            lines.append(f"There is a newer version of work/{name} at exercises/{name}; yours was left as it is.")
    if copied:
        part = record.with_suffix(".part")
        part.write_text(json.dumps(copied, indent=1, sort_keys=True), encoding="utf-8")
        part.replace(record)
    return lines


def _read_record(record: Path) -> dict[str, str]:
    try:
        found = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write_new(path: Path, content: bytes) -> bool:
    """Write a file that must not exist yet, whole or not at all; say whether it was written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("xb") as file:
            try:
                file.write(content)
            except BaseException:
                path.unlink()
                raise
    except FileExistsError:
        return False
    return True


def server_command(root: CourseRoot, ip: str, port: int, *, browser: bool) -> list[str]:
    """Return the command that starts JupyterLab in the course."""
    page = "/lab/tree/course/index.ipynb" if (root.path / "course" / "index.ipynb").is_file() else "/lab"
    command = [
        *(sys.executable, "-m", "jupyterlab"),
        f"--ServerApp.root_dir={root.path}",
        f"--LabApp.default_url={page}",
        f"--ServerApp.ip={ip}",
        f"--ServerApp.port={port}",
        # The port was found free, and its address is about to be printed.
        "--ServerApp.port_retries=0",
        "--Application.log_level=WARN",
    ]
    if not browser:
        command.append("--no-browser")
    if hasattr(os, "getuid") and os.getuid() == 0:
        command.append("--allow-root")
    return command


def server_environment(root: CourseRoot, token: str) -> dict[str, str]:
    """Return JupyterLab's environment: with the course's own defaults, which ask no server for news or updates."""
    paths = [str(root.path / "deploy" / "jupyter"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    config = os.pathsep.join(path for path in paths if path)
    return {**os.environ, "JUPYTER_TOKEN": token, "JUPYTER_CONFIG_PATH": config}


def has_display() -> bool:
    """Say whether a browser that is opened here would be seen by the person at the keyboard."""
    if os.environ.get("SSH_CONNECTION") or os.environ.get("CI"):
        return False
    if sys.platform in {"win32", "darwin"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def free_port(ip: str, first: int) -> int:
    """Return the first port from `first` on that nobody listens on.

    Raises
    ------
    LabError
        If there is none among the next fifty.
    """
    for port in range(first, min(first + _TRIES, 65_536)):
        with socket.socket() as probe:
            if os.name == "posix":
                # As the server does: a port that was in use a moment ago is free. (Windows would share it.)
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((ip, port))
            except OSError:
                continue
            return port
    message = f"No port from {first} to {first + _TRIES - 1} is free on {ip}: name another with --port."
    raise LabError(message)


def address(ip: str, port: int, token: str) -> str:
    """Return what to type into a browser."""
    return f"http://{_local(ip)}:{port}/?token={token}"


def _local(ip: str) -> str:
    return "localhost" if ip in {"0.0.0.0", ""} else ip  # noqa: S104 - it is compared, not listened on


def _wait_until_it_answers(server: subprocess.Popen[bytes], host: str, port: int) -> None:
    # Its own proxy settings would send a question to this machine elsewhere.
    ask = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if server.poll() is not None:
            message = f"JupyterLab stopped at once (status {server.returncode}); its own words are above."
            raise LabError(message)
        try:
            with ask(f"http://{host}:{port}/api", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    message = f"JupyterLab did not answer on port {port} in {PATIENCE:.0f} s."
    raise LabError(message)


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
