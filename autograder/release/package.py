"""The student's package: a wheel without references, mistakes, hidden probes or grading code."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import zipfile
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


def unpack_student_package(root: Path) -> Path:
    """Build the wheel and unpack it into a folder of its own, removed when the program ends."""
    folder = Path(tempfile.mkdtemp(prefix="nexttoken-package-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    wheel = build_wheel(root, folder / "wheel")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "package")
    return folder / "package"
