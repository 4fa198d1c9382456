"""`nexttoken gallery`: a static site of all widgets, which opens from disk and asks no other place for anything."""

from __future__ import annotations

import html
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import widgets
from widgets.base import Widget

_HOME = Path(__file__).with_name("index.html")
_CARD = """<li><article>
<h2><a href="{address}">{name}</a></h2>
<p class="question">{question}</p>
<a class="picture" href="{address}" tabindex="-1" aria-hidden="true">{picture}</a>
<p>{sentence}</p>
</article></li>
"""


def write_gallery(folder: Path) -> Iterator[Path]:
    """Write the site's pages; existing files of the same names are replaced.

    Parameters
    ----------
    folder
        Where to; made if need be.

    Yields
    ------
    Path
        Each page, when it is written; the last is the index.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cards = []
    for name in widgets.__all__:
        kind: type[Widget] = getattr(widgets, name)
        example = kind.example()
        page = folder / f"{kind.script}.html"
        page.write_text(example.page(f"nexttoken · {name}", home="index.html"), encoding="utf-8")
        yield page
        card = {"address": page.name, "name": name, "question": kind.question, "sentence": _first_sentence(kind)}
        escaped = {key: html.escape(value) for key, value in card.items()}
        cards.append(_CARD.format(**escaped, picture=example.picture()))
    index = folder / "index.html"
    index.write_text(_HOME.read_text(encoding="utf-8").replace("{{CARDS}}", "".join(cards)), encoding="utf-8")
    yield index


def _first_sentence(kind: type[Widget]) -> str:
    """Return what the class's docstring says first."""
    text = " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())
    return re.sub("`", "", text)
