"""JavaScript without its comments and spaces: a widget's module travels with each of its instances."""

from __future__ import annotations

import re

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


def squeeze(source: str) -> str:
    """Return the same program in fewer characters; no name is changed.

    Parameters
    ----------
    source
        JavaScript. A regular expression stands behind an operator or a bracket, not behind a word such as return.
    """
    pieces: list[str] = []
    braces: list[int] = []  # how many are open in each expression of a template that we are in
    gap, at = "", 0
    while at < len(source):
        before = pieces[-1][-1] if pieces else ";"
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
            found = (_REGULAR.match(source, at) if begins == "/" and before in _OPEN else None) or _PIECE.match(
                source, at
            )
            assert found is not None  # one of its branches is any character
            piece = found[0]
            if found.re is _PIECE and found["gap"]:
                gap, at = gap + piece, found.end()
                continue
            if braces and piece in "{}":
                braces[-1] += 1 if piece == "{" else -1
        if "\n" in gap and before not in _OPEN and begins not in _CLOSE:
            pieces.append("\n")
        elif gap and _JOINED.fullmatch(before + begins):
            pieces.append(" ")
        pieces.append(piece)
        gap, at = "", at + len(piece)
    if braces:
        raise ValueError("a template has no end")
    return "".join(pieces)
