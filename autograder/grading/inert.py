"""Make a student's Markdown harmless on the instructor's page: it looks the same, and nothing in it can run."""

from __future__ import annotations

import re
from html import unescape

#: U+2060, a word joiner: nobody sees it, and no parser takes what follows ``<`` for a tag.
_JOINER = "\u2060"
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
#: The destination of an inline link, or of a reference.
_DESTINATION = re.compile(r"(\]\(\s*|\]:\s*)([^\s)]+)")
_HARMLESS = ("http", "https", "mailto", "attachment")


def inert_markdown(source: str) -> str:
    """Return the text without live tags, and with links to web pages and places in the notebook only."""
    return _TAG.sub(f"<{_JOINER}", _DESTINATION.sub(_safe_link, source))


def _safe_link(found: re.Match[str]) -> str:
    opening, destination = found.groups()
    return found.group(0) if _is_harmless(destination) else f"{opening}#link-removed"


def _is_harmless(destination: str) -> bool:
    """Say whether a link goes to the web or stays here, read as a browser reads it: entities and escapes undone."""
    plain = re.sub(r"[\x00-\x20\\<]", "", unescape(destination))
    scheme, colon, _ = plain.partition(":")
    return not colon or bool(re.search(r"[/?#]", scheme)) or scheme.lower() in _HARMLESS
