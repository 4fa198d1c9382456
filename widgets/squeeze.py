"""JavaScript in pieces: without its comments and spaces, and the names in it. A module travels with each widget."""

from __future__ import annotations

import re
from collections.abc import Iterator

_PIECE = re.compile(
    r"""(?P<gap>(?:\s+|//[^\n]*|/\*.*?\*/)+)
      | "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*'
      | [\w$]+ | .""",
    re.VERBOSE | re.DOTALL,
)
_REGULAR = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n])+/\w*")
#: A template's text, up to its end or to an expression in it.
_TEMPLATE = re.compile(r"(?:\\.|\$(?!\{)|[^`\\$])*(?:`|\$\{)", re.DOTALL)
#: Behind these a slash begins a regular expression, and a line cannot end a statement; nor can it before those below.
_OPEN = frozenset("(,=:[!&|?{;*<>%")
_CLOSE = frozenset(")]},;:.?=&|*<>%")
_JOINED = re.compile(r"[\w$]{2}|\+\+|--")
_NAME = re.compile(r"[A-Za-z_$][\w$]*")


def squeeze(source: str) -> str:
    """Return the same program in fewer characters; no name is changed.

    Parameters
    ----------
    source
        JavaScript. A regular expression stands behind an operator or a bracket, not behind a word such as return.
    """
    kept: list[str] = []
    before = ";"
    for gap, piece in _pieces(source):
        if "\n" in gap and before not in _OPEN and piece[0] not in _CLOSE:
            kept.append("\n")
        elif gap and _JOINED.fullmatch(before + piece[0]):
            kept.append(" ")
        kept.append(piece)
        before = piece[-1]
    return "".join(kept)


def names(source: str) -> set[str]:
    """Return what is named in a program: words outside of its texts and comments, properties left out."""
    found = set()
    dots = 0
    for _, piece in _pieces(source):
        if dots != 1 and _NAME.fullmatch(piece):  # three dots spread what they stand before
            found.add(piece)
        dots = dots + 1 if piece == "." else 0
    return found


def _pieces(source: str) -> Iterator[tuple[str, str]]:
    """Yield each piece of a program, behind the spaces and comments before it."""
    braces: list[int] = []  # how many are open in each expression of a template that we are in
    gap, before, at = "", ";", 0
    while at < len(source):
        begins = source[at]
        if begins == "`" or (begins == "}" and braces and braces[-1] == 0):
            if begins == "}":
                braces.pop()
            found = _TEMPLATE.match(source, at + 1)
            if found is None:
                raise ValueError("a template has no end")
            if found[0].endswith("${"):
                braces.append(0)
            piece = begins + found[0]
        else:
            regular = _REGULAR.match(source, at) if begins == "/" and before in _OPEN else None
            found = regular or _PIECE.match(source, at)
            assert found is not None  # one of its branches is any character
            piece = found[0]
            if found.re is _PIECE and found["gap"]:
                gap, at = gap + piece, found.end()
                continue
            if braces and piece in "{}":
                braces[-1] += 1 if piece == "{" else -1
        yield gap, piece
        gap, before, at = "", piece[-1], at + len(piece)
    if braces:
        raise ValueError("a template has no end")
