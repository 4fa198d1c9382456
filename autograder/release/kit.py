"""What a student receives: one zip with the notebook, the package and a page that says how to start."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path

from autograder.courseroot import CourseRoot
from autograder.exercise import load_chapter
from autograder.release.leaks import Leak, Secrets, course_secrets, scan
from autograder.release.package import build_wheel
from autograder.trusted.secret import course_secret

_README = """\
{title}
{underline}

In this folder:

  {notebook}
      the exercises
  {wheel}
      the package that checks them; once it is installed, it needs no network

On your computer (Python 3.11 or newer; pip also fetches PyTorch if you do not have it):

  python -m pip install {wheel} jupyterlab
  jupyter lab {notebook}

In Google Colab: upload both files, then run in a first cell

  %pip install -q {wheel}

In the notebook: read a task, fill in the cell below it, run it, then run check(...) below that.
A check works offline and as often as you like. reset("NAME") brings an exercise back as it was, beside your code.

To hand in: the notebook {notebook}, saved, under this name. Nothing else.
"""


class LeakError(Exception):
    """Something secret was about to be given to students; `leaks` says what and where."""

    def __init__(self, leaks: list[Leak]) -> None:
        first = leaks[0]
        super().__init__(
            f"{len(leaks)} secrets would reach students, the first: {first.kind} in {first.file}: {first.found}. "
            "No kit was written"
        )
        self.leaks = leaks


def build_kit(course: CourseRoot, assignment: str, destination: Path, secrets: Secrets | None = None) -> Path:
    """Build an assignment's kit, scan it, and only then write it.

    Parameters
    ----------
    secrets
        What may not be in it; by default the course's, which take some seconds to collect.

    Returns
    -------
    Path
        The zip in `destination`.

    Raises
    ------
    LeakError
        If the scan finds anything.
    """
    chapter = load_chapter(assignment)
    notebook = course.released(assignment)
    with tempfile.TemporaryDirectory(prefix="nexttoken-kit-") as name:
        wheel = build_wheel(course.path, Path(name))
        folder = f"nexttoken-{assignment}"
        readme = _README.format(
            title=chapter.title, underline="=" * len(chapter.title), notebook=notebook.name, wheel=wheel.name
        )
        files = {
            f"{folder}/README.txt": readme.encode(),
            f"{folder}/{notebook.name}": notebook.read_bytes(),
            f"{folder}/{wheel.name}": wheel.read_bytes(),
        }
        data = _zip(files)
        candidate = Path(name) / f"{folder}.zip"
        candidate.write_bytes(data)
        leaks = scan(candidate, secrets or course_secrets(course, course_secret(course.path)))
    if leaks:
        raise LeakError(leaks)
    destination.mkdir(parents=True, exist_ok=True)
    path = destination / f"{folder}.zip"
    path.write_bytes(data)
    return path


def _zip(files: dict[str, bytes]) -> bytes:
    """Pack files so that the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, data)
    return buffer.getvalue()
