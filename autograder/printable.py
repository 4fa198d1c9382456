"""Texts that came from a student, made fit for files, pages and terminals."""

import re

#: Control characters but tab and line feed, lone surrogates, and marks that turn the direction of a line.
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"  # by Unicode's numbers
)


def storable(text: str) -> str:
    """Write half characters (lone surrogates), which no UTF-8 file can hold, as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def printable(text: str) -> str:
    """Write what no file can hold, and what steers a terminal, as escapes."""
    return _UNPRINTABLE.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), text)
