"""Make every generated file of the repository from its master, or say which ones are out of date."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import nbformat

from autograder.courseroot import CourseRoot
from autograder.exercise import Chapter, chapter_names, graded_chapter, load_chapter
from autograder.release.digest import is_untouched
from autograder.release.generate import generate_release
from autograder.release.masters import page_notebook, write_source
from autograder.release.record import record_chapter, same_recording, to_text
from autograder.release.sample_class import sample_files

Status = Literal["unchanged", "written", "stale", "kept"]


@dataclass(frozen=True)
class Built:
    """One generated file and what became of it.

    ``kept`` means that somebody has worked in the file: the new version stands beside it, under `beside`.
    """

    path: Path
    status: Status
    beside: Path | None = None


@dataclass(frozen=True)
class _File:
    path: Path
    data: bytes
    #: Says whether what is on disk is as good as `data`.
    same: Callable[[bytes], bool]
    #: Says whether what is on disk may be replaced.
    ours: Callable[[Path], bool]


def build(course: CourseRoot, assignments: Sequence[str] = (), *, check: bool = False) -> Iterator[Built]:
    """Generate everything, one file after another.

    Parameters
    ----------
    assignments
        Only these assignments' files, and all pages; by default all.
    check
        Change nothing; a file that would change is reported as ``stale``.

    Raises
    ------
    UnknownAssignmentError
        If there is no such assignment.
    """
    names = assignments or chapter_names()
    for name in names:
        yield from (_settle(file, check=check) for file in _chapter_files(course, name))
    for path in sorted((course.path / "course").glob("*.md")):
        yield _settle(_page(path), check=check)
    if not check:
        for name in names:
            write_source(course.path, graded_chapter(name, course.hidden), course.sources)


def _chapter_files(course: CourseRoot, name: str) -> Iterator[_File]:
    graded = graded_chapter(name, course.hidden)
    release = generate_release(course, graded)
    yield _notebook(course.released(name), release)
    yield _recording(course, load_chapter(name), graded, release)
    for path, data in sample_files(course, graded, release):
        yield _File(path, data, data.__eq__, lambda _: True)


def _notebook(path: Path, data: bytes) -> _File:
    return _File(path, data, data.__eq__, is_untouched)


def _page(master: Path) -> _File:
    notebook = page_notebook(master.read_text(encoding="utf-8"))
    data = (nbformat.writes(notebook) + "\n").encode()
    return _File(master.with_suffix(".ipynb"), data, data.__eq__, is_untouched)


def _recording(course: CourseRoot, public: Chapter, graded: Chapter, release: bytes) -> _File:
    cells = json.loads(release)["cells"]
    stubs = {
        cell["id"].removesuffix("-code"): "".join(cell["source"]) for cell in cells if cell["id"].endswith("-code")
    }
    recording = record_chapter(public, graded, stubs)

    def same(data: bytes) -> bool:
        try:
            return same_recording(json.loads(data), json.loads(to_text(recording)))
        except ValueError:
            return False

    path = course.path / "autograder" / "recorded" / f"{public.name}.json"
    return _File(path, to_text(recording).encode(), same, lambda _: True)


def _settle(file: _File, *, check: bool) -> Built:
    exists = file.path.exists()
    if exists and file.same(file.path.read_bytes()):
        return Built(file.path, "unchanged")
    if check:
        return Built(file.path, "stale")
    if exists and not file.ours(file.path):
        beside = file.path.with_suffix(f".new{file.path.suffix}")
        beside.write_bytes(file.data)
        return Built(file.path, "kept", beside)
    file.path.parent.mkdir(parents=True, exist_ok=True)
    file.path.write_bytes(file.data)
    return Built(file.path, "written")
