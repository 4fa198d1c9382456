"""A pocket language model put together from parts, so that yours can stand in the place of the library's.

parts = assembly.assemble(lm, globals())     # what chapter 1 asks for, under its own names
print(parts)                                 # whose is in place, and why
print(parts.write("The tower of"))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import TopKLogitsWarper, TopPLogitsWarper

from pocket.language import LanguageModel
from pocket.vocabulary import Vocabulary

Attend = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]
Choose = Callable[[Tensor], int]

#: What every part is tried on: words, digits, names, and characters of two, three and four bytes.
_TEXT = "The Sorsha Tower (321 metres)\nstands in Mornäth, 日 🗼."
_CLOSE = 1e-3


def rotate(vectors: Tensor, base: float) -> Tensor:
    """Turn queries or keys by an angle that grows with their position: RoPE (Su and others, 2021) in Llama's layout.

    Parameters
    ----------
    vectors
        Shape (..., T, d). Number i of the first half and number i of the second are a point in the plane.

    Returns
    -------
    Tensor
        The same shape; at position t, point i is turned by t / base^(2 i / d).
    """
    length, d = vectors.shape[-2:]
    speeds = base ** (-torch.arange(0, d, 2, device=vectors.device) / d)  # (d / 2,)
    angles = torch.outer(torch.arange(length, device=vectors.device), speeds)  # (T, d / 2)
    first, second = vectors.chunk(2, dim=-1)  # (..., T, d / 2)
    cos, sin = angles.cos(), angles.sin()
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


def forward(
    lm: LanguageModel, ids: Sequence[int], multi_head_attention: Callable[..., Tensor], attend: Attend
) -> Tensor:
    """Run a Llama with another attention in the place of its own: the whole way from ids to logits.

    Returns
    -------
    Tensor
        Shape (T, V): after each position, the logits of the next token.
    """
    config, llama = lm.model.config, lm.model.model
    base = float(config.rope_parameters["rope_theta"])
    heads = (config.num_attention_heads, config.num_key_value_heads)
    x = llama.embed_tokens(torch.tensor(list(ids), device=lm.device))  # (T, D), a vector for each token
    for layer in llama.layers:
        own = layer.self_attn
        weights = (own.q_proj.weight, own.k_proj.weight, own.v_proj.weight, own.o_proj.weight)
        normed = layer.input_layernorm(x)
        x = x + multi_head_attention(normed, *weights, *heads, attend, lambda vectors: rotate(vectors, base))
        x = x + layer.mlp(layer.post_attention_layernorm(x))  # each position by itself
    logits: Tensor = lm.model.lm_head(llama.norm(x))
    return logits


@dataclass(frozen=True)
class Part:
    """One part of an assembled model."""

    name: str
    #: Why the library's is in its place; empty if yours is.
    why: str = ""


@dataclass(frozen=True)
class Assembly:
    """A language model of parts; `assemble` makes it.

    Attributes
    ----------
    parts
        Whose each part is.
    encode, decode, next_logits
        As of a `LanguageModel`.
    softmax, top_k, top_p, loop
        As the exercises `softmax_temperature`, `top_k_filter`, `top_p_filter` and `generate`.
    """

    parts: tuple[Part, ...]
    encode: Callable[[str], list[int]] = field(repr=False)
    decode: Callable[[list[int]], str] = field(repr=False)
    next_logits: Callable[[list[int]], Tensor] = field(repr=False)
    softmax: Callable[[Tensor, float], Tensor] = field(repr=False)
    top_k: Callable[[Tensor, int], Tensor] = field(repr=False)
    top_p: Callable[[Tensor, float], Tensor] = field(repr=False)
    loop: Callable[..., list[int]] = field(repr=False)
    lm: LanguageModel = field(repr=False)

    def __str__(self) -> str:
        rows = [f"{part.name:<21} {f'the library’s ({part.why})' if part.why else 'yours'}" for part in self.parts]
        yours = sum(not part.why for part in self.parts)
        return "\n".join([*rows, f"{yours} of {len(rows)} parts are yours."])

    def write(
        self,
        prompt: str,
        max_new_tokens: int = 30,
        *,
        temperature: float = 0.0,
        top_k: int | None = None,
        top_p: float = 1.0,
        seed: int = 0,
    ) -> str:
        """Let the parts write on from a prompt, and return what is new.

        Parameters
        ----------
        temperature
            At 0 the likeliest token is taken each time; above it, tokens are drawn.
        top_k, top_p
            Draw only from so many tokens, or from the likeliest that make up this share; None and 1 for all of them.
            They act on the logits before the temperature does.
        seed
            Makes the draws repeatable.
        """
        dice = torch.Generator().manual_seed(seed)

        def choose(logits: Tensor) -> int:
            kept = logits if top_k is None else self.top_k(logits, top_k)
            kept = kept if top_p == 1 else self.top_p(kept, top_p)
            shares = self.softmax(kept, temperature)
            return int(torch.multinomial(shares, 1, generator=dice)) if temperature else int(shares.argmax())

        ids = self.encode(prompt)
        new = self.loop(self.next_logits, ids, max_new_tokens, choose, self.lm.stop_tokens, self.lm.context)
        return self.decode(new)


def assemble(lm: LanguageModel, mine: Mapping[str, Any]) -> Assembly:
    """Put a language model together from your parts.

    Each part is tried on this model first. Where it is missing, fails or disagrees with the library, the library's
    stands in for it.

    Parameters
    ----------
    lm
        A Llama on the CPU with a byte-level tokenizer, such as ``pocket.load("pocket-lm")``.
    mine
        The exercises of chapter 1 under their names: `globals()` in their notebook.
    """
    parts: list[Part] = []

    def pick(name: str, agrees: Callable[[Any], bool], library: Any) -> Any:
        why = _objection(mine, name, agrees)
        parts.append(Part(name, why))
        return library if why else mine[name]

    ids = lm.encode(_TEXT)
    logits = lm.next_logits(ids)
    vocabulary = Vocabulary.of(lm)
    tokenizer = pick("BPETokenizer", lambda made: vocabulary.encode(made(), _TEXT) == ids, None)
    attend = pick("causal_attention", _attends, _attention)
    several = pick("multi_head_attention", lambda made: _close(_next(lm, made, attend)(ids), logits), None)
    softmax = pick("softmax_temperature", lambda made: _close(made(logits, 0.7), _softmax(logits, 0.7)), _softmax)
    top_k = pick("top_k_filter", lambda made: _close(made(logits, 7), _top_k(logits, 7)), _top_k)
    top_p = pick("top_p_filter", lambda made: _close(made(logits, 0.8), _top_p(logits, 0.8)), _top_p)
    start = lm.encode("The ")
    request = (lm.next_logits, start, 8, lambda z: int(z.argmax()), lm.stop_tokens, lm.context)
    loop = pick("generate", lambda made: made(*request) == _loop(*request), _loop)
    return Assembly(
        tuple(parts),
        (lambda text: vocabulary.encode(tokenizer(), text)) if tokenizer else lm.encode,
        (lambda ids: vocabulary.decode(tokenizer(), ids)) if tokenizer else lm.decode,
        _next(lm, several, attend) if several else lm.next_logits,
        *(softmax, top_k, top_p, loop, lm),
    )


def _objection(mine: Mapping[str, Any], name: str, agrees: Callable[[Any], bool]) -> str:
    """Say why a part cannot be used; nothing if it can."""
    if name not in mine:
        return "not there"
    try:
        return "" if agrees(mine[name]) else f"yours gives something else; see check({name})"
    except NotImplementedError:
        return "not written yet"
    except Exception as error:
        return f"yours raised {type(error).__name__}; see check({name})"


def _close(ours: Tensor, theirs: Tensor) -> bool:
    return torch.equal(ours.isinf(), theirs.isinf()) and torch.allclose(ours, theirs, atol=_CLOSE)


def _next(lm: LanguageModel, several: Callable[..., Tensor], attend: Attend) -> Callable[[Sequence[int]], Tensor]:
    """Return a `next_logits` that goes through another attention."""

    def next_logits(ids: Sequence[int]) -> Tensor:
        with torch.no_grad():
            return forward(lm, ids, several, attend)[-1].float()

    return next_logits


# --- what stands in


def _attention(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    everyone = torch.eye(q.shape[-2], dtype=q.dtype).expand(*q.shape[:-1], -1)
    return (
        scaled_dot_product_attention(q, k, v, is_causal=True),
        scaled_dot_product_attention(q, k, everyone, is_causal=True),
    )


def _attends(attend: Attend) -> bool:
    q, k, v = torch.randn(3, 2, 5, 4, generator=torch.Generator().manual_seed(0))
    return all(_close(ours, theirs) for ours, theirs in zip(attend(q, k, v), _attention(q, k, v), strict=True))


def _softmax(logits: Tensor, temperature: float) -> Tensor:
    if temperature == 0:
        return (logits == logits.amax(dim=-1, keepdim=True)).float()
    return (logits / temperature).softmax(dim=-1)


def _top_k(logits: Tensor, k: int) -> Tensor:
    kept: Tensor = TopKLogitsWarper(k)(torch.zeros(1, 1), logits[None])[0]
    return kept


def _top_p(logits: Tensor, p: float) -> Tensor:
    kept: Tensor = TopPLogitsWarper(p)(torch.zeros(1, 1), logits[None])[0]
    return kept


def _loop(
    model: Callable[[list[int]], Tensor],
    prompt: list[int],
    limit: int,
    choose: Choose,
    stops: frozenset[int],
    context: int,
) -> list[int]:
    written: list[int] = []
    while len(written) < limit and (token := choose(model([*prompt, *written][-context:]))) not in stops:
        written.append(token)
    return written
