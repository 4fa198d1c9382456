"""The probes of the top-k filter."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from autograder.draws import Rng
from autograder.probes.next_token.chapter import chapter
from autograder.proxy import Impl

top_k = chapter.function(
    "top_k_filter",
    title="Keep the k likeliest",
    minutes=15,
    difficulty=2,
    oracle="transformers' TopKLogitsWarper",
)


def distinct_logits(rng: Rng, *shape: int) -> Tensor:
    """Draw logits no two of which are equal in a row; -2.0, -1.5, ... in some order, then moved by less than that."""
    rows = torch.Size(shape[:-1]).numel()
    ranks = torch.stack([torch.from_numpy(rng.permutation(shape[-1])) for _ in range(rows)])
    jitter = torch.from_numpy(rng.uniform(0, 0.4, size=ranks.shape).round(1))
    return (ranks * 0.5 - 2 + jitter).float().reshape(shape)


def above_the_least(filtered: Tensor) -> Tensor:
    """Say which tokens stay, by whatever the others were replaced."""
    return filtered > filtered.amin(dim=-1, keepdim=True)


@top_k.probe(points=2, cases=5)
def keeps_the_largest(impl: Impl, rng: Rng) -> Any:
    """The k largest logits stay as they were, and the others become -inf."""
    return impl(distinct_logits(rng, 4 + rng.case), [2, 1, 3, 4, 2][rng.case])


def stays_float32(filtered: Any) -> str | None:
    """Law: float32 logits stay float32."""
    if isinstance(filtered, Tensor) and filtered.is_floating_point() and filtered.dtype is not torch.float32:
        return f"the logits are float32, and so should the result be; it is {str(filtered.dtype)[6:]}"
    return None


@top_k.probe(points=2, law=stays_float32)
def treats_rows_alone(impl: Impl, rng: Rng) -> Any:
    """With leading dimensions, every row keeps k logits of its own."""
    shape = [(2, 4), (4, 4), (2, 2, 5), (1, 3, 2, 5)][rng.case]
    lifted = torch.zeros(shape)
    lifted[:, 0] += 7.0  # rows far above the others, which share no threshold with them
    lifted[0] += 20.0
    return impl(distinct_logits(rng, *shape) + lifted, 2 + rng.case % 2)


@top_k.probe(points=2, cases=4)
def settles_ties_by_id(impl: Impl, rng: Rng) -> Any:
    """Exactly k stay: among equal logits, those with the lowest ids."""
    low, high = float(rng.integers(1, 4)), float(rng.integers(4, 7))
    rows, k = [
        ([[low, high, low, low, 0.5]], 2),
        ([[high, 0.5, high, high, low]], 2),
        ([[low] * 5 + [0.5], [0.5, low, high, low, high, low]], 3),
        ([[low] * 20 + [high] * 40 + [0.5], [0.5] + [high] * 30 + [low] * 30], 25),
    ][rng.case]
    return {"stays": above_the_least(impl(torch.tensor(rows), k))}


@top_k.probe(points=1, cases=3)
def keeps_all_of_a_short_row(impl: Impl, rng: Rng) -> Any:
    """If k is as large as the vocabulary, or larger, nothing changes; one below, a single logit goes."""
    size = 3 + 2 * rng.case
    logits = distinct_logits(rng, 2, size)
    return {
        "k = V - 1": impl(logits, size - 1),
        "k = V": impl(logits, size),
        f"k = V + {1 + rng.case}": impl(logits, size + 1 + rng.case),
    }


@top_k.probe(points=1, cases=3)
def passes_over_masked_tokens(impl: Impl, rng: Rng) -> Any:
    """A logit that is -inf already stays so, and takes no place from a larger one."""
    logits = distinct_logits(rng, 5 + rng.case)
    logits[torch.from_numpy(rng.permutation(5 + rng.case)[:2])] = -math.inf
    return {"k = 2": impl(logits, 2), "k = V - 1": impl(logits, 4 + rng.case)}


@top_k.probe(points=1, cases=3)
def leaves_logits_alone(impl: Impl, rng: Rng) -> Any:
    """The logits are the same after the call as before."""
    filtered, after = impl.keeping(distinct_logits(rng, 4 + rng.case), 2)
    return {"a logit is -inf in the result": bool(filtered.isinf().any()), "logits afterwards": after[0]}


@top_k.probe(points=0, gates=["keeps_all_of_a_short_row"], cases=2)
def refuses_k_below_one(impl: Impl, rng: Rng) -> Any:
    """A k below 1 raises ValueError."""
    return impl(distinct_logits(rng, 4), [0, -1][rng.case])
