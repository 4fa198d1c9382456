"""LLaVA models of the hub, with the methods of pocket-llava's `VisionLanguageModel`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from pocket.errors import SettingError
from pocket.quiet import quiet

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(eq=False)
class HubVisionLanguageModel:
    """A LLaVA model as transformers has it.

    Attributes
    ----------
    name
        What it was loaded as.
    model
        The transformers model, in eval mode.
    processor
        Turns pictures and texts into what the model reads.
    """

    name: str
    model: Any = field(repr=False)
    processor: Any = field(repr=False)

    @property
    def device(self) -> torch.device:
        """Where the model is now."""
        return torch.device(self.model.device)

    def caption(self, images: Sequence[Image]) -> list[str]:
        """Return a caption for each picture."""
        return self.complete(images, ["Describe the picture in one sentence."] * len(images))

    def answer(self, images: Sequence[Image], questions: Sequence[str]) -> list[str]:
        """Return the answer to one question about each picture."""
        return self.complete(images, questions)

    def complete(self, images: Sequence[Image], prompts: Sequence[str], max_new_tokens: int = 64) -> list[str]:
        """Return the model's reply, the likeliest token each time, to each picture and the prompt that goes with it.

        Raises
        ------
        SettingError
            If there are not as many prompts as pictures.
        """
        if len(images) != len(prompts):
            raise SettingError(
                f"There are {len(images)} pictures and {len(prompts)} prompts: give one prompt a picture."
            )
        return [self._reply(image, prompt, max_new_tokens) for image, prompt in zip(images, prompts, strict=True)]

    def _reply(self, image: Image, prompt: str, max_new_tokens: int) -> str:
        """Return the reply to one picture: a batch of pictures of many tiles each would not fit on Colab's GPU."""
        inputs = self.processor(images=image.convert("RGB"), text=self._turn(prompt), return_tensors="pt")
        inputs = inputs.to(self.model.device, self.model.dtype)  # only floating point changes its dtype
        written = self.model.generate(**inputs, max_new_tokens=max_new_tokens, do_sample=False)
        new = written[0, inputs["input_ids"].shape[1] :]
        return str(self.processor.decode(new, skip_special_tokens=True)).strip()

    def _turn(self, prompt: str) -> str:
        """Return the prompt in the model's own chat format, or in that of LLaVA 1.5."""
        if getattr(self.processor, "chat_template", None) is None:
            return f"USER: <image>\n{prompt} ASSISTANT:"
        turn = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": prompt}]}
        return str(self.processor.apply_chat_template([turn], add_generation_prompt=True))


def load_hub_llava(folder: Path, *, name: str, device: torch.device, dtype: torch.dtype) -> HubVisionLanguageModel:
    """Load a LLaVA model from a folder in Hugging Face's format, without the network."""
    from transformers import AutoModelForImageTextToText, AutoProcessor, GenerationConfig

    there: dict[str, Any] = {} if device.type == "cpu" else {"device_map": {"": device}}
    with quiet():
        model: Any = AutoModelForImageTextToText.from_pretrained(folder, dtype=dtype, local_files_only=True, **there)
        processor = AutoProcessor.from_pretrained(folder, local_files_only=True)
    model.eval()
    given = model.generation_config
    ends = given.eos_token_id if given.eos_token_id is not None else processor.tokenizer.eos_token_id
    first_end = ends[0] if isinstance(ends, list) else ends
    model.generation_config = GenerationConfig(
        bos_token_id=given.bos_token_id,
        eos_token_id=ends,
        pad_token_id=first_end if given.pad_token_id is None else given.pad_token_id,
    )
    return HubVisionLanguageModel(name, model, processor)
