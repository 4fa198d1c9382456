"""Start bubblewrap as a user without rights: run as ``python stage.py PLAN COMMAND ...`` where the grader is root.

bubblewrap as root makes namespaces in which another one cannot be nested, and whatever broke out would be root. So
root first binds the folders that are to be seen, which an ordinary user may not be able to reach, to a place that only
this process sees; then it becomes nobody for good and starts bubblewrap.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

NOBODY = 65534
STAGE = "/mnt"
_CLONE_NEWNS = 0x00020000
_MS_RDONLY, _MS_NOSUID, _MS_BIND, _MS_REC, _MS_PRIVATE = 1, 2, 0x1000, 0x4000, 1 << 18


def main() -> None:
    """Bind each folder of the first argument, separated by colons, to /mnt/0, /mnt/1 ..., drop all rights, go on."""
    libc = ctypes.CDLL(None, use_errno=True)

    def call(name: str, *arguments: object) -> None:
        if getattr(libc, name)(*arguments) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"{name}: {os.strerror(number)}")

    call("unshare", _CLONE_NEWNS)
    call("mount", None, b"/", None, ctypes.c_ulong(_MS_REC | _MS_PRIVATE), None)
    call("mount", b"tmpfs", STAGE.encode(), b"tmpfs", ctypes.c_ulong(_MS_NOSUID), b"mode=755")
    for number, folder in enumerate(sys.argv[1].split(":")):
        target = Path(STAGE, str(number))
        target.mkdir()
        call("mount", folder.encode(), str(target).encode(), None, ctypes.c_ulong(_MS_BIND), None)
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - the grader's own command


if __name__ == "__main__":
    main()
