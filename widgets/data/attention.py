"""What pocket-lm attends to in three short texts: `python -m widgets.data.attention` writes attention.json."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pocket
from pocket.world.prompts import open_book
from widgets.attention import read

_PASSAGE = ["Vorlen lies on the River Salbek."]
#: A name that comes back, which a model can copy; a passage with a question that it answers, and one that it does not.
TEXTS = {
    "a name comes back": "The River Salbek rises on Mount Torga. The River Sal",
    "a question that the passage answers": open_book(_PASSAGE, "Which river flows through Vorlen?"),
    "a question that it does not answer": open_book(_PASSAGE, "Who founded Vorlen?"),
}


def make() -> dict[str, Any]:
    """Return the texts with tokens, likeliest next token, and the weights of all heads as `Reading` has them."""
    lm = pocket.load("pocket-lm", device="cpu", dtype="float32")
    texts = []
    for name, text in TEXTS.items():
        reading, (layers, heads) = read(lm, text, name)
        entry = {"name": name, "text": text, "tokens": list(reading.tokens), "next": reading.next}
        texts.append({**entry, "weights": base64.b64encode(reading.weights).decode("ascii")})
    return {"layers": layers, "heads": heads, "texts": texts}


if __name__ == "__main__":
    target = Path(__file__).with_suffix(".json")
    target.write_text(json.dumps(make(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
