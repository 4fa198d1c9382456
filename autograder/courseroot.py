"""Where the course lies on this machine, and where its parts are in it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


class NoCourseError(Exception):
    """There is no checkout of the course here; the message says what to do."""


@dataclass(frozen=True)
class CourseRoot:
    """A checkout of the course; nbgrader's course directory at the same time."""

    path: Path

    @property
    def exercises(self) -> Path:
        """What students receive, nbgrader's release directory."""
        return self.path / "exercises"

    @property
    def sources(self) -> Path:
        """The instructor notebooks, made from ``solutions/``; nbgrader's source directory."""
        return self.path / "build" / "source"

    @property
    def hidden(self) -> Path:
        """The folder of hidden probes: ``NEXTTOKEN_HIDDEN``, or the course's own examples."""
        given = os.environ.get("NEXTTOKEN_HIDDEN")
        return Path(given) if given else self.path / "autograder" / "hidden"

    @property
    def sample_class(self) -> Path:
        """Submissions of an invented class, in nbgrader's layout."""
        return self.path / "solutions" / "sample_class" / "submitted"

    @property
    def gradebook_url(self) -> str:
        """SQLAlchemy URL of nbgrader's gradebook: ``NEXTTOKEN_GRADEBOOK``, or an SQLite file in the course."""
        return os.environ.get("NEXTTOKEN_GRADEBOOK") or f"sqlite:///{self.path / 'gradebook.db'}"

    def released(self, chapter: str) -> Path:
        """Return a chapter's student notebook."""
        return self.exercises / chapter / f"{chapter}.ipynb"


def find_course(start: Path | None = None) -> CourseRoot:
    """Find the checkout: from `start` (by default the working directory) upwards, else where this package lies.

    Raises
    ------
    NoCourseError
        If neither is inside one, as with a student's installation.
    """
    here = (start or Path.cwd()).resolve()
    package = Path(__file__).resolve().parent
    for folder in (here, *here.parents, package.parent):
        if (folder / "nbgrader_config.py").is_file() and (folder / "solutions").is_dir():
            return CourseRoot(folder)
    raise NoCourseError(
        f"{here} is not inside a checkout of the course (a folder with nbgrader_config.py and solutions/). "
        "This command works on one: change into it first."
    )
