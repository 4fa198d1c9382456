"""Which pocket models there are, and where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["language", "image-text", "vision-language", "embedding"]

FOLDER = Path(__file__).parent / "models"
"""Where the committed weights lie, one folder a model."""


@dataclass(frozen=True)
class PocketModel:
    """A model that needs no network.

    Attributes
    ----------
    name
        What `pocket.load` takes.
    kind
        Which interface it gets.
    summary
        What it is, in a line.
    parts
        The folders below `pocket/models` that it is loaded from; none for a model that a third party's package carries.
    """

    name: str
    kind: Kind
    summary: str
    parts: tuple[str, ...]


MODELS = {
    model.name: model
    for model in (
        PocketModel(
            "pocket-lm",
            "language",
            "a small Llama that answers from passages and uses tools in the ReAct format",
            ("pocket-lm",),
        ),
        PocketModel(
            "pocket-draft",
            "language",
            "a much smaller Llama with pocket-lm's tokenizer, to draft for speculative decoding",
            ("pocket-draft",),
        ),
        PocketModel(
            "pocket-clip",
            "image-text",
            "a tiny CLIP of coloured shapes and their captions, in open_clip's format",
            ("pocket-clip",),
        ),
        PocketModel(
            "pocket-llava",
            "vision-language",
            "pocket-clip's patches projected into pocket-lm: captions pictures and answers about them",
            ("pocket-llava", "pocket-clip", "pocket-lm"),
        ),
        PocketModel("minilm", "embedding", "the real all-MiniLM-L6-v2, for sentence embeddings", ()),
    )
}
"""All pocket models by name."""


def stand_in(name: str) -> str:
    """Return the pocket model to use where a hub model cannot be had; its name is all there is to go by."""
    lower = name.lower()
    if any(word in lower for word in ("llava", "-vl", "vision")):
        return "pocket-llava"
    if "clip" in lower:
        return "pocket-clip"
    if any(word in lower for word in ("sentence-transformers/", "minilm", "embed", "/bge-", "/e5-", "/gte-")):
        return "minilm"
    return "pocket-lm"
