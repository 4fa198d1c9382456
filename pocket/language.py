"""One interface to a causal language model, two million parameters or seven billion.

The model predicts the next token, and no more: `next_logits` is that prediction, `logits` the same for every position
of a text at once, and `complete` calls it in a loop, with the cache that makes the loop quick.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, StoppingCriteria, StoppingCriteriaList

from pocket.errors import PromptTooLongError, SettingError
from pocket.quiet import quiet

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# Enough tokens of the prompt to decode new ones behind: decoded on its own, a first token may lose its space.
_ANCHOR = 4


@dataclass(eq=False)
class LanguageModel:
    """A causal language model and its tokenizer.

    With the loop of chapter 1: ``generate(lm.next_logits, lm.encode(text), 20, choose, lm.stop_tokens, lm.context)``.

    Attributes
    ----------
    name
        What it was loaded as.
    model
        The transformers model, in eval mode. It is yours: nobody else holds it.
    tokenizer
        The transformers tokenizer.
    context
        How many tokens the model reads at most, what it writes included.
    stop_tokens
        Ids that end a text.
    """

    name: str
    model: Any = field(repr=False)
    tokenizer: PreTrainedTokenizerBase = field(repr=False)
    context: int
    stop_tokens: frozenset[int] = field(repr=False)

    @property
    def device(self) -> torch.device:
        """Where the model is now."""
        return torch.device(self.model.device)

    @property
    def dtype(self) -> torch.dtype:
        """The precision of the model's floating point weights."""
        dtype: torch.dtype = self.model.dtype
        return dtype

    def encode(self, text: str) -> list[int]:
        """Turn a text into ids, with what the tokenizer puts before every text (nothing, for the pocket models)."""
        ids: list[int] = self.tokenizer.encode(text, verbose=False)
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """Turn ids into text; special tokens are left out."""
        text = self.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        assert isinstance(text, str)
        return text

    def logits(self, ids: Sequence[int]) -> Tensor:
        """Return the logits of the next token at every position, in one pass.

        Parameters
        ----------
        ids
            T ids, from 1 to `context`.

        Returns
        -------
        Tensor
            Shape (T, V), float32, on the CPU, without gradient. Row t is what the model predicts after ids[: t + 1].

        Raises
        ------
        PromptTooLongError
            If there are more ids than the context holds.
        SettingError
            If there are no ids, or one that the model does not have.
        """
        return self._forward(ids)

    def next_logits(self, ids: Sequence[int]) -> Tensor:
        """Return the logits of the token after these ids, shape (V,): the last row of `logits`, without the others."""
        return self._forward(ids, logits_to_keep=1)[-1]

    def complete(
        self,
        prompt: str,
        *,
        max_new_tokens: int = 64,
        stop: str | Sequence[str] = (),
        temperature: float = 0.0,
        seed: int | None = None,
    ) -> str:
        """Let the model write on from a prompt.

        Parameters
        ----------
        prompt
            The text to go on from. It must leave room for one token at least.
        max_new_tokens
            How many tokens to write at most. Where the context ends, the text ends.
        stop
            Texts that end the answer. The first that occurs is cut off, with all that follows it.
        temperature
            0 takes the likeliest token each time. Above it, tokens are drawn from the softmax of the logits divided
            by it; from all tokens, without top-k, top-p or penalties, whatever the model's own settings say.
        seed
            Makes the draws repeatable and leaves torch's generator as it was. None draws from that generator.

        Returns
        -------
        str
            The new text only.

        Raises
        ------
        PromptTooLongError
            If the prompt fills the context. Nothing is cut silently.
        SettingError
            If an argument makes no sense.
        """
        return self.complete_batch(
            [prompt], max_new_tokens=max_new_tokens, stop=stop, temperature=temperature, seed=seed
        )[0]

    def complete_batch(
        self,
        prompts: Sequence[str],
        *,
        max_new_tokens: int = 64,
        stop: str | Sequence[str] = (),
        temperature: float = 0.0,
        seed: int | None = None,
        batch_size: int = 32,
    ) -> list[str]:
        """Let the model write on from many prompts at once, padded on the left.

        At temperature 0 each gets the text that `complete` gives it. (The sums are made in another order, so two
        logits that differ by a rounding error may change places.) The other arguments, and what is raised, are those
        of `complete`.

        Parameters
        ----------
        prompts
            In any order; prompts of similar length share a batch.
        batch_size
            How many prompts to run at once.
        """
        stops = _checked(max_new_tokens, stop, temperature, batch_size)
        encoded = [self.encode(prompt) for prompt in prompts]
        for at, ids in enumerate(encoded):
            what = "The prompt" if len(encoded) == 1 else f"Prompt {at} (from 0)"
            self._refuse(ids, what, room=1)
        texts = [""] * len(encoded)
        with _seeded(seed, self.device):
            for batch in self._batches(encoded, max_new_tokens, batch_size):
                written = self._write([encoded[at] for at in batch], max_new_tokens, stops, temperature)
                for at, text in zip(batch, written, strict=True):
                    texts[at] = text
        return texts

    def _forward(self, ids: Sequence[int], **options: Any) -> Tensor:
        """Return the logits that one pass gives, (T, V) or fewer rows."""
        ids = list(ids)
        self._refuse(ids, "The text")
        with torch.no_grad():
            batch = torch.tensor([ids], device=self.device)  # (1, T)
            logits: Tensor = self.model(input_ids=batch, use_cache=False, **options).logits  # (1, T, V)
        return logits[0].to("cpu", torch.float32)

    def _refuse(self, ids: Sequence[int], what: str, room: int = 0) -> None:
        """Raise if these ids cannot be read, with so much room left."""
        if not ids:
            raise SettingError(f"{what} is empty: a model needs at least one token to go on from.")
        size = self.model.config.get_text_config().vocab_size
        strange = next((number for number in ids if not 0 <= number < size), None)
        if strange is not None:
            raise SettingError(f"{what} has the id {strange}; {self.name} has the ids 0 to {size - 1}.")
        if len(ids) + room > self.context:
            raise PromptTooLongError(what, len(ids), self.name, self.context, room=room)

    def _batches(self, encoded: list[list[int]], limit: int, size: int) -> Iterator[list[int]]:
        """Yield the prompts' indices in groups of similar length.

        A prompt that will meet the end of the context goes alone: there the others would have to go on without it.
        """
        order = sorted(range(len(encoded)), key=lambda at: len(encoded[at]))
        roomy = [at for at in order if len(encoded[at]) + limit <= self.context]
        for start in range(0, len(roomy), size):
            yield roomy[start : start + size]
        for at in order[len(roomy) :]:
            yield [at]

    def _write(self, prompts: list[list[int]], limit: int, stops: tuple[str, ...], temperature: float) -> list[str]:
        """Return the new text of each prompt of a batch."""
        longest = max(map(len, prompts))
        limit = min(limit, self.context - longest)
        if limit == 0:
            return [""] * len(prompts)
        pad = self.model.generation_config.pad_token_id
        ids = torch.full((len(prompts), longest), pad)  # (B, T)
        mask = torch.zeros_like(ids)
        for row, prompt in enumerate(prompts):
            ids[row, longest - len(prompt) :] = torch.tensor(prompt)
            mask[row, longest - len(prompt) :] = 1
        drawing: dict[str, Any] = {"do_sample": False}
        if temperature > 0:
            drawing = {"do_sample": True, "temperature": float(temperature), "top_k": 0, "top_p": 1.0}
        until = StoppingCriteriaList([_Stops(self, prompts, longest, stops)] if stops else [])
        written = self.model.generate(
            ids.to(self.device),
            attention_mask=mask.to(self.device),
            max_new_tokens=limit,
            stopping_criteria=until,
            **drawing,
        )
        new = written[:, longest:].tolist()  # (B, up to limit)
        return [_cut(self._text(prompt, ids), stops) for prompt, ids in zip(prompts, new, strict=True)]

    def _text(self, prompt: list[int], new: list[int]) -> str:
        """Return what the new ids, up to a stop token, add to the prompt."""
        end = next((at for at, number in enumerate(new) if number in self.stop_tokens), len(new))
        before = self.decode(prompt[-_ANCHOR:])
        text = self.decode(prompt[-_ANCHOR:] + new[:end])
        return text.removeprefix(before) if text.startswith(before) else self.decode(new[:end])


class _Stops(StoppingCriteria):
    """Ends each row of a batch at its first stop text."""

    def __init__(self, lm: LanguageModel, prompts: list[list[int]], start: int, stops: tuple[str, ...]) -> None:
        self.lm, self.prompts, self.start, self.stops = lm, prompts, start, stops

    def __call__(self, input_ids: Tensor, scores: Tensor, **_options: Any) -> Tensor:  # noqa: ARG002 - transformers' signature
        new = input_ids[:, self.start :].tolist()
        texts = [self.lm._text(prompt, ids) for prompt, ids in zip(self.prompts, new, strict=True)]  # noqa: SLF001
        done = [any(stop in text for stop in self.stops) for text in texts]
        return torch.tensor(done, device=input_ids.device)  # (B,)


def load_language_model(folder: Path, *, name: str, device: torch.device, dtype: torch.dtype) -> LanguageModel:
    """Load a causal language model from a folder in Hugging Face's format, without the network.

    Its `generation_config` is reduced to the special tokens: a penalty or a top-k that came with the weights would
    change the probabilities behind the reader's back.
    """
    # On a GPU the weights go there directly: a 7B model twice in the memory of a Colab machine does not fit.
    there: dict[str, Any] = {} if device.type == "cpu" else {"device_map": {"": device}}
    with quiet():
        model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, local_files_only=True, **there)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model.eval()
    ends = model.generation_config.eos_token_id
    stop_tokens = {ends} if isinstance(ends, int) else set(ends or ())
    if tokenizer.eos_token_id is not None:
        stop_tokens.add(tokenizer.eos_token_id)
    pad = tokenizer.pad_token_id
    model.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=sorted(stop_tokens) or None,
        pad_token_id=min(stop_tokens, default=0) if pad is None else pad,
    )
    context = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    if context is None:  # no position is too far for it; the tokenizer may still know what it was trained on
        context = min(tokenizer.model_max_length, sys.maxsize)
    return LanguageModel(name, model, tokenizer, int(context), frozenset(stop_tokens))


def _checked(max_new_tokens: int, stop: str | Sequence[str], temperature: float, batch_size: int) -> tuple[str, ...]:
    """Return the stop texts; raise if an argument makes no sense."""
    stops = (stop,) if isinstance(stop, str) else tuple(stop)
    if "" in stops:
        raise SettingError("A stop text is empty, and would end every answer before it begins.")
    if max_new_tokens < 0:
        raise SettingError(f"max_new_tokens is {max_new_tokens}; it must be 0 or more.")
    if not 0 <= temperature < float("inf"):
        raise SettingError(f"temperature is {temperature}; it must be 0 or larger, and finite.")
    if batch_size < 1:
        raise SettingError(f"batch_size is {batch_size}; it must be 1 or more.")
    return stops


def _cut(text: str, stops: tuple[str, ...]) -> str:
    """Return the text before the first stop text in it."""
    return text[: min((at for stop in stops if (at := text.find(stop)) >= 0), default=len(text))]


@contextmanager
def _seeded(seed: int | None, device: torch.device) -> Iterator[None]:
    """Draw from a generator with this seed, and put torch's own back; without a seed, draw from torch's own."""
    if seed is None:
        yield
        return
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield
