"""Set the course up in ``.venv``, from nothing but a Python: ``python3 nexttoken/bootstrap.py``.

It runs before anything is installed, and must answer in one sentence on a Python that is too old for the course.
So it uses the standard library only, and nothing that Python 3.6 cannot parse (annotations are quoted for that).

A stamp in ``.venv`` says what was set up. While it holds, a run does nothing; where it does not, packages that are
not whole (an interrupted run, a full disk, a deleted folder) are forgotten and pip installs what is missing.
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any

try:
    import fcntl
except ImportError:  # Windows: there, two set-ups at once are not kept apart.
    fcntl = None  # type: ignore[assignment]

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    # As a script, Python looks for modules beside this file only; ours are found from one folder above.
    sys.path.insert(0, str(ROOT))

from nexttoken.piprun import Pip, forget_damaged, site_packages, why_failed  # noqa: E402 - after the line above

OLDEST = (3, 11)
NEWER = ("python3.13", "python3.12", "python3.11")
#: What the stamp means; raise it when a set-up made by an older version of this file must be looked at again.
FORMAT = 1
#: Gigabytes that stay, and that are in use at most while pip works (its downloads, and its cache of them).
#: Measured on Linux, where torch brings CUDA; elsewhere the same without the nvidia and triton packages.
STAYS, AT_MOST = (6.5, 11.0) if sys.platform.startswith("linux") else (2.5, 4.5)
#: torch and what it brings are most of the download. Installed first, they are there when a later step fails.
STEPS = (
    ("[2/4] torch", ["torch", "torchvision", "hatchling"]),
    ("[3/4] the other packages", ["-e", ".[lab,dev]"]),
)
_GB = 2.0**30
_AFRESH = "delete that folder and run the same command again."


class SetupError(Exception):
    """The set-up cannot go on; the message is the sentence a person reads."""


def main(root: "Path" = ROOT) -> int:
    """Set up, or see that it is done.

    Returns
    -------
    int
        The exit status: 0 done, 1 failed with a sentence, 130 interrupted.
    """
    try:
        if is_ready(root):
            return 0
        # A plain SIGTERM would leave pip running on its own.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        newer = choose_python(sys.version_info[:2])
        if newer is not None:
            return _start_again(newer)
        set_up(root)
    except SetupError as error:
        say(f"Set-up failed: {error}")
        return 1
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        say(f"Set-up failed: {error.strerror or error}{where}; mend that and run the same command again.")
        return 1
    except KeyboardInterrupt:
        say("Set-up stopped; run the same command again and it continues with what is already here.")
        return 130
    return 0


def say(text: str) -> None:
    """Print a line at once, also when the output is a pipe."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def choose_python(version: "tuple[int, ...]") -> "list[str] | None":
    """Return the command of a Python that is new enough, None if the running one is.

    Raises
    ------
    SetupError
        If there is none on this machine's PATH.
    """
    if version >= OLDEST:
        return None
    candidates = [[path] for path in map(shutil.which, NEWER) if path]
    launcher = shutil.which("py") if os.name == "nt" else None
    if launcher:
        candidates += [[launcher, "-" + name[len("python") :]] for name in NEWER]
    for command in candidates:
        # Being on PATH is not enough: pyenv has stand-ins there for versions that are not active.
        found = _ask([*command, "-c", f"import sys; print(sys.version_info[:2] >= {OLDEST!r})"])
        if found == "True":
            return command
    sentence = (
        f"the course needs Python {_dotted(OLDEST)} or newer, this is Python {_dotted(version)} ({sys.executable}) and "
        "no newer one is on the PATH; install one from https://www.python.org/downloads/ and run this again with it, "
        "for example: make course PYTHON=python3.12"
    )
    raise SetupError(sentence)


def _dotted(version: "tuple[int, ...]") -> str:
    return ".".join(str(part) for part in version)


def is_ready(root: "Path") -> bool:
    """Say whether the set-up is done and nothing of it is missing, without starting a process."""
    venv = root / ".venv"
    stamp, site = _read_stamp(venv), site_packages(venv)
    if site is None or stamp.get("wanted") != wanted(root) or stamp.get("root") != str(root):
        return False
    if stamp.get("python") != interpreter(venv) or not kernel(venv).is_file():
        return False
    return set(stamp.get("names", ["?"])) <= _names(site)


def wanted(root: "Path") -> str:
    """Return what must be set up, as one hash: the declared packages, their pins, the meaning of the stamp."""
    digest = hashlib.sha256(str(FORMAT).encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def set_up(root: "Path") -> None:
    """Make `.venv` whole.

    Raises
    ------
    SetupError
        With the sentence that says what failed and what to do.
    """
    lock = _only_one(root)
    try:
        if not is_ready(root):
            _set_up(root)
    finally:
        lock.close()


def _set_up(root: "Path") -> None:
    started, venv = time.time(), root / ".venv"
    moved = _read_stamp(venv).get("root", str(root)) != str(root)
    python = venv_python(venv)
    version = "" if moved else _ask([str(python), "-c", "import sys; print('%d %d' % sys.version_info[:2])"])
    usable = bool(version) and tuple(int(part) for part in version.split()) >= OLDEST
    site = site_packages(venv) if usable else None
    have = forget_damaged(site, say) if site else 0
    require_disk(venv, have)

    if site is None:
        say("[1/4] Making the virtual environment {} with Python {}.{}.{}".format(venv, *sys.version_info[:3]))
        _make_venv(venv)
    else:
        say(f"[1/4] Looking through {venv}: {have / _GB:.1f} GB are in place")
    write_stamp(venv, {"root": str(root)})
    if site is None or not list(site.glob("pip-*.dist-info")):
        _require(_run([str(python), "-m", "ensurepip", "--upgrade", "--default-pip"]), _no_venv())
    _install(root, python)

    say("[4/4] Checking")
    find = "from importlib.util import find_spec as f; import sys; sys.exit(not (f('nexttoken') and f('autograder')))"
    _require(_run([str(python), "-c", find], cwd=str(venv)), f"{venv} does not lead to the course; {_AFRESH}")
    _require(int(not kernel(venv).is_file()), f"the Python kernel is missing ({kernel(venv)}); {_AFRESH}")
    names = sorted(_names(site_packages(venv)))
    write_stamp(venv, {"root": str(root), "wanted": wanted(root), "python": interpreter(venv), "names": names})
    say(f"Set up in {time.time() - started:.0f} s. Nothing outside {venv} was changed, but for pip's cache.")


def _install(root: "Path", python: "Path") -> None:
    venv = root / ".venv"
    scratch, log = venv / "downloads", venv / "setup.log"
    shutil.rmtree(str(scratch), ignore_errors=True)
    scratch.mkdir()
    with log.open("w", encoding="utf-8") as out:
        pip = Pip(root, python, scratch, out)
        if pip.version() < (25, 1):
            # Older ones start a broken download from its beginning. If this fails, the step after it says why.
            pip.run("[2/4] pip", ["--upgrade", "pip>=25.1"])
        for label, packages in STEPS:
            say(f"{label}: downloading and installing")
            if pip.run(label, ["--no-build-isolation", "-c", "constraints.txt", *packages]) != 0:
                sentence = f"{why_failed(pip.lines)} pip's own words are in {log}."
                raise SetupError(sentence)
    shutil.rmtree(str(scratch), ignore_errors=True)


def require_disk(venv: "Path", have: int) -> None:
    """Raise SetupError unless what is still to come fits on the disk.

    Parameters
    ----------
    venv
        Where it goes.
    have
        Bytes that are in place already.
    """
    place = venv.resolve()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(str(place)).free / _GB
    need = max(0.3, AT_MOST - have / _GB)
    if free < need:
        sentence = (
            f"the disk is short: it needs {need:.1f} GB free while it works ({STAYS} GB of packages stay in the end), "
            f"and {place} has {free:.1f} GB free; make room and run the same command again."
        )
        raise SetupError(sentence)


def _names(site: "Path | None") -> "set[str]":
    return {path.name for path in site.iterdir()} if site else set()


def venv_python(venv: "Path") -> "Path":
    """Return the path of a virtual environment's Python."""
    return venv / "Scripts" / "python.exe" if os.name == "nt" else venv / "bin" / "python"


def kernel(venv: "Path") -> "Path":
    """Return the path of the kernel that ipykernel brings with it; nothing is registered outside."""
    return venv / "share" / "jupyter" / "kernels" / "python3" / "kernel.json"


def interpreter(venv: "Path") -> "list[object]":
    """Return what tells one Python from the next; empty if a virtual environment has none that exists."""
    # The links lead to the system's Python: an upgrade of that changes the path or the size.
    try:
        path = venv_python(venv).resolve()
        return [str(path), path.stat().st_size]
    except OSError:
        return []


def _stamp(venv: "Path") -> "Path":
    return venv / "nexttoken-setup.json"


def _read_stamp(venv: "Path") -> "dict[str, Any]":
    try:
        found = json.loads(_stamp(venv).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_stamp(venv: "Path", stamp: "dict[str, Any]") -> None:
    """Write, whole or not at all, what a set-up was made from and what it left."""
    part = _stamp(venv).with_suffix(".part")
    part.write_text(json.dumps(stamp), encoding="utf-8")
    part.replace(_stamp(venv))


def _make_venv(venv: "Path") -> None:
    ours = {"pyvenv.cfg", "nexttoken-setup.json", "setup.log"}
    files = {path.name for path in venv.iterdir() if path.is_file()} if venv.is_dir() else set()
    foreign = venv.is_file() or (bool(files) and not files & ours)
    _require(int(foreign), f"{venv} is not a virtual environment; move it away and run this again.")
    # From inside an environment, the Python that made it: the one that is about to be replaced cannot replace itself.
    python = getattr(sys, "_base_executable", sys.executable)
    _require(_run([python, "-m", "venv", "--clear", "--without-pip", str(venv.resolve())]), _no_venv())


def _no_venv() -> str:
    version = _dotted(sys.version_info[:2])
    return (
        f"Python {version} ({sys.executable}) cannot make a virtual environment with pip in it; "
        f"on Debian and Ubuntu install that part with: sudo apt-get install python{version}-venv"
    )


def _only_one(root: "Path") -> "IO[bytes]":
    """Wait until no other set-up works in this folder; closing what is returned lets the next one in."""
    handle = (root / "pyproject.toml").open("rb")
    if fcntl is None:
        return handle
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("Another set-up is at work in this folder; waiting for it.")
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError:  # A file system without locks.
        pass
    return handle


def _ask(command: "list[str]") -> str:
    """Return what a short command prints, an empty text if it fails."""
    try:
        said = subprocess.check_output(command, stderr=subprocess.DEVNULL)  # noqa: S603 - the commands are ours
        return said.decode().strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _run(command: "list[str]", cwd: "str | None" = None) -> int:
    quiet = subprocess.DEVNULL
    return subprocess.call(command, cwd=cwd, stdout=quiet, stderr=quiet)  # noqa: S603 - the commands are ours


def _require(status: int, otherwise: str) -> None:
    if status != 0:
        raise SetupError(otherwise)


def _start_again(python: "list[str]") -> int:
    command = [*python, str(Path(__file__).resolve())]
    if os.name != "nt":
        os.execv(command[0], command)  # noqa: S606 - the same script, with another Python
    # On Windows, exec would give the prompt back before the work is done.
    return subprocess.call(command)  # noqa: S603 - the same script, with another Python


if __name__ == "__main__":
    sys.exit(main())
