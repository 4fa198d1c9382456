"""Read a class's zip without unpacking it: what each student has in it, and the bytes of one file up to a limit.

Four layouts are known: the downloads of Moodle and Canvas, nbgrader's folders, and plain files. Nothing in an archive
is trusted. Its names only say whose a file is; none is ever used as a path.
"""

from __future__ import annotations

import contextlib
import io
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

MAX_ENTRIES = 20_000
#: How long the archive's list of its entries may be, which is read whole. It bounds what a hostile one can take.
_MOST_LISTED = 400 * MAX_ENTRIES
_CHUNK = 2**20
#: Bytes of a name that are kept; a file system takes 255, and results add an ending to a student's name.
_LONGEST = 200
_LONGEST_PART = 255
_ENCRYPTED = 0x41  # flag bits 0 and 6
_UTF8 = 0x800
_LOCAL_HEADER = 30  # its shortest length
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
#: What a damaged archive makes zipfile raise.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)
#: Control characters, and those that turn the direction of a line.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_MOODLE_FOLDER = re.compile(r"(?P<name>[^_]+)_(?P<id>\d+)_assignsubmission_[a-z]+_?")
#: Files whose names say whose they are. The system puts the name and the number first, and the student's choice last.
_NAMED_FILES = (
    re.compile(r"(?P<name>[^_]+)_(?P<id>\d+)_assignsubmission_[a-z]+_(?P<file>.+)"),  # Moodle, without folders
    re.compile(r"(?:LATE_)?(?P<name>anon)_(?P<id>[^\W_]+)_(?:\d+_)?(?P<file>.+)"),  # Canvas, graded anonymously
    re.compile(r"(?P<name>.+?)_(?:LATE_)?(?P<id>\d+)_(?:\d+_(?P<file>.+)|(?:text|link)\.html)"),  # Canvas
)


class ArchiveError(Exception):
    """An archive, or a file in it, cannot be read; the message says why."""


@dataclass(frozen=True)
class Member:
    """A file in an archive."""

    archive: Path
    info: zipfile.ZipInfo
    #: The file's own name as the student knows it, for people.
    name: str
    #: Why it is not to be read; empty if it may be.
    problem: str

    def read(self, most: int) -> bytes:
        """Read at most so many bytes, whatever size the archive announces.

        Raises
        ------
        ArchiveError
            If the archive is damaged there, or gone.
        """
        try:
            with _opened(self.archive) as archive, archive.open(self.info) as file:
                return read_at_most(file, most)
        except _BROKEN as error:
            raise ArchiveError(
                f"{self.name} cannot be read from {self.archive.name}, which is damaged or gone: download it again"
            ) from error


@dataclass
class Share:
    """What one student has in an archive."""

    student: str
    #: All that looks like a notebook.
    notebooks: list[Member] = field(default_factory=list)
    #: nbgrader's ``timestamp.txt``. An entry's own date is none: it has no time zone, and may be the download's.
    timestamp: Member | None = None


def find_shares(path: Path, assignment: str) -> list[Share]:
    """List what each student has in an archive, also where no notebook is among it.

    Of nbgrader's and of plain files, a student has one share for each place that the archive names her in.

    Raises
    ------
    ArchiveError
        If the file is no zip archive, or has more than `MAX_ENTRIES` entries.
    """
    with _opened(path) as archive:
        entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise ArchiveError(_too_many(path))
    overlapping = _overlapping(entries)
    shares: dict[tuple[str, str], Share] = {}
    plain: list[tuple[list[str], str, Member]] = []
    for info in entries:
        given = _name(info)
        *folders, name = _parts(given)
        student, place, name = _whose(folders, name, assignment)
        if folders[:1] == ["__MACOSX"]:
            continue
        member = Member(path, info, shown(name), _problem(info, given, shown(name), overlaps=info in overlapping))
        is_notebook = name.lower().endswith(".ipynb") and not any(part.startswith(".") for part in (*folders, name))
        if student:
            share = shares.setdefault((student, place), Share(student))
            if is_notebook:
                share.notebooks.append(member)
            elif place and name == "timestamp.txt":
                share.timestamp = member
        elif is_notebook:
            plain.append((folders, name, member))
    return [*shares.values(), *_plain(plain)]


def read_at_most(file: IO[bytes], most: int) -> bytes:
    """Read a file to its end or to a number of bytes, in pieces: what is announced is not made room for."""
    data = bytearray()
    while len(data) < most and (part := file.read(min(_CHUNK, most - len(data)))):
        data += part
    return bytes(data)


def shown(name: str) -> str:
    """Make a name that may hold anything fit for one line of text, and for a file's name if it has no slash."""
    return _CONTROL.sub("_", name).encode()[:_LONGEST].decode(errors="ignore")


class _Guarded(io.BufferedReader):
    """A file of which nobody reads much at once, as zipfile does with a list of entries of any length."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _MOST_LISTED:
            raise ArchiveError(_too_many(Path(self.name)))
        return super().read(size)


def _too_many(path: Path) -> str:
    return f"{path} holds more files than are read, which is {MAX_ENTRIES:,}: zip one class at a time"


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    with _Guarded(io.FileIO(path)) as file:
        try:
            archive = zipfile.ZipFile(file)
        except _BROKEN as error:
            raise ArchiveError(f"{path} is no zip archive, or was cut off or damaged: download it again") from error
        with archive:
            yield archive


def _overlapping(entries: Iterable[zipfile.ZipInfo]) -> set[zipfile.ZipInfo]:
    """Return the entries that share bytes with another one, as a zip bomb's do."""
    found = set()
    last: zipfile.ZipInfo | None = None
    end = 0
    for info in sorted(entries, key=lambda entry: entry.header_offset):
        if last is not None and info.header_offset < end:
            found |= {info, last}
        if (own := info.header_offset + _LOCAL_HEADER + info.compress_size) > end:
            last, end = info, own
    return found


def _name(info: zipfile.ZipInfo) -> str:
    """Return an entry's name; macOS writes UTF-8 without saying so, and takes letters and their accents apart."""
    name = info.orig_filename
    if not info.flag_bits & _UTF8:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode()
    return unicodedata.normalize("NFC", name)


def _parts(name: str) -> list[str]:
    """Split a name at any system's separators, without what leads out of the archive; a folder ends with ``""``."""
    parts = re.split(r"[/\\]", name)
    return [part for part in parts[:-1] if part not in ("", ".", "..") and not _is_drive(part)] + parts[-1:]


def _is_drive(part: str) -> bool:
    return re.fullmatch("[A-Za-z]:", part) is not None


def _whose(folders: list[str], name: str, assignment: str) -> tuple[str, str, str]:
    """Say whose a file is, in which place, and the name that the student gave it; nobody's if nothing tells.

    The first part of the path that names a student decides: what comes after it, students may have chosen.
    """
    for depth, folder in enumerate(folders):
        if found := _MOODLE_FOLDER.fullmatch(folder):
            return f"{found['name']}_{found['id']}", "", name
        if depth and folder == assignment:
            is_direct = depth == len(folders) - 1
            return folders[depth - 1], "/".join(folders[:depth]), name if is_direct else ""
    for pattern in _NAMED_FILES:
        if found := pattern.fullmatch(name):
            return f"{found['name']}_{found['id']}", "", found["file"] or name
    return "", "", name


def _plain(files: list[tuple[list[str], str, Member]]) -> Iterator[Share]:
    """Take files that only their own names tell apart: those at the top, or else those in the one folder there."""
    least = min((len(folders) for folders, _, _ in files), default=0)
    top = [item for item in files if len(item[0]) == least]
    if least <= 1 and len({tuple(folders) for folders, _, _ in top}) == 1:
        for _, name, member in top:
            yield Share(name[: -len(".ipynb")], [member])


def _problem(info: zipfile.ZipInfo, given: str, name: str, *, overlaps: bool) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if not _is_inside(given):
        return f"the archive gives {name} a name that is no plain path inside it: {shown(given)}"
    if stat.S_ISLNK(kind):
        return f"{name} is a link, and links are not followed"
    if kind not in (0, stat.S_IFREG):
        return f"{name} is no ordinary file"
    if info.flag_bits & _ENCRYPTED:
        return f"{name} is encrypted in the archive"
    if info.compress_type not in _METHODS:
        return f"{name} is compressed by a method that is not read here (number {info.compress_type})"
    return f"{name} shares bytes with another file of the archive" if overlaps else ""


def _is_inside(name: str) -> bool:
    """Say whether a name is a relative path of usual parts."""
    parts = name.split("/")
    return not (
        name.startswith("/")
        or "\\" in name
        or ".." in parts
        or _is_drive(name[:2])
        or _CONTROL.search(name)
        or any(len(part.encode()) > _LONGEST_PART for part in parts)
    )
