"""Undo what happened at the seams between cells: cut apart those that were merged, join those that were split."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from autograder.grading.pieces import Piece, Release, bare
from autograder.grading.python_text import MAX_READ, runs, runs_alone
from autograder.grading.submission import make_cell

_MOST_PARTS = 5
_DEFINITION = re.compile(r"^(?:(?:async[ \t]+)?def|class)[ \t]+\w+[ \t]*[(:]", re.MULTILINE)


def mend_seams(pieces: Iterable[Piece], release: Release) -> tuple[list[Piece], list[str]]:
    """Return pieces that are cells again, and a note for each kind of mending."""
    apart: list[Piece] = []
    merged = 0
    for piece in pieces:
        parts = _cut(piece, release)
        merged += len(parts) > 1
        apart += parts
    whole = list(_joined(apart, release))
    notes = [f"cut apart where cells had been merged: {merged} cell{'s' * (merged > 1)}"] if merged else []
    notes += ["joined again where a cell had been split"] if len(whole) < len(apart) else []
    return whole, notes


def _cut(piece: Piece, release: Release) -> list[Piece]:
    """Cut a cell where it holds texts of the release, if what is left is the better for it.

    Code that runs is cut around an exercise as it was given, which would undo the student's, and around a check, which
    takes time and may end what comes behind it; a text is cut only if that sets code free.
    """
    source = piece.cell.source
    if len(source) > MAX_READ or piece.text in release.given:
        return [piece]
    broken = piece.is_code and not runs(source)
    parts = _divided(source, release.harmful_lines if piece.is_code and not broken else release.given_lines)
    rest = [part for part in parts if bare(part) not in release.given]
    if len(parts) <= 1:
        return [piece]
    if not piece.is_code:
        is_better = any(_is_definition(part) for part in rest)
    elif broken:
        is_better = not rest or any(runs(part) for part in rest)
    else:
        is_harmful = len(rest) > 1 or parts[0] not in rest or bare(parts[-1]) in release.stubs.values()
        is_better = is_harmful and all(runs(part) for part in rest)
    return [_part(piece, part, release) for part in parts] if is_better else [piece]


def _divided(source: str, given: re.Pattern[str]) -> list[str]:
    parts, end = [], 0
    for found in given.finditer(source):
        parts += [source[end : found.start()], found.group()]
        end = found.end()
    return [part.strip("\n") for part in (*parts, source[end:]) if part.strip()]


def _is_definition(text: str) -> bool:
    return bool(_DEFINITION.search(text)) and runs(text)


def _part(piece: Piece, source: str, release: Release) -> Piece:
    cell = piece.cell
    grade_id = release.given.get(bare(source))
    if grade_id is not None:
        return Piece(make_cell(release.cells[grade_id].cell_type, source, cell.id), grade_id, grade_id in release.names)
    is_code = piece.is_code or runs(source)
    kind = "code" if is_code else cell.cell_type
    claim = piece.claim if piece.claim in release.stubs else None
    part = Piece(make_cell(kind, source, cell.id, cell.metadata), claim, is_code)
    defined = release.defines(part)
    return replace(part, claim=None) if defined and claim not in defined else part


def _joined(pieces: list[Piece], release: Release) -> Iterator[Piece]:
    lengths = [1] * (len(pieces) + 1)
    for at in reversed(range(len(pieces))):
        lengths[at] = _length(pieces, at, lengths[at + 1], release)
    at = 0
    while at < len(pieces):
        parts = pieces[at : at + lengths[at]]
        at += len(parts)
        yield parts[0] if len(parts) == 1 else _whole(parts)


def _length(pieces: list[Piece], at: int, behind: int, release: Release) -> int:
    """Return how many pieces from here on are one cell: those that cannot be run except together.

    `behind` says it of the next place.
    """
    parts = []
    for piece in pieces[at : at + _MOST_PARTS]:
        if not piece.is_code or piece.text in release.given or piece.text.startswith("%%"):
            break
        parts.append(piece)
    if len(parts) < 2 or (  # noqa: PLR2004
        runs(parts[0].cell.source) and (runs_alone(parts[1].cell.source) or behind > 1)
    ):
        return 1
    length, source = 1, parts[0].cell.source
    for count, piece in enumerate(parts[1:], 2):
        if length > 1 and runs(piece.cell.source):
            break
        source = _glued(source, piece.cell.source)
        if len(source) > MAX_READ:
            break
        if runs(source):
            length = count
    return length


def _glued(first: str, second: str) -> str:
    """Undo a split, which takes away the line's end, but not the blanks before it."""
    _, newline, last = first.rpartition("\n")
    return first + second if newline and last and not last.strip() else f"{first}\n{second}"


def _whole(parts: list[Piece]) -> Piece:
    source = parts[0].cell.source
    for part in parts[1:]:
        source = _glued(source, part.cell.source)
    claims = (part.claim for part in parts if part.claim is not None)
    cell = parts[0].cell
    return Piece(make_cell("code", source, cell.id, cell.metadata), next(claims, None), is_code=True)
