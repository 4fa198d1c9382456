"""What the tokenizer of a language model has learned, in the ids of one whose first 256 ids are the bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pocket.language import LanguageModel


class ByteTokenizer(Protocol):
    """What chapter 1 calls `BPETokenizer`."""

    merges: list[tuple[int, int]]

    def encode(self, text: str) -> list[int]:
        """Turn a text into ids."""
        ...

    def decode(self, ids: list[int]) -> str:
        """Turn ids into a text."""
        ...


@dataclass(frozen=True)
class Vocabulary:
    """The merges of a byte-level tokenizer, and how its ids and ours belong together.

    Attributes
    ----------
    merges
        Pairs of ids: ids 0 to 255 are the bytes, and merge number i makes id 256 + i.
    ids
        The model's own id for each of these.
    """

    merges: list[tuple[int, int]]
    ids: list[int]
    _cutter: Any = field(repr=False)

    @classmethod
    def of(cls, lm: LanguageModel) -> Vocabulary:
        """Read it from a language model's tokenizer, which must be byte-level BPE, as of GPT-2, Llama 3 or Qwen."""
        tokenizer: Any = lm.tokenizer
        backend = tokenizer.backend_tokenizer
        model = json.loads(backend.to_str())["model"]
        ours = {character: byte for byte, character in enumerate(_characters())}
        merges = []
        for left, right in model["merges"]:
            merges.append((ours[left], ours[right]))
            ours[left + right] = 255 + len(merges)
        return cls(merges, [model["vocab"][piece] for piece in ours], backend.pre_tokenizer)

    def cut(self, text: str) -> list[str]:
        """Cut a text as the model's tokenizer does before it merges: words with their space, single digits."""
        return [text[start:end] for _, (start, end) in self._cutter.pre_tokenize_str(text)]

    def encode(self, tokenizer: ByteTokenizer, text: str) -> list[int]:
        """Turn a text into the model's ids with another tokenizer, which is given these merges."""
        tokenizer.merges = self.merges
        return [self.ids[number] for piece in self.cut(text) for number in tokenizer.encode(piece)]

    def decode(self, tokenizer: ByteTokenizer, ids: Sequence[int]) -> str:
        """Turn the model's ids into text with another tokenizer; special tokens are left out."""
        tokenizer.merges = self.merges
        ours = {number: place for place, number in enumerate(self.ids)}
        return tokenizer.decode([ours[number] for number in ids if number in ours])


def _characters() -> list[str]:
    """Return the character that byte-level tokenizers write for each byte (Radford and others, 2019)."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return [chr(byte if byte in printable else next(others)) for byte in range(256)]
