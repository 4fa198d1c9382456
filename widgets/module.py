"""The ES module of a widget: the shared core and the widget's own file as one text, and a page that runs it."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

_JS = Path(__file__).parent / "js"
_IMPORT = re.compile(r"^import .*\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)
_DEFAULT = re.compile(r"^export default ", re.MULTILINE)


def compose(name: str) -> str:
    """Return the ES module of the widget `name`: `js/core.js`, then `js/<name>.js` without its import of the core."""
    core = (_JS / "core.js").read_text(encoding="utf-8")
    own = (_JS / f"{name}.js").read_text(encoding="utf-8")
    return _EXPORT.sub("", core) + _IMPORT.sub("", own)


def page(name: str, heading: str, state: dict[str, Any], shared: list[str], fallback: str) -> str:
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
    """
    # A module written inside a page cannot be imported by it: there the default export becomes a name.
    script = _DEFAULT.sub("const face = ", _EXPORT.sub("", compose(name)))
    data = json.dumps({"state": state, "shared": shared}, allow_nan=False).replace("<", "\\u003c")
    parts = {"HEADING": html.escape(heading), "FALLBACK": fallback, "DATA": data, "SCRIPT": script}
    template = (_JS / "page.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda hole: parts[hole[1]], template)
