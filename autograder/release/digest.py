"""How a generated notebook is told from one that somebody has worked in."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any


def digest(notebook: dict[str, Any]) -> str:
    """Hash what a person could have changed: the cells' kinds and sources in order, and any outputs."""
    cells = [
        [cell.get("cell_type"), _joined(cell.get("source", "")), cell.get("outputs") or []]
        for cell in notebook.get("cells", [])
    ]
    return hashlib.sha256(json.dumps(cells, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


def is_untouched(path: Path) -> bool:
    """Say whether a notebook on disk is as it was generated; an unreadable file counts as somebody's work."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        return bool(notebook["metadata"]["nexttoken"]["digest"] == digest(notebook))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return False


def _joined(source: Any) -> str:
    return "".join(source) if isinstance(source, list) else str(source)
