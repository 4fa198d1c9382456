"""The student's package: a wheel without references, mistakes, hidden probes or grading code."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

#: 1980-01-01, the earliest time a zip can hold: the same sources give the same bytes.
_EPOCH = "315532800"


class PackagingError(Exception):
    """The wheel could not be built; the message says why."""


def build_wheel(root: Path, destination: Path) -> Path:
    """Build the student's wheel by the selection in ``pyproject.toml``, without any network.

    Returns
    -------
    Path
        The wheel in `destination`.
    """
    from hatchling.builders.wheel import WheelBuilder

    destination.mkdir(parents=True, exist_ok=True)
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = _EPOCH
    try:
        built = list(WheelBuilder(str(root)).build(directory=str(destination), versions=["standard"]))
    except Exception as error:
        raise PackagingError(f"the student's wheel could not be built from {root}: {error}") from error
    finally:
        if before is None:
            del os.environ["SOURCE_DATE_EPOCH"]
        else:
            os.environ["SOURCE_DATE_EPOCH"] = before
    return Path(built[0])


def student_package(root: Path) -> bytes:
    """Build the wheel and return its bytes. Each student's process gets a copy of its own to import from."""
    with tempfile.TemporaryDirectory(prefix="nexttoken-wheel-") as name:
        return build_wheel(root, Path(name)).read_bytes()
