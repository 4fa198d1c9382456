"""Prove that what students receive gives nothing away: no reference, mistake, hidden probe, seed or expectation.

The scan knows the secrets (it runs on the instructor's side) and looks for each of them in every file, also inside
archives and notebooks. It does not trust the selection that built the files.
"""

from __future__ import annotations

import ast
import base64
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.courseroot import CourseRoot
from autograder.draws import graded_seed, public_seed
from autograder.exercise import Exercise, chapter_names, graded_chapter, load_chapter
from autograder.recording import write
from autograder.release.masters import BEGIN, END, solution_lines
from autograder.release.phrases import Phrases
from autograder.trusted.reference import Reference

#: Shorter lines say too little to be a secret: ``return ids`` stands in many files.
_LEAST_LINE = 24
#: A shorter encoded observation, such as one small integer, occurs by chance.
_LEAST_EXPECTATION = 48
_MAX_ARCHIVE = 200 * 2**20


class UnreadableArchiveError(Exception):
    """A file inside what was to be scanned cannot be opened, so nothing can be said about it."""


@dataclass(frozen=True)
class Leak:
    """One secret that was found."""

    file: str
    kind: str
    #: The found text, cut to a line.
    found: str


@dataclass(frozen=True)
class Secrets:
    """All that students must not receive."""

    #: Lines of code by the kind of secret they belong to, whitespace folded.
    lines: dict[str, frozenset[str]]
    #: Texts that may not occur anywhere, by kind.
    texts: dict[str, frozenset[str]]
    #: Bytes that may not occur anywhere, by kind.
    blobs: dict[str, frozenset[bytes]]


def scan(path: Path, secrets: Secrets) -> list[Leak]:
    """Look for secrets in a file or in all files below a folder, archives included."""
    wanted = _Wanted(secrets)
    leaks: list[Leak] = []
    for name, data in _files(path):
        leaks += _scan_file(name, data, wanted)
    return leaks


def course_secrets(course: CourseRoot, secret: bytes) -> Secrets:
    """Collect the secrets of a course: references, mistakes, hidden probes, seeds and graded expectations."""
    references, mistakes, hidden = set[str](), set[str](), set[str]()
    seeds, expectations = set[bytes](), set[str]()
    public = _public_text(course)
    for name in chapter_names():
        references.update(_telling(solution_lines(_master(course, name))))
        for path in (course.path / "solutions" / "mistakes" / name).glob("*.py"):
            mistakes.update(_code_lines(path))
        hidden.update(_code_lines(course.hidden / f"{name}.py"))
        chapter = graded_chapter(name, course.hidden)
        reference = Reference(name)
        for exercise in chapter.exercises.values():
            seed = graded_seed(secret, name, exercise.name, exercise.version)
            seeds.add(seed)
            known = _expectations(reference, load_chapter(name).exercises[exercise.name], None)
            expectations.update(_expectations(reference, exercise, seed) - known)
    samples = course.path / "solutions" / "sample_class" / "answers"
    answers = {line for path in samples.glob("*.py") for line in _code_lines(path)}
    lines = {
        "a line of a reference": references,
        "a line of a mistake": mistakes - references,
        "a line of a hidden probe": hidden,
        "a line of a sample answer": answers - references - mistakes,
    }
    secret_lines = {kind: frozenset(line for line in found if line not in public) for kind, found in lines.items()}
    texts = {"a graded expectation": frozenset(expectations)}
    blobs = {"a seed": frozenset({secret, *seeds})}
    return Secrets(secret_lines, texts, blobs)


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    for file in [path] if path.is_file() else sorted(item for item in path.rglob("*") if item.is_file()):
        yield from _opened(file.name if path.is_file() else str(file.relative_to(path)), file.read_bytes())


def _opened(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield a file, and what is inside if it is an archive."""
    yield name, data
    if not data.startswith(b"PK\x03\x04"):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(item.file_size for item in archive.infolist()) > _MAX_ARCHIVE:
                raise UnreadableArchiveError(f"{name} unpacks to more than {_MAX_ARCHIVE // 2**20} MB")
            for item in archive.infolist():
                if not item.is_dir():
                    yield from _opened(f"{name}!{item.filename}", archive.read(item))
    except zipfile.BadZipFile as error:
        raise UnreadableArchiveError(f"{name} looks like an archive and cannot be opened: {error}") from error


class _Wanted:
    """The secrets by kind, each in a form in which it can be looked for together with all others of its kind."""

    def __init__(self, secrets: Secrets) -> None:
        self.lines = {kind: Phrases(map(str.encode, lines)) for kind, lines in secrets.lines.items()}
        self.texts = {kind: Phrases(map(str.encode, texts)) for kind, texts in secrets.texts.items()}
        forms = {kind: [form for blob in blobs for form in _written_out(blob)] for kind, blobs in secrets.blobs.items()}
        self.blobs = {kind: Phrases(found) for kind, found in forms.items()}


def _scan_file(name: str, data: bytes, wanted: _Wanted) -> Iterator[Leak]:
    if name.endswith((".pyc", ".pyo")):
        yield Leak(name, "compiled code", "bytecode cannot be scanned, so none may be shipped")
    if re.search(r"(^|[/!])(solutions|grading|hidden|release|trusted)/", name):
        yield Leak(name, "a file of the instructor's side", name)
    for kind, forms in wanted.blobs.items():
        if forms.found_in(data):
            yield Leak(name, kind, "(not shown)")
    text = "\n".join(_texts(name, data))
    if "BEGIN SOLUTION" in text and not name.endswith("masters.py"):
        yield Leak(name, "a solution marker", "BEGIN SOLUTION")
    for kind, texts in wanted.texts.items():
        yield from (Leak(name, kind, found.decode()[:40]) for found in sorted(texts.found_in(text.encode())))
    folded = _folded_text(text.splitlines()).encode()
    for kind, lines in wanted.lines.items():
        yield from (Leak(name, kind, found.decode()) for found in sorted(lines.found_in(folded)))


def _written_out(blob: bytes) -> Iterator[bytes]:
    """Yield the ways in which bytes are written in a file."""
    yield blob
    yield blob.hex().encode()
    yield blob.hex().upper().encode()
    yield base64.b64encode(blob).rstrip(b"=")
    yield base64.urlsafe_b64encode(blob).rstrip(b"=")
    yield repr(blob)[2:-1].encode()


def _texts(name: str, data: bytes) -> Iterator[str]:
    """Yield a file's text, and the strings inside it if it is JSON, so that no escape hides a line."""
    text = data.decode("utf-8", "replace")
    yield text
    if name.endswith((".ipynb", ".json")):
        try:
            yield from _strings(json.loads(text))
        except (ValueError, RecursionError):
            return


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        if all(isinstance(item, str) for item in value):
            yield "".join(value)
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(key)
            yield from _strings(item)


def _master(course: CourseRoot, name: str) -> str:
    return (course.path / "solutions" / f"{name}.py").read_text(encoding="utf-8")


def _public_text(course: CourseRoot) -> str:
    """Return what students are meant to see, folded: tasks and hints, what is given in a stub, public probes."""
    lines = ["raise NotImplementedError"]
    for name in chapter_names():
        inside = False
        for line in _master(course, name).splitlines():
            if BEGIN in line or END in line:
                inside = BEGIN in line
            elif not inside:
                lines.append(line.removeprefix("# "))
        for path in (course.path / "autograder" / "probes" / name).glob("*.py"):
            lines += path.read_text(encoding="utf-8").splitlines()
    return _folded_text(lines)


def _expectations(reference: Reference, exercise: Exercise, seed: bytes | None) -> set[str]:
    """Return what the reference answers on the draws of a seed (None: the public one), as a recording would hold it."""
    outcomes = reference.want(exercise, seed or public_seed(exercise.name, exercise.version))
    texts = (write(outcome) for items in outcomes.values() for outcome in items)
    return {text for text in texts if len(text) >= _LEAST_EXPECTATION}


def _code_lines(path: Path) -> set[str]:
    """Return the telling lines inside a file's functions: what could be copied, not imports, decorators or texts."""
    if not path.is_file():
        return set()
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines()
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a sample answer that is meant to be broken
        return _telling(lines)
    inside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            for statement in node.body:
                if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
                    inside.update(range(statement.lineno, (statement.end_lineno or statement.lineno) + 1))
    return _telling(lines[number - 1] for number in inside)


def _telling(lines: Iterable[str]) -> set[str]:
    return {folded for line in lines if len(folded := _folded(line)) >= _LEAST_LINE}


def _folded(line: str) -> str:
    """Write a line so that spacing, a trailing comment and a trailing comma make no difference."""
    return _folded_text([line]).rstrip(",")


def _folded_text(lines: Iterable[str]) -> str:
    """Write lines as one, so that it makes no difference either how code is spread over them."""
    joined = "".join(re.sub(r"\s+", "", line.partition("  #")[0]) for line in lines)
    return re.sub(r",([)\]}])", r"\1", joined)
