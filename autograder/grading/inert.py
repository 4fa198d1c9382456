"""Make a student's texts harmless on the instructor's screen: they look the same, and nothing in them can run."""

from __future__ import annotations

import re
from collections.abc import Container
from html import unescape
from urllib.parse import unquote

#: U+2060, a word joiner: nobody sees it, and no parser takes what follows ``<`` for a tag.
_JOINER = "\u2060"
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
#: The destination of an inline link, or of a reference.
_DESTINATION = re.compile(r"(\]\(\s*|\]:\s*)([^\s)]+)")
_HARMLESS = ("http", "https", "mailto")


def inert_markdown(source: str, attachments: Container[str] = ()) -> str:
    """Return the text without live tags, and with links to web pages and places in the notebook only.

    A link to a picture that is not among the cell's `attachments` is taken out: nbconvert would refuse the notebook.
    """

    def safe_link(found: re.Match[str]) -> str:
        opening, destination = found.groups()
        scheme, _, name = destination.partition(":")
        if scheme.lower() == "attachment":
            is_there = name in attachments or unquote(name) in attachments
            return found.group(0) if is_there else f"{opening}#picture-missing"
        return found.group(0) if _is_harmless(destination) else f"{opening}#link-removed"

    return _TAG.sub(f"<{_JOINER}", _DESTINATION.sub(safe_link, source))


def _is_harmless(destination: str) -> bool:
    """Say whether a link goes to the web or stays here, read as a browser reads it: entities and escapes undone."""
    plain = re.sub(r"[\x00-\x20\\<]", "", unescape(destination))
    scheme, colon, _ = plain.partition(":")
    return not colon or bool(re.search(r"[/?#]", scheme)) or scheme.lower() in _HARMLESS


def inert_cell(text: str) -> str:
    """Keep a spreadsheet from reading a student's name as a formula, and a name with a return in one column."""
    text = text.replace("\r", " ")
    return f"'{text}" if text.lstrip()[:1] in ("=", "+", "-", "@") or text[:1] == "\t" else text
