"""A language model that sees: pocket-clip's patches, a projector, and pocket-lm.

The design is LLaVA's (Liu and others, *Visual Instruction Tuning*, NeurIPS 2023): the features of each patch, from the
layer before the last, are projected to where the language model keeps its token embeddings, and stand in the prompt
like words.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from pocket.world.prompts import closed_book

if TYPE_CHECKING:
    from PIL.Image import Image
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

CONFIG = "llava_config.json"
PROJECTOR = "projector.safetensors"
IMAGE = "<image>"


class Projector(nn.Sequential):
    """Two layers that carry patch features to token embeddings, as in LLaVA-1.5: (N, P, d_vision) to (N, P, d)."""

    def __init__(self, vision: int, language: int) -> None:
        super().__init__(nn.Linear(vision, language), nn.GELU(), nn.Linear(language, language))


class PatchFeatures(nn.Module):
    """The features of every patch from the layer before the last of an open_clip vision transformer.

    Parameters
    ----------
    tower
        The `visual` part of an open_clip model.
    """

    def __init__(self, tower: nn.Module) -> None:
        super().__init__()
        self.tower = tower

    @torch.no_grad()
    def forward(self, pixels: Tensor) -> Tensor:
        """Return features (N, P, d_vision) of preprocessed pictures (N, 3, H, W); the class token is left out."""
        outputs = self.tower.forward_intermediates(  # type: ignore[operator]
            pixels, indices=[-2], output_fmt="NLC", intermediates_only=True
        )
        features = outputs["image_intermediates"][0]
        assert isinstance(features, Tensor)
        return features


@dataclass
class VisionLanguageModel:
    """A model that answers questions about pictures.

    Attributes
    ----------
    name
        What it was loaded as.
    vision, projector, language
        The three parts: pictures to patch features, features to embeddings, embeddings to text.
    tokenizer, preprocess
        Text to tokens; a PIL image to pixels (3, H, W).
    """

    name: str
    vision: PatchFeatures
    projector: Projector
    language: LlamaForCausalLM
    tokenizer: PreTrainedTokenizerFast
    preprocess: Any

    @property
    def device(self) -> torch.device:
        """Where the model computes."""
        return next(self.projector.parameters()).device

    def caption(self, images: Sequence[Image]) -> list[str]:
        """Return a caption for each picture."""
        return self.complete(images, ["\nCaption:"] * len(images))

    def answer(self, images: Sequence[Image], questions: Sequence[str]) -> list[str]:
        """Return the answer to one question about each picture."""
        return self.complete(images, [f"\n{closed_book(question)}" for question in questions])

    @torch.no_grad()
    def complete(self, images: Sequence[Image], prompts: Sequence[str], max_new_tokens: int = 64) -> list[str]:
        """Go on, greedily, with a text that starts with "Picture:", the picture, and the prompt.

        Raises
        ------
        ValueError
            If there are not as many prompts as pictures.
        """
        if len(images) != len(prompts):
            raise ValueError(f"{len(images)} pictures and {len(prompts)} prompts: give one prompt for each picture")
        dtype = next(self.projector.parameters()).dtype
        pixels = torch.stack([self.preprocess(image) for image in images]).to(self.device, dtype)
        seen = self.projector(self.vision(pixels))  # (N, P, d)
        rows = [splice(self.language, self.tokenizer, row, prompt) for row, prompt in zip(seen, prompts, strict=True)]
        length = max(len(row) for row in rows)
        embeddings = seen.new_zeros(len(rows), length, seen.shape[-1])
        mask = torch.zeros(len(rows), length, dtype=torch.long, device=self.device)
        for index, row in enumerate(rows):  # padded on the left, so that every row ends where writing begins
            embeddings[index, length - len(row) :] = row
            mask[index, length - len(row) :] = 1
        written = self.language.generate(  # type: ignore[misc]
            inputs_embeds=embeddings, attention_mask=mask, max_new_tokens=max_new_tokens, do_sample=False
        )
        assert isinstance(written, Tensor)
        return [text.strip() for text in self.tokenizer.batch_decode(written.tolist(), skip_special_tokens=True)]


def splice(language: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, seen: Tensor, prompt: str) -> Tensor:
    """Return the embeddings of "Picture:", of the picture's patches (P, d), and of a prompt: shape (T, d)."""
    before, after = (torch.tensor(ids, device=seen.device) for ids in picture_prompt(tokenizer, prompt))
    embed = language.get_input_embeddings()
    return torch.cat([embed(before), seen, embed(after)])


def picture_prompt(tokenizer: PreTrainedTokenizerFast, prompt: str) -> tuple[list[int], list[int]]:
    """Return the tokens before and after a picture."""
    before = tokenizer.backend_tokenizer.encode("Picture:").ids
    return before, tokenizer.backend_tokenizer.encode(prompt).ids


def load_llava(folder: Path, device: torch.device | str, dtype: torch.dtype) -> VisionLanguageModel:
    """Load a model from its folder: the projector, the adapter, and the names of the two models that they join."""
    import open_clip
    from peft import PeftModel
    from safetensors.torch import load_file
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    language_folder, vision_folder = (folder.parent / config[part] for part in ("language_model", "vision_tower"))
    clip, preprocess = open_clip.create_model_from_pretrained(f"local-dir:{vision_folder}")
    base = LlamaForCausalLM.from_pretrained(language_folder, dtype=dtype)
    language = PeftModel.from_pretrained(base, folder).merge_and_unload()
    projector = Projector(clip.visual.transformer.width, base.config.hidden_size)
    projector.load_state_dict(load_file(folder / PROJECTOR))
    return VisionLanguageModel(
        name=folder.name,
        vision=PatchFeatures(clip.visual).to(device, dtype).eval(),
        projector=projector.to(device, dtype).eval(),
        language=language.to(device).eval(),
        tokenizer=PreTrainedTokenizerFast.from_pretrained(language_folder),
        preprocess=preprocess,
    )
