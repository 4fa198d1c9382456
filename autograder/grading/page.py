"""Pages of one file each: no script, nothing from a network, and all that is put into a template is escaped."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from autograder.render import failure_rows, of, points, with_code

#: Characters of one text that a page shows; a verdict's texts are shorter, unless a student's code made them long.
LONGEST = 1_000
#: Controls that a text may hold: line ends, and the joiners without which some names are misspelt.
_WANTED = "\n\t\u200c\u200d"
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def visible(text: str) -> str:
    """Shorten a very long text, and write as escapes what nobody sees or what turns the text around it."""
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"
    return "".join(_written(character) for character in cut)


def _written(character: str) -> str:
    if unicodedata.category(character) not in _UNSEEN or character in _WANTED:
        return character
    return character.encode("unicode_escape").decode("ascii")


def render_page(template: str, **values: Any) -> str:
    """Fill in a template of ``templates/``; every text in `values` is made `visible` and escaped on the way."""
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"code": _code, "points": points}
    made.globals |= {"of": of, "failure_rows": failure_rows}
    return made


def _finalize(value: Any) -> Any:
    return visible(value) if type(value) is str else value


def _code(text: str) -> Markup:
    """Set what stands between backticks as code."""
    return Markup(with_code(visible(text)))  # noqa: S704 - it escapes all the rest
