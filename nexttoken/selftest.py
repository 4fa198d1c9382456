"""Run the course's tests: the fast ones by default, as many at a time as the machine has cores."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from autograder.courseroot import CourseRoot, find_course


class SelfTestError(Exception):
    """The tests cannot be run here; the message says why and what to do."""


def run(arguments: Sequence[str] = (), *, everything: bool = False, root: CourseRoot | None = None) -> int:
    """Run pytest on the course and return its exit status.

    Parameters
    ----------
    arguments
        Passed on to pytest: files, ``-k name``, ``-x`` ...
    everything
        Also the tests marked slow.
    root
        The course; by default found from the working directory.

    Raises
    ------
    SelfTestError
        If pytest or the tests are not here.
    NoCourseError
        If there is no checkout of the course here.
    """
    root = root or find_course()
    if not (root.path / "tests").is_dir():
        message = (
            f"{root.path} has no tests/ folder: the tests come with the repository, not with the installed package."
        )
        raise SelfTestError(message)
    if find_spec("pytest") is None:
        message = (
            f'pytest is not installed here: run "make test", or in {root.path}: python -m pip install -e ".[lab,dev]"'
        )
        raise SelfTestError(message)
    # Every test works without a network: a model that is not here must not be asked for.
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    try:
        line = command(arguments, everything=everything)
        status = subprocess.run(line, cwd=root.path, env=environment, check=False)  # noqa: S603 - our own command
    except KeyboardInterrupt:
        return 130
    return status.returncode


def command(arguments: Sequence[str], *, everything: bool) -> list[str]:
    """Return the command that runs the tests."""
    line = [sys.executable, "-m", "pytest"]
    if not everything:
        line += ["-m", "not slow"]
    if cores() > 1 and find_spec("xdist") is not None:
        # A file stays in one process, so that what its tests share is made once.
        line += ["-n", "auto", "--dist", "loadfile"]
    return [*line, *_from_here(arguments)]


def cores() -> int:
    """Return how many cores this process may use, not how many the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _from_here(arguments: Sequence[str]) -> list[str]:
    # pytest is started in the course's folder, and a person names files from where they are.
    return [
        str(Path(name).resolve()) if not name.startswith("-") and Path(name).exists() else name for name in arguments
    ]
