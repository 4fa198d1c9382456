"""The probes of perplexity."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from autograder.draws import Rng
from autograder.probes.next_token.chapter import chapter
from autograder.proxy import Impl

perplexity = chapter.function(
    "perplexity",
    title="Perplexity",
    minutes=20,
    difficulty=2,
    oracle="transformers' loss of a causal language model",
)


def _tokens(rng: Rng, *shape: int, vocabulary: int) -> Tensor:
    """Draw labels in which no token is followed by itself."""
    steps = torch.from_numpy(rng.integers(1, vocabulary, size=shape))
    return steps.cumsum(dim=-1) % vocabulary


def _sure(labels: Tensor, vocabulary: int, heights: Tensor) -> Tensor:
    """Return logits in which row t is 0 but for the next label, which stands so high."""
    following = labels.roll(-1, dims=-1).clamp(min=0)
    return torch.nn.functional.one_hot(following, vocabulary) * heights.unsqueeze(-1)


def _drawn(rng: Rng, labels: Tensor, vocabulary: int) -> Tensor:
    """Draw logits, with the next label a step higher than it would be by chance."""
    noise = torch.from_numpy(rng.normal(size=(*labels.shape, vocabulary)).round(1)).float()
    return noise + _sure(labels, vocabulary, torch.full(labels.shape, 1.5))


@perplexity.probe(points=3, cases=5)
def follows_the_definition(impl: Impl, rng: Rng) -> Any:
    """Of one sequence: exp of the mean of -ln P, over all tokens but the first."""
    labels = _tokens(rng, 2 + 2 * rng.case, vocabulary=3 + rng.case)
    return impl(_drawn(rng, labels, 3 + rng.case), labels)


@perplexity.probe(points=1, cases=3)
def is_v_for_a_guesser(impl: Impl, rng: Rng) -> Any:
    """A model that finds all V tokens equally likely has perplexity V."""
    vocabulary = 2 + 3 * rng.case + int(rng.integers(0, 3))
    labels = _tokens(rng, 2, 4, vocabulary=vocabulary)
    return impl(torch.full((2, 4, vocabulary), float(rng.integers(-3, 3))), labels)


@perplexity.probe(points=2, cases=4)
def weighs_tokens_alike(impl: Impl, rng: Rng) -> Any:
    """Over several sequences the mean runs over tokens: a long sequence weighs more than a short one."""
    lengths = [(5, 2), (2, 6), (6, 3, 2), (4, 2)][rng.case]
    labels = _tokens(rng, len(lengths), max(lengths), vocabulary=5)
    heights = torch.tensor([[3.0], [0.0], [1.0]])[: len(lengths)].expand(labels.shape)
    logits = _sure(labels, 5, heights) + _drawn(rng, labels, 5) * 0.1
    for row, length in enumerate(lengths):
        labels[row, length:] = -100
    shape = (2, 1) if rng.case == 3 else (len(lengths),)  # more leading dimensions
    return impl(logits.reshape(*shape, -1, 5), labels.reshape(*shape, -1))


@perplexity.probe(points=2, cases=5)
def leaves_ignored_labels_out(impl: Impl, rng: Rng) -> Any:
    """A label that is ignored counts neither in the sum nor in the number of tokens."""
    length = 5 + rng.case
    labels = _tokens(rng, length, vocabulary=6)
    steep = torch.from_numpy(rng.permutation(length)).float() + 0.5  # every place has a surprise of its own
    logits = _sure(labels, 6, steep)
    ignore = -100 if rng.case < 3 else [-1, 99][rng.case - 3]
    holes = [[1], [0, 2], [0, 1, 2], [2, 3], [length - 1]][rng.case]
    labels[holes] = ignore
    return impl(logits, labels) if rng.case < 3 else impl(logits, labels, ignore)


@perplexity.probe(points=1, cases=3)
def prefers_the_better_model(impl: Impl, rng: Rng) -> Any:
    """Of two models, the one that gives the text more probability has the smaller perplexity."""
    labels = _tokens(rng, 4 + rng.case, vocabulary=4)
    worse, better = float(rng.uniform(0.5, 1.0)), float(rng.uniform(1.5, 2.0))
    first, second = (impl(_sure(labels, 4, torch.full(labels.shape, height)), labels) for height in (worse, better))
    return {"the better one has the smaller": second < first, "the worse one has the smaller": first < second}


@perplexity.probe(points=2, cases=4, rtol=1e-3)
def survives_extreme_logits(impl: Impl, rng: Rng) -> Any:
    """Logits in the hundreds give a finite perplexity; a token of probability 0 an infinite one."""
    labels = _tokens(rng, 8, vocabulary=4)
    logits = _sure(labels, 4, torch.full((8,), 2.0)) + float(rng.integers(-1, 2))
    if rng.case == 3:
        logits[3, labels[4]] = -torch.inf
    else:
        logits[3, labels[4]] -= [120.0, 0.0, 1000.0][rng.case]
        logits += [0.0, 1000.0, -1000.0][rng.case]
    return impl(logits, labels)


@perplexity.probe(points=0, gates=["leaves_ignored_labels_out"], cases=2)
def refuses_to_average_nothing(impl: Impl, rng: Rng) -> Any:
    """If no label counts, ValueError is raised; the first label never does."""
    labels = torch.full((3,), -100)
    if rng.case:
        labels[0] = int(rng.integers(0, 4))
    return impl(torch.zeros(3, 4), labels)
