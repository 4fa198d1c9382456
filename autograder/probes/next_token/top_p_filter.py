"""The probes of the top-p filter."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from autograder.draws import Rng
from autograder.probes.next_token.chapter import chapter
from autograder.probes.next_token.top_k_filter import above_the_least, stays_float32
from autograder.proxy import Impl

top_p = chapter.function(
    "top_p_filter",
    title="Keep the nucleus",
    minutes=25,
    difficulty=3,
    oracle="transformers' TopPLogitsWarper",
)

#: Rows of probabilities, from the likeliest down. Every p below lies clear of their sums, so no rounding decides.
_PEAKED = (0.7, 0.15, 0.1, 0.05)
_FLAT = (0.3, 0.24, 0.2, 0.16, 0.1)
_LONG = (0.4, 0.25, 0.12, 0.1, 0.08, 0.05)


def _shuffled(rng: Rng, *rows: tuple[float, ...]) -> Tensor:
    """Return logits of these probabilities, (rows, V), each row in an order of its own that is not the sorted one."""
    return torch.stack([_logits(rng, row) for row in rows])


def _logits(rng: Rng, row: tuple[float, ...]) -> Tensor:
    order = rng.permutation(len(row))
    if order[0] == 0:  # the likeliest token first would hide a sum over unsorted tokens
        order = order[::-1]
    return (torch.tensor(row)[torch.from_numpy(order.copy())].log() + 2 + float(rng.integers(0, 900)) / 1000).float()


@top_p.probe(points=3, cases=6)
def keeps_the_nucleus(impl: Impl, rng: Rng) -> Any:
    """The likeliest tokens stay, up to and with the one at which their sum crosses p."""
    row, p = [(_PEAKED, 0.8), (_PEAKED, 0.9), (_FLAT, 0.5), (_FLAT, 0.85), (_LONG, 0.6), (_LONG, 0.9)][rng.case]
    return impl(_logits(rng, row), p)


@top_p.probe(points=2, cases=3)
def keeps_at_least_one(impl: Impl, rng: Rng) -> Any:
    """A likeliest token that crosses p by itself stays, alone."""
    row, p = [(_PEAKED, 0.5), (_FLAT, 0.05), (_LONG, 0.001)][rng.case]
    return impl(_logits(rng, row), p)


@top_p.probe(points=2, law=stays_float32)
def treats_rows_alone(impl: Impl, rng: Rng) -> Any:
    """With leading dimensions, every row has a nucleus of its own."""
    flat, peaked = (0.3, 0.28, 0.26, 0.16), _PEAKED
    rows = [(peaked, flat), (flat, peaked, flat, peaked), (peaked, flat) * 3, (flat, peaked) * 3][rng.case]
    shape = [(2, 4), (4, 4), (2, 3, 4), (1, 3, 2, 4)][rng.case]
    return impl(_shuffled(rng, *rows).reshape(shape), 0.65 if rng.case % 2 else 0.8)


@top_p.probe(points=2, cases=4)
def settles_ties_by_id(impl: Impl, rng: Rng) -> Any:
    """Among equally likely tokens, those with the lowest ids join the set first."""
    low = float(rng.integers(1, 5))
    high, rare = low + math.log(3), low - 6
    row, p = [
        ([low, low, low, rare], 0.5),
        ([rare, low, high, low, low], 0.6),
        ([high, rare, high, low], 0.3),
        ([low] * 30 + [high] * 10 + [rare], 0.74),
    ][rng.case]
    return {"stays": above_the_least(impl(torch.tensor(row), p))}


@top_p.probe(points=1, cases=3)
def stops_where_p_is_reached(impl: Impl, rng: Rng) -> Any:
    """A sum that is exactly p has reached it: of V equal logits, p = n / V keeps n."""
    size = [2, 4, 8][rng.case]  # 1/V and its multiples are exact in floating point
    level = float(rng.integers(1, 5))
    return impl(torch.full((size,), level), [1, 3, 4][rng.case] / size)


@top_p.probe(points=1, cases=3)
def removes_nothing_at_one(impl: Impl, rng: Rng) -> Any:
    """At p = 1 every token stays, however unlikely; slightly below, the unlikeliest go."""
    row = torch.tensor([0.0, -30.0 - rng.case, -40.0])[torch.from_numpy(rng.permutation(3))]
    row = row + float(rng.integers(1, 5))
    return {"p = 0.99": impl(row, 0.99), "p = 1": impl(row, 1.0)}


@top_p.probe(points=1, cases=3)
def passes_over_masked_tokens(impl: Impl, rng: Rng) -> Any:
    """A token of logit -inf has probability 0, and the others share the whole."""
    row = _logits(rng, [_PEAKED, _FLAT, _LONG][rng.case])
    holes = torch.full((2,), -math.inf)
    return impl(torch.cat([holes[:1], row, holes[1:]]), 0.75)


@top_p.probe(points=1, cases=3)
def leaves_logits_alone(impl: Impl, rng: Rng) -> Any:
    """The logits are the same after the call as before."""
    filtered, after = impl.keeping(_logits(rng, [_FLAT, _LONG, _FLAT][rng.case]), 0.5)
    return {"a logit is -inf in the result": bool(filtered.isinf().any()), "logits afterwards": after[0]}


@top_p.probe(points=0, gates=["keeps_at_least_one"], cases=4)
def refuses_p_out_of_range(impl: Impl, rng: Rng) -> Any:
    """A p of 0 or below, or above 1, raises ValueError."""
    return impl(_logits(rng, _PEAKED), [0.0, -0.5, 1.01, 90.0][rng.case])
