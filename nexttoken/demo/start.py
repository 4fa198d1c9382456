"""Start the demos: look whether it can be done, make the notebooks, serve until stopped."""

from __future__ import annotations

import errno
import json
import os
import socket
import tempfile
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console

from nexttoken.exhibits import EXHIBITS
from nexttoken.lab import has_display

_HERE = {"localhost", "127.0.0.1", "::1"}


class DemoError(Exception):
    """The demos cannot be served; the message says why and what to do."""


def start(
    port: int = 8866,
    *,
    ip: str = "localhost",
    browser: bool | None = None,
    ready: int = 1,
    console: Console | None = None,
) -> None:
    """Serve the demos until stopped.

    Parameters
    ----------
    port
        The port to use.
    ip
        The address to listen on; only this machine by default.
    browser
        Whether to open a browser; None opens one where there is a display.
    ready
        How many kernels wait for each demo; 0 starts one at each visit.
    console
        Where to print.

    Raises
    ------
    DemoError
        If Voila is not installed, or the port cannot be used.
    """
    console = console or Console()
    if find_spec("voila") is None:
        message = 'Voila is not installed here: run "make course", or: python -m pip install "nexttoken[lab]"'
        raise DemoError(message)
    demos = EXHIBITS
    _check_port(ip, port)

    from nexttoken.demo import notebooks
    from nexttoken.demo.server import SHARE, DemoServer, settings

    with tempfile.TemporaryDirectory(prefix="nexttoken-demo-") as name:
        folder = Path(name)
        notebooks.write(demos, folder / "notebooks")
        paths = [str(SHARE), os.environ.get("JUPYTER_PATH", "")]
        os.environ["JUPYTER_PATH"] = os.pathsep.join(path for path in paths if path)
        os.environ["IPYTHONDIR"] = str(kernel_profile(folder / "ipython"))
        address = f"http://{ip if ip in _HERE else 'localhost'}:{port}/"
        wanted = has_display() if browser is None else browser
        config = settings(folder / "notebooks", ip, port, ready=ready)
        server = DemoServer(demos, config, ready=ready, browse=address if wanted else "")
        console.print(f"\n{len(demos)} demos are open at\n\n    {address}\n", markup=False, soft_wrap=True)
        if ip not in _HERE:
            console.print("Everyone who can reach this machine can open them; there is no password.", soft_wrap=True)
        console.print("They run until you stop them: Ctrl-C here.", soft_wrap=True)
        server.start()


def kernel_profile(folder: Path) -> Path:
    """Return a folder that kernels start from: what a person's own IPython runs at its start is not meant for ours."""
    profile = folder / "profile_default"
    profile.mkdir(parents=True)
    quiet = {"IPKernelApp": {"log_level": "CRITICAL"}, "HistoryManager": {"enabled": False}}
    (profile / "ipython_kernel_config.json").write_text(json.dumps(quiet), encoding="utf-8")
    return folder


def _check_port(ip: str, port: int) -> None:
    try:
        family, kind, _, _, name = socket.getaddrinfo(ip, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            if os.name == "posix":
                # As the server does: a port that was in use a moment ago is free. (Windows would share it.)
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(name)
    except OSError as error:
        why = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror or error})"
        message = f"port {port} on {ip} {why}: stop what uses it, or name another with --port"
        raise DemoError(message) from None
