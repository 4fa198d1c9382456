"""Find what a class handed in; what looks like a submission and is none is listed too, with its problem."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


class NoSubmissionsError(Exception):
    """There is nothing to grade where the grader was told to look."""


@dataclass(frozen=True)
class Submission:
    """One student's file, or the place where it should be."""

    student: str
    #: The notebook; None if the student handed in something without one.
    file: Path | None
    #: Why `file` is None.
    problem: str = ""
    handed_in: datetime | None = None


def find_submissions(folder: Path, assignment: str, students: Iterable[str] = ()) -> list[Submission]:
    """List a class's submissions, sorted by student.

    Two layouts are known, and may be mixed: nbgrader's, ``<folder>/<student>/<assignment>/<assignment>.ipynb``, and a
    plain folder of ``<student>.ipynb``.

    Parameters
    ----------
    students
        If any are given, only these.

    Raises
    ------
    NoSubmissionsError
        If the folder is missing or holds nothing for the assignment, or a named student has nothing in it.
    """
    if not folder.is_dir():
        raise NoSubmissionsError(f"there is no folder {folder}; name the folder of submissions with --submissions")
    found: dict[str, Submission] = {}
    for item in [*_in_folders(folder, assignment), *_in_files(folder)]:
        twice = Submission(item.student, None, "two submissions are here: keep one of them", item.handed_in)
        found[item.student] = twice if item.student in found else item
    if not found:
        raise NoSubmissionsError(
            f"{folder} holds no submission to {assignment}: "
            f"expected STUDENT/{assignment}/{assignment}.ipynb, or STUDENT.ipynb"
        )
    wanted = list(students)
    unknown = [name for name in wanted if name not in found]
    if unknown:
        raise NoSubmissionsError(f"{unknown[0]} handed in nothing; there is: {', '.join(sorted(found))}")
    return [found[name] for name in sorted(found) if not wanted or name in wanted]


def _in_files(folder: Path) -> Iterator[Submission]:
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() == ".ipynb":
            problem = _problem(path)
            yield Submission(path.stem, None if problem else path, problem, None if problem else _modified(path))


def _problem(path: Path) -> str:
    if path.is_symlink():
        return f"{path.name} is a link, and links are not followed"
    if path.is_dir():
        return f"{path.name} is a folder, not a notebook"
    return "" if path.is_file() else f"{path.name} is no ordinary file"


def _in_folders(folder: Path, assignment: str) -> Iterator[Submission]:
    for place in sorted(folder.glob(f"*/{assignment}")):
        student = place.parent.name
        if place.is_symlink() or place.parent.is_symlink():
            yield Submission(student, None, f"{place.relative_to(folder)} is a link, and links are not followed")
        elif place.is_dir():
            yield _in_folder(place, student, assignment)


def _in_folder(place: Path, student: str, assignment: str) -> Submission:
    expected = place / f"{assignment}.ipynb"
    time = _timestamp(place / "timestamp.txt")
    candidates = sorted(path for path in place.iterdir() if path.suffix.lower() == ".ipynb")
    notebooks = [path for path in candidates if not _problem(path)]
    if expected in notebooks:
        return Submission(student, expected, "", time)
    if len(notebooks) == 1:
        return Submission(student, notebooks[0], "", time)
    if notebooks:
        names = ", ".join(path.name for path in notebooks)
        return Submission(student, None, f"there are several notebooks and none is {expected.name}: {names}", time)
    return Submission(student, None, _problem(candidates[0]) if candidates else "no notebook was handed in", time)


def _timestamp(path: Path) -> datetime | None:
    """Read nbgrader's ``timestamp.txt``: a date and a time, by default in UTC; None if there is none to read."""
    try:
        text = path.read_text(encoding="utf-8").strip()
        found = re.match(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)", text)
        return datetime.fromisoformat(f"{found[1]} {found[2]}") if found else None
    except (OSError, ValueError):
        return None


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None, microsecond=0)
