"""How often pocket-lm would accept what pocket-draft proposes."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from pocket.evaluate.lm import SEED, SIZE, contexts
from pocket.evaluate.measure import Measure, mean
from pocket.world import World, chain
from pocket.world.prompts import agent

if TYPE_CHECKING:
    from pocket.language import LanguageModel

CONTINUED = 40  # tokens after each prompt
SHOWN = 12  # tokens of a document that make a prompt


def acceptance(target: LanguageModel, draft: LanguageModel, n: int = 500) -> list[Measure]:
    """Measure the mean probability, at temperature 1, that a token drawn from the draft is accepted for the target.

    That probability is the sum of min(p, q) over the vocabulary (Leviathan and others, 2023), so it is computed and not
    sampled. The positions are those of texts that the target itself writes after held-out prompts; the interval is
    over prompts.
    """
    rng = Random(f"{SEED}/draft")
    measures, everything = [], []
    for kind in ("passages", "agent", "prose"):
        prompts = _prompts(target, kind, rng, n // 3 + 1)
        values = [accepted(target, draft, prompt, seed) for seed, prompt in enumerate(prompts)]
        measures.append(mean(f"{draft.name}: acceptance, {kind}", values))
        everything += values
    return [mean(f"{draft.name}: acceptance at temperature 1", everything, at_least=0.6), *measures]


def overlap(p: Tensor, q: Tensor) -> Tensor:
    """Return the probability that a token drawn from q is accepted for p: the sum of min(p, q) over the last axis.

    Leviathan and others, *Fast Inference from Transformers via Speculative Decoding*, ICML 2023, section 3.
    """
    return torch.minimum(p, q).sum(-1)


def accepted(target: LanguageModel, draft: LanguageModel, prompt: str, seed: int) -> float:
    """Return the mean acceptance over what the target writes after one prompt."""
    start = len(target.encode(prompt))
    written = target.complete(prompt, max_new_tokens=CONTINUED, temperature=1.0, seed=seed)
    ids = target.encode(prompt + written)
    p, q = (model.logits(ids).softmax(-1) for model in (target, draft))  # (T, V)
    return float(overlap(p, q)[start - 1 :].mean())


def _prompts(model: LanguageModel, kind: str, rng: Random, n: int) -> list[str]:
    world = World(f"{SEED}/draft", "held-out", SIZE)
    if kind == "passages":
        return [prompt for _, prompt in contexts(world, rng, 4, n, gold=True)]
    if kind == "agent":
        return [agent(chain(world, rng).text) for _ in range(n)]
    documents = rng.choices(world.documents, k=n)
    return [model.decode(model.encode(document.text)[:SHOWN]) for document in documents]
