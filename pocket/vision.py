"""One interface to a CLIP-like model: pictures and texts as vectors of one space.

Radford et al., 2021, "Learning Transferable Visual Models From Natural Language Supervision".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from pocket.errors import PromptTooLongError, SettingError
from pocket.quiet import quiet

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(eq=False)
class ImageTextModel:
    """A model that embeds pictures and texts.

    Attributes
    ----------
    name
        What it was loaded as.
    model
        The open_clip model, in eval mode. It is yours: nobody else holds it.
    preprocess
        Takes a picture and returns what the model reads, shape (3, H, W).
    tokenizer
        Takes texts and returns ids, shape (N, `context`).
    context
        How many tokens a text may have.
    """

    name: str
    model: torch.nn.Module = field(repr=False)
    preprocess: Callable[[Image], Tensor] = field(repr=False)
    tokenizer: Any = field(repr=False)
    context: int

    @property
    def device(self) -> torch.device:
        """Where the model is now."""
        return next(self.model.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """The precision of the model's weights."""
        return next(self.model.parameters()).dtype

    @property
    def logit_scale(self) -> float:
        """What a dot product is multiplied by before the softmax: 1 / temperature, and learned."""
        scale: Tensor = self.model.logit_scale  # type: ignore[assignment]
        return float(scale.detach().float().exp())

    @property
    def temperature(self) -> float:
        """The temperature of the softmax over dot products."""
        return 1 / self.logit_scale

    def embed_images(self, images: Image | Sequence[Image], *, batch_size: int = 64) -> Tensor:
        """Return the pictures' embeddings.

        Parameters
        ----------
        images
            One PIL picture or N.
        batch_size
            How many pictures to run at once.

        Returns
        -------
        Tensor
            Shape (N, D), float32, on the CPU, without gradient, each row of length 1; N is 1 for a single picture.
        """
        from PIL.Image import Image

        images = [images] if isinstance(images, Image) else list(images)
        strange = next((image for image in images if not isinstance(image, Image)), None)
        if strange is not None:
            raise SettingError(f"A picture is a PIL.Image, not a {type(strange).__name__}; PIL.Image.open reads files.")
        pixels = [self.preprocess(image) for image in images]
        batches = [torch.stack(pixels[at : at + batch_size]) for at in range(0, len(pixels), batch_size)]
        return self._embed("encode_image", [batch.to(self.dtype) for batch in batches])

    def embed_texts(self, texts: str | Sequence[str], *, batch_size: int = 256) -> Tensor:
        """Return the texts' embeddings.

        Parameters
        ----------
        texts
            One text or N.
        batch_size
            How many texts to run at once.

        Returns
        -------
        Tensor
            Shape (N, D), float32, on the CPU, without gradient, each row of length 1; N is 1 for a single text.

        Raises
        ------
        PromptTooLongError
            If a text has more tokens than the context holds. Nothing is cut silently.
        """
        texts = [texts] if isinstance(texts, str) else list(texts)
        for text in texts:
            length = self._length(text)
            if length > self.context:
                raise PromptTooLongError(f"The text {text[:40]!r}", length, self.name, self.context)
        batches = [self.tokenizer(texts[at : at + batch_size]) for at in range(0, len(texts), batch_size)]
        return self._embed("encode_text", batches)

    def classify(self, image: Image, labels: Sequence[str]) -> dict[str, float]:
        """Return how probable each text is for a picture, the likeliest first, without any training on these labels.

        Parameters
        ----------
        image
            A PIL picture.
        labels
            Texts that differ, at least one; best whole captions, such as "a red circle".

        Returns
        -------
        dict[str, float]
            The softmax over the labels of `logit_scale` times the dot product; the values sum to 1.
        """
        labels = [labels] if isinstance(labels, str) else list(labels)
        if not labels or len(set(labels)) < len(labels):
            raise SettingError("Labels must differ, and there must be at least one.")
        likeness = self.embed_images(image) @ self.embed_texts(labels).T  # (1, N)
        chances = (self.logit_scale * likeness[0]).softmax(dim=0).tolist()
        return dict(sorted(zip(labels, chances, strict=True), key=lambda pair: -pair[1]))

    def _embed(self, method: str, batches: list[Tensor]) -> Tensor:
        """Run batches through one of the towers, (N, D)."""
        tower = getattr(self.model, method)
        with torch.no_grad():
            # Normalised in float32: in half precision a row's length would be off by a thousandth.
            rows = [tower(batch.to(self.device)).to("cpu", torch.float32) for batch in batches]
        if not rows:
            return torch.zeros(0, self._width())
        return torch.nn.functional.normalize(torch.cat(rows), dim=-1)

    def _width(self) -> int:
        """Return D."""
        return int(self.embed_texts("a").shape[1])

    def _length(self, text: str) -> int:
        """Return how many tokens a text has with its start and end, or 0 where the tokenizer has no way to say."""
        inner = getattr(self.tokenizer, "tokenizer", None)  # open_clip's wrapper of a transformers tokenizer
        if inner is not None:
            return len(inner.encode(self.tokenizer.clean_fn(text), verbose=False))
        encode = getattr(self.tokenizer, "encode", None)  # CLIP's own
        return 0 if encode is None else len(encode(text)) + 2


def load_image_text_model(folder: Path, *, name: str, device: torch.device, dtype: torch.dtype) -> ImageTextModel:
    """Load an open_clip model from a folder with ``open_clip_config.json``, without the network."""
    with quiet():
        import open_clip

        source = f"local-dir:{folder}"
        model, _, preprocess = open_clip.create_model_and_transforms(source)
        tokenizer = open_clip.get_tokenizer(source)
    model = model.to(device=device, dtype=dtype).eval()
    return ImageTextModel(name, model, preprocess, tokenizer, int(tokenizer.context_length))
