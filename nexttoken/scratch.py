"""A folder for everything temporary, which is cleared away even if the process that made it was killed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_PREFIX = "nexttoken-scratch-"


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """Let this process, its children and all libraries put their temporary files into one new folder.

    The folder is locked as long as its owner lives (``flock(2)``); what has no owner any more is removed first.
    """
    base = Path(tempfile.gettempdir())
    for left in base.glob(f"{_PREFIX}*"):
        _remove_ownerless(left)
    before = tempfile.tempdir, os.environ.get("TMPDIR")
    with tempfile.TemporaryDirectory(prefix=f".{_PREFIX}", dir=base) as new, contextlib.ExitStack() as locked:
        folder = base / Path(new).name.removeprefix(".")
        locked.callback(os.close, _lock(Path(new)))
        Path(new).rename(folder)  # only what is locked already gets a name that is looked for
        tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
        try:
            yield folder
        finally:
            tempfile.tempdir = before[0]
            if before[1] is None:
                del os.environ["TMPDIR"]
            else:
                os.environ["TMPDIR"] = before[1]
            folder.rename(new)


def _remove_ownerless(folder: Path) -> None:
    try:
        descriptor = _lock(folder)
    except OSError:  # its owner is at work, or it is another user's
        return
    try:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)


def _lock(folder: Path) -> int:
    """Lock a folder for this process, at once or not at all; return the descriptor that holds the lock."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
