"""Where a student reads: the output of a notebook's cell, or a terminal."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any


def notebook_shell() -> Any:
    """Return IPython's shell if we are in a notebook of any kind, else None; IPython is not imported for it."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell if shell is not None and hasattr(shell, "kernel") else None


def show(text: str, html: str, more: Mapping[str, Any] | None = None) -> None:
    """Show the same as text or as HTML, whichever this place can; a notebook also keeps `more`, by MIME type."""
    if notebook_shell() is None:
        print(text)  # noqa: T201 - what a student reads
        return
    from IPython.display import display

    display({"text/plain": text, "text/html": html, **(more or {})}, raw=True)
