"""Find what a class handed in; what looks like a submission and is none is listed too, with its problem."""

from __future__ import annotations

import contextlib
import io
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from autograder.grading.archive import ArchiveError, Member, Share, find_shares, read_at_most, shown
from autograder.grading.submission import MAX_BYTES

_TWICE = "two submissions are here: keep one of them"
#: How many names of files a sentence lists.
_MOST_NAMED = 5
_TIMESTAMP_BYTES = 100


class NoSubmissionsError(Exception):
    """There is nothing to grade where the grader was told to look."""


class UnreadableError(Exception):
    """What was handed in cannot be read; the message says why."""


@dataclass(frozen=True)
class Submission:
    """One student's file, or the place where it should be."""

    #: Names the student's results, so it is one part of a path and not too long.
    student: str
    #: The notebook; None if the student handed in something without one.
    file: Path | Member | None
    #: Why `file` is None.
    problem: str = ""
    #: Naive, in UTC.
    handed_in: datetime | None = None

    def read(self) -> bytes:
        """Read the notebook, of a file that is too large only so much that this can be seen.

        Raises
        ------
        UnreadableError
            If there is none, or it is gone, damaged or no ordinary file by now.
        """
        if self.file is None:
            raise UnreadableError(self.problem)
        try:
            if isinstance(self.file, Member):
                return self.file.read(MAX_BYTES + 1)
            return _read_ordinary(self.file, MAX_BYTES + 1)
        except ArchiveError as error:
            raise UnreadableError(str(error)) from error
        except OSError as error:
            raise UnreadableError(f"{shown(self.file.name)} cannot be read") from error


def find_submissions(place: Path, assignment: str, students: Iterable[str] = ()) -> list[Submission]:
    """List a class's submissions, sorted by student.

    Two layouts of a folder are known, and may be mixed: nbgrader's, ``<student>/<assignment>/<assignment>.ipynb``, and
    plain files ``<student>.ipynb``. A zip may have these too, or be one that Moodle or Canvas makes of an assignment.

    Parameters
    ----------
    place
        A folder or a zip.
    students
        If any are given, only these.

    Raises
    ------
    NoSubmissionsError
        If the place is missing or holds nothing for the assignment, or a named student has nothing in it.
    """
    found: dict[str, Submission] = {}
    for item in map(_named_safely, _everything(place, assignment)):
        if item.student.startswith("."):  # what a file manager or an editor leaves
            continue
        twice = Submission(item.student, None, _TWICE, item.handed_in)
        found[item.student] = twice if item.student in found else item
    if not found:
        raise NoSubmissionsError(
            f"{place} holds no submission to {assignment}: "
            f"expected STUDENT/{assignment}/{assignment}.ipynb, or STUDENT.ipynb"
            + ("" if place.is_dir() else ", or the zip that Moodle or Canvas makes of an assignment")
        )
    wanted = list(students)
    unknown = [name for name in wanted if name not in found]
    if unknown:
        raise NoSubmissionsError(f"{unknown[0]} handed in nothing; there is: {', '.join(sorted(found))}")
    return [found[name] for name in sorted(found) if not wanted or name in wanted]


def _everything(place: Path, assignment: str) -> Iterator[Submission]:
    if place.is_dir():
        yield from _in_folders(place, assignment)
        yield from _in_files(place)
    elif place.is_file():
        try:
            shares = find_shares(place, assignment)
        except ArchiveError as error:
            raise NoSubmissionsError(str(error)) from error
        yield from (_in_share(share, assignment) for share in shares)
    else:
        raise NoSubmissionsError(
            f"there is no folder or zip {place}; name the folder or the zip of submissions with --submissions"
        )


def _named_safely(item: Submission) -> Submission:
    """Refuse what is handed in under a name that no result could be written under; it is listed as near as can be."""
    student = shown(item.student)
    if student == item.student:
        return item
    return Submission(student, None, "it is handed in under a name that is too long, or is no line of text")


def _read_ordinary(path: Path, most: int) -> bytes:
    """Read a file that was an ordinary one when it was found: a link is not followed now, and a pipe not waited for."""
    with io.FileIO(path, opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK)) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{path} is no ordinary file")
        return read_at_most(file, most)


def _in_share(share: Share, assignment: str) -> Submission:
    time = None
    if share.timestamp is not None and not share.timestamp.problem:
        with contextlib.suppress(ArchiveError):
            time = _time(share.timestamp.read(_TIMESTAMP_BYTES))
    return _chosen(share.student, assignment, [(member, member.problem) for member in share.notebooks], time)


def _in_files(folder: Path) -> Iterator[Submission]:
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() == ".ipynb":
            problem = _problem(path)
            yield Submission(path.stem, None if problem else path, problem, None if problem else _modified(path))


def _problem(path: Path) -> str:
    if path.is_symlink():
        return f"{shown(path.name)} is a link, and links are not followed"
    if path.is_dir():
        return f"{shown(path.name)} is a folder, not a notebook"
    return "" if path.is_file() else f"{shown(path.name)} is no ordinary file"


def _in_folders(folder: Path, assignment: str) -> Iterator[Submission]:
    for place in sorted(folder.glob(f"*/{assignment}")):
        student = place.parent.name
        if place.is_symlink() or place.parent.is_symlink():
            yield Submission(
                student, None, f"{shown(str(place.relative_to(folder)))} is a link, and links are not followed"
            )
        elif place.is_dir():
            yield _in_folder(place, student, assignment)


def _in_folder(place: Path, student: str, assignment: str) -> Submission:
    candidates = sorted(path for path in place.iterdir() if path.suffix.lower() == ".ipynb")
    time = None
    with contextlib.suppress(OSError):
        time = _time(_read_ordinary(place / "timestamp.txt", _TIMESTAMP_BYTES))
    return _chosen(student, assignment, [(path, _problem(path)) for path in candidates], time)


def _chosen(
    student: str, assignment: str, candidates: list[tuple[Path | Member, str]], time: datetime | None
) -> Submission:
    """Choose from all that looks like a notebook, each with its problem."""
    expected = f"{assignment}.ipynb"
    notebooks = [file for file, problem in candidates if not problem]
    named = [file for file in notebooks if file.name == expected]
    if len(named) > 1:
        return Submission(student, None, _TWICE, time)
    if named or len(notebooks) == 1:
        return Submission(student, (named or notebooks)[0], "", time)
    if notebooks:
        names = ", ".join(sorted(shown(file.name) for file in notebooks)[:_MOST_NAMED])
        more = f" and {len(notebooks) - _MOST_NAMED} more" if len(notebooks) > _MOST_NAMED else ""
        return Submission(student, None, f"there are several notebooks and none is {expected}: {names}{more}", time)
    return Submission(student, None, candidates[0][1] if candidates else "no notebook was handed in", time)


def _time(text: bytes) -> datetime | None:
    """Read nbgrader's ``timestamp.txt``: a date and a time, by default in UTC; None if there is none to read."""
    found = re.match(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)", text.decode(errors="replace").strip())
    try:
        return datetime.fromisoformat(f"{found[1]} {found[2]}") if found else None
    except ValueError:
        return None


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None, microsecond=0)
