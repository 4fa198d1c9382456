"""All that grading an assignment takes, as plain data: it is read once, and may travel to other machines."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Self

import nbformat
from nbformat import NotebookNode

from autograder.courseroot import CourseRoot
from autograder.draws import graded_seed
from autograder.exercise import Chapter, add_hidden, hidden_source, load_chapter
from autograder.grading.isolation import Isolation
from autograder.grading.process import InfrastructureError, Limits
from autograder.release.package import student_package
from autograder.trusted.reference import source_files
from autograder.trusted.secret import course_secret

LIMITS = Limits()
_LIBRARIES = ("numpy", "torch", "ipython")


@dataclass(frozen=True)
class Assignment:
    """One assignment of one course, ready to be graded anywhere."""

    name: str
    #: The seed of each exercise's graded draws. The course's secret itself stays where it is.
    seeds: Mapping[str, bytes]
    #: The source of the hidden probes.
    hidden: str
    #: The student's wheel.
    package: bytes
    #: The released notebook.
    released: str
    isolation: Isolation
    limits: Limits
    #: Hash of the grader's code, the references and the libraries that made it.
    code: str
    #: Hash of all that verdicts depend on besides the submission.
    fingerprint: str = ""

    @classmethod
    def of(cls, course: CourseRoot, name: str, isolation: Isolation = "bubblewrap", limits: Limits = LIMITS) -> Self:
        """Read an assignment of a course.

        Raises
        ------
        InfrastructureError, SecretError, PackagingError
            If a part of it cannot be had; nothing can be graded then.
        """
        chapter = load_chapter(name)
        secret = course_secret(course.path)
        seeds = {
            exercise.name: graded_seed(secret, name, exercise.name, exercise.version)
            for exercise in chapter.exercises.values()
        }
        released = course.released(name)
        try:
            text = released.read_text(encoding="utf-8")
            nbformat.reads(text, as_version=4)
        except Exception as error:
            raise InfrastructureError(
                f"the released notebook {released} cannot be read ({error}); run `nexttoken build`"
            ) from error
        hidden, package = hidden_source(course.hidden, name), student_package(course.path)
        made = cls(name, seeds, hidden, package, text, isolation, limits, code_hash(name))
        return replace(made, fingerprint=made._hash())

    @property
    def chapter(self) -> Chapter:
        """The exercises with their probes, hidden ones too."""
        return add_hidden(load_chapter(self.name), self.hidden)

    @property
    def release(self) -> NotebookNode:
        """The released notebook, a new copy each time."""
        notebook: NotebookNode = nbformat.reads(self.released, as_version=4)
        return notebook

    def _hash(self) -> str:
        state = hashlib.sha256()
        for part in (self.hidden.encode(), self.package, self.released.encode(), self.code.encode()):
            state.update(hashlib.sha256(part).digest())
        for name, seed in sorted(self.seeds.items()):
            state.update(name.encode() + hashlib.sha256(seed).digest())
        state.update(repr((self.isolation, astuple(self.limits))).encode())
        return state.hexdigest()


def code_hash(name: str) -> str:
    """Hash the code that grades a chapter on this machine: ours, the references, and the key libraries' versions."""
    state = hashlib.sha256(platform.python_version().encode())
    for path in sorted([*Path(__file__).parents[1].rglob("*.py"), *source_files(name)]):
        state.update(path.read_bytes())
    for library in _LIBRARIES:
        state.update(f"{library} {version(library)}".encode())
    return state.hexdigest()
