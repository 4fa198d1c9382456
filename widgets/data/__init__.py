"""What the pocket models gave, stored for the widgets: `python -m widgets.data.NAME` writes `NAME.json` here.

The generators import torch; the widgets do not.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def write(name: str, content: Any) -> Path:
    """Write `NAME.json`, compactly."""
    path = Path(__file__).with_name(f"{name}.json")
    path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    return path
