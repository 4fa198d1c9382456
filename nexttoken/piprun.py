"""Run pip so that a person can follow it: one line of progress, every word in a log, and a reason when it fails.

Part of `nexttoken.bootstrap`, and bound to the same rule: nothing that Python 3.6 cannot parse.
"""

import csv
import os
import queue
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

_NETWORK = re.compile(
    r"Retrying \(|timed out|connection broken|IncompleteRead|ConnectionError|ConnectionReset|ProxyError|SSLError"
    r"|NameResolution|Could not fetch|HTTP error|incomplete-download|is invalid|DO NOT MATCH THE HASHES"
)
_DISK = re.compile(r"Errno 28|No space left|not enough space|Disk quota exceeded")
#: Seconds between two lines of progress where lines cannot be rewritten.
_EVERY = 10.0


def site_packages(venv: "Path") -> "Path | None":
    """Return the folder of a virtual environment that packages are installed into, if there is one."""
    found = sorted(venv.glob("lib/python3*/site-packages")) or sorted(venv.glob("Lib/site-packages"))
    return found[-1] if found else None


def forget_damaged(site: "Path", say: "Callable[[str], None]") -> int:
    """Remove pip's records of packages that are not whole, so that it installs them again.

    Returns
    -------
    int
        The bytes of the packages that are.
    """
    total = 0
    # What pip had set aside when it was stopped while replacing a package.
    for rest in site.glob("~*"):
        shutil.rmtree(str(rest), ignore_errors=True)
    for info in site.glob("*.dist-info"):
        size = _size_if_whole(site, info / "RECORD")
        if size is None:
            say("      {} is damaged and will be installed again".format(info.name.rpartition(".")[0]))
            shutil.rmtree(str(info))
        else:
            total += size
    return total


def _size_if_whole(site: "Path", record: "Path") -> "int | None":
    # pip writes RECORD last, and in it the size of every file that it copied.
    total = 0
    try:
        with record.open(newline="", encoding="utf-8") as lines:
            for path, _, size in csv.reader(lines):
                if size:
                    if (site / path).stat().st_size != int(size):
                        return None
                    total += int(size)
    except (OSError, ValueError):
        return None
    return total or None


class Pip:
    """pip in a virtual environment.

    Parameters
    ----------
    root
        The course, where pip is started.
    python
        The environment's Python.
    scratch
        A folder for what pip unpacks: the system's own is often small.
    log
        The open log.
    """

    def __init__(self, root: "Path", python: "Path", scratch: "Path", log: "IO[str]") -> None:
        self._root, self._python, self._log = root, python, log
        self._site = site_packages(python.parent.parent) or scratch
        self._env = dict(os.environ, TMPDIR=str(scratch), TEMP=str(scratch), TMP=str(scratch), PYTHONUNBUFFERED="1")
        # A person's own settings that would lead the packages elsewhere.
        self._env.update(PIP_USER="0", PIP_REQUIRE_VIRTUALENV="0")
        for name in ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_DRY_RUN"):
            self._env.pop(name, None)
        self._env.setdefault("PIP_DEFAULT_TIMEOUT", "60")
        #: What the last run printed.
        self.lines = []  # type: list[str]

    def version(self) -> "tuple[int, ...]":
        """Return pip's version, (0, 0) if there is no pip."""
        names = [path.name for path in self._site.glob("pip-*.dist-info")]
        return max((tuple(int(part) for part in re.findall(r"\d+", name)[:2]) for name in names), default=(0, 0))

    def run(self, label: str, arguments: "list[str]") -> int:
        """Install, and return pip's exit status.

        Parameters
        ----------
        label
            What the lines of progress begin with.
        arguments
            What follows ``pip install``.
        """
        bar = "raw" if self.version() >= (24, 1) else "off"
        command = [str(self._python), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
        command += ["--progress-bar", bar, *arguments]
        self.lines = []
        process = subprocess.Popen(  # noqa: S603 - the command is ours
            command,
            cwd=str(self._root),
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            self._follow(process, label)
            return process.wait()
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
            if process.stdout:
                process.stdout.close()

    def _follow(self, process: "subprocess.Popen[bytes]", label: str) -> None:
        lines = queue.Queue()  # type: queue.Queue[bytes]
        threading.Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
        progress = Progress(label, self._site)
        while True:
            try:
                raw = lines.get(timeout=0.5)
            except queue.Empty:
                progress.show()
                continue
            if not raw:
                progress.end()
                return
            line = raw.decode("utf-8", "replace").rstrip()
            if not line.startswith("Progress "):
                self._log.write(line + "\n")
                self._log.flush()
                self.lines.append(line)
            progress.take(line)


def why_failed(lines: "list[str]") -> str:
    """Say in a sentence what pip failed on and what to do.

    Parameters
    ----------
    lines
        What it printed.
    """
    text = "\n".join(lines)
    if _DISK.search(text):
        return "the disk is full; make room and run the same command again, it continues with what is here."
    errors = re.findall(r"^ERROR: (.+)", text, re.MULTILINE)
    if _NETWORK.search(text):
        names = re.findall(r"^\s*(?:Collecting|Downloading|Obtaining) (\S+)|requirement (\S+)", text, re.MULTILINE)
        what = "".join(names[-1]).rpartition("/")[2] if names else "the first package"
        return (
            f"the download of {what} failed; when the network is there, run the same command again, "
            "it continues with what is here."
        )
    # What it is about comes before the words that end every such failure.
    clear = [error for error in errors if error.startswith(("Cannot install", "No matching", "Failed to build"))]
    said = (clear or errors[-1:] or lines[-1:] or ["pip said nothing"])[0]
    return f"pip could not install a package ({said}); run the same command again when that is mended."


class Progress:
    """What pip is doing, from its output, in one line that is rewritten on a terminal."""

    def __init__(self, label: str, site: "Path") -> None:
        self._label, self._site = label, site
        self._started = time.time()
        self._shown = self._started
        self._packages = 0
        self._doing = "asking for the list of packages"
        self._part = ""
        self._installing = 0
        self._before = 0
        self._terminal = sys.stdout.isatty()

    def take(self, line: str) -> None:
        """Learn from a line of pip's output."""
        words = line.split()
        part = re.match(r"Progress (\d+) of (\d+)", line)
        if part:
            self._part = f" {100 * int(part.group(1)) / max(1, int(part.group(2))):.0f} %"
        elif words[:1] == ["Collecting"] or words[:1] == ["Processing"]:
            self._packages += 1
            self._doing, self._part = words[1].rpartition("/")[2], ""
        elif words[:1] == ["Downloading"]:
            self._doing, self._part = " ".join(words[1:]).rpartition("/")[2], ""
        elif line.startswith("Installing collected packages:"):
            self._installing, self._before = line.count(",") + 1, self._count()
        self.show()

    def show(self) -> None:
        """Show the line: often on a terminal, every ten seconds elsewhere."""
        now = time.time()
        if now - self._shown < (0.2 if self._terminal else _EVERY):
            return
        self._shown = now
        if self._installing:
            done = max(0, min(self._installing, self._count() - self._before))
            doing = f"writing {done} of {self._installing} packages"
        else:
            doing = f"{self._doing}{self._part}, {self._packages} packages seen"
        text = f"{self._label}: {now - self._started:.0f} s, {doing}"
        if self._terminal:
            width = max(20, shutil.get_terminal_size().columns - 1)
            sys.stdout.write("\r" + text[:width].ljust(width))
        else:
            sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def end(self) -> None:
        """Leave the terminal's line clean."""
        if self._terminal:
            sys.stdout.write("\r" + " " * max(20, shutil.get_terminal_size().columns - 1) + "\r")
            sys.stdout.flush()

    def _count(self) -> int:
        return sum(1 for _ in self._site.glob("*.dist-info"))


def _read(stream: "IO[bytes]", lines: "queue.Queue[bytes]") -> None:
    for line in stream:
        lines.put(line)
    lines.put(b"")
