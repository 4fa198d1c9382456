"""Result files: one JSON file a submission, written whole or not at all. They are the truth, a gradebook is derived."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from autograder.grading.finding import Finding
from autograder.grading.process import InfrastructureError
from autograder.verdict import Verdict

SCHEMA = 1
_PART = ".part"


@dataclass(frozen=True)
class Result:
    """What is known of one student's submission to one assignment."""

    assignment: str
    student: str
    status: Literal["graded", "not graded"]
    #: Why it is not graded, as a sentence's end; empty when it is.
    why: str
    #: The file that was read, relative to the folder of submissions; empty if there was none.
    file: str
    #: Hash of the submission and of all that the verdicts depend on; equal keys mean equal verdicts.
    key: str
    #: How far the student's process was shut in; anything below the configured level is not to be trusted.
    isolation: str
    repairs: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    experiments: tuple[Finding, ...] = ()

    @property
    def earned(self) -> float | None:
        """Points, or None when there are none to give."""
        return sum(verdict.earned for verdict in self.verdicts) if self.status == "graded" else None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "schema": SCHEMA,
            "assignment": self.assignment,
            "student": self.student,
            "status": self.status,
            "why": self.why,
            "file": self.file,
            "key": self.key,
            "isolation": self.isolation,
            "repairs": list(self.repairs),
            "points": self.earned,
            "verdicts": [verdict.to_json() for verdict in self.verdicts],
            "experiments": [finding.to_json() for finding in self.experiments],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Result:
        """Undo `to_json`."""
        return cls(
            data["assignment"],
            data["student"],
            data["status"],
            data["why"],
            data["file"],
            data["key"],
            data["isolation"],
            tuple(data["repairs"]),
            tuple(Verdict.from_json(item) for item in data["verdicts"]),
            tuple(Finding.from_json(item) for item in data["experiments"]),
        )


def submission_key(data: bytes, fingerprint: str) -> str:
    """Hash a submission's bytes together with what its verdicts depend on."""
    return hashlib.sha256(hashlib.sha256(data).digest() + fingerprint.encode()).hexdigest()


def result_path(folder: Path, assignment: str, student: str) -> Path:
    """Return where a result lies."""
    return folder / assignment / f"{student}.json"


def save(folder: Path, result: Result) -> Path:
    """Write a result atomically: a reader sees the old file or the new one, never a part."""
    path = result_path(folder, result.assignment, result.student)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps(result.to_json(), indent=1, ensure_ascii=False) + "\n")
    return path


def load(folder: Path, assignment: str, student: str) -> Result | None:
    """Read a result; None if there is none, or none that this version can read."""
    try:
        text = result_path(folder, assignment, student).read_text(encoding="utf-8", errors="surrogatepass")
        data = json.loads(text)
        return Result.from_json(data) if data["schema"] == SCHEMA else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def load_all(folder: Path, assignment: str) -> list[Result]:
    """Read all results of an assignment, sorted by student."""
    students = sorted(path.stem for path in (folder / assignment).glob("*.json"))
    return [result for student in students if (result := load(folder, assignment, student)) is not None]


@contextlib.contextmanager
def single_writer(folder: Path) -> Iterator[None]:
    """Hold a folder, made if need be, for this process alone, and clear away what a killed one left half written.

    Raises
    ------
    InfrastructureError
        If another process holds it, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise InfrastructureError(f"{folder} cannot be written ({error.strerror}), so nothing is graded") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InfrastructureError(f"another grader is at work in {folder}; wait until it is done") from None
        for part in folder.rglob(f".*{_PART}"):
            part.unlink(missing_ok=True)
        yield
    finally:
        os.close(descriptor)


def write_atomically(path: Path, text: str) -> None:
    """Write a text file through a temporary one beside it."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_PART)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogatepass") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
