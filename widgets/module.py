"""The ES module of a widget: its file and those it imports as one text, and a page that runs it."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

from widgets.squeeze import names, squeeze

_JS = Path(__file__).parent / "js"
_IMPORT = re.compile(r'^import [^;]* from "\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)
_DEFAULT = re.compile(r"^export default ", re.MULTILINE)
_TITLE = re.compile(r'^  title: "(.*)",$', re.MULTILINE)
#: What begins at the left margin of a shared file.
_DECLARATION = re.compile(r"^(?:export )?(?:async )?(?:function|const|class) (\w+)", re.MULTILINE)


def compose(name: str) -> str:
    """Return the ES module of the widget `name`, without comments and spaces."""
    return squeeze(_joined(name))


def _joined(name: str) -> str:
    """Return a widget's file behind what it uses of the files that it imports."""
    pieces: dict[str, str] = {}

    def add(piece: str) -> None:
        source = (_JS / f"{piece}.js").read_text(encoding="utf-8")
        for imported in _IMPORT.findall(source):
            if imported not in pieces:
                add(imported)
        pieces[piece] = _IMPORT.sub("", source)

    add(name)
    own = pieces.pop(name)
    return _EXPORT.sub("", _used("".join(pieces.values()), own)) + own


def _used(shared: str, own: str) -> str:
    """Return those declarations of the shared files that the widget's own text needs, directly or through others."""
    starts = [*(found.start() for found in _DECLARATION.finditer(shared)), len(shared)]
    declared = {
        found[1]: shared[start:end]
        for found, start, end in zip(_DECLARATION.finditer(shared), starts, starts[1:], strict=False)
    }
    needed: set[str] = set()
    texts = [own]
    while texts:
        new = (declared.keys() & names(texts.pop())) - needed
        needed |= new
        texts += [declared[name] for name in new]
    return "".join(text for name, text in declared.items() if name in needed)


def question(name: str) -> str:
    """Return the question that the widget `name` answers: its title, as its JavaScript has it."""
    source = (_JS / f"{name}.js").read_text(encoding="utf-8")
    found = _TITLE.search(source)
    if found is None:
        raise ValueError(f"js/{name}.js has no line 'title: \"...\",'")
    return found[1]


def page(name: str, heading: str, state: dict[str, Any], shared: list[str], fallback: str, home: str = "") -> str:
    """Return a self-contained HTML page: module, state and a host for them, and nothing to fetch.

    Parameters
    ----------
    name
        The widget's file in `js/`.
    heading
        What the page is called, as plain text.
    state
        The traits by name; bytes travel as `{"base64": ...}`.
    shared
        The traits that a reader may change. They are kept in the address, after the #, so that a copied
        address opens in the same state.
    fallback
        HTML for a reader whose browser runs no script.
    home
        The address of a page that lists all widgets, if there is one.
    """
    # A module written inside a page cannot be imported by it: there the default export becomes a name.
    script = squeeze(_DEFAULT.sub("const face = ", _EXPORT.sub("", _joined(name))))
    data = json.dumps({"state": state, "shared": shared}, allow_nan=False).replace("<", "\\u003c")
    way = f'<nav><a href="{html.escape(home)}">All widgets</a></nav>' if home else ""
    parts = {"HEADING": html.escape(heading), "HOME": way, "FALLBACK": fallback, "DATA": data, "SCRIPT": script}
    template = (_JS / "page.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda hole: parts[hole[1]], template)
