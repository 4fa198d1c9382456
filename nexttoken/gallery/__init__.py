"""`nexttoken gallery`: a static site of all widgets, which opens from disk and asks no other place for anything."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path

from nexttoken.exhibits import EXHIBITS

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
    for exhibit in EXHIBITS:
        example = exhibit.kind.example()
        page = folder / f"{exhibit.name}.html"
        page.write_text(example.page(f"nexttoken · {exhibit.widget}", home="index.html"), encoding="utf-8")
        yield page
        card = {
            "address": page.name,
            "name": exhibit.widget,
            "question": exhibit.title,
            "sentence": exhibit.sentence,
        }
        escaped = {key: html.escape(value) for key, value in card.items()}
        cards.append(_CARD.format(**escaped, picture=example.picture()))
    index = folder / "index.html"
    index.write_text(_HOME.read_text(encoding="utf-8").replace("{{CARDS}}", "".join(cards)), encoding="utf-8")
    yield index
