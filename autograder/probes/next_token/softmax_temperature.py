"""The probes of the softmax with a temperature."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from autograder.draws import Rng
from autograder.probes.next_token.chapter import chapter
from autograder.proxy import Impl

softmax = chapter.function(
    "softmax_temperature",
    title="Softmax with a temperature",
    minutes=15,
    difficulty=2,
    oracle="torch.softmax; transformers' TemperatureLogitsWarper",
)


def _logits(rng: Rng, *shape: int, scale: float = 2.0) -> Tensor:
    """Draw float32 logits, rounded so that a verdict can show them whole."""
    return torch.from_numpy(rng.normal(scale=scale, size=shape).round(1)).float()


def rows_are_distributions(probabilities: Any) -> str | None:
    """Law: every row of float32 logits gives a float32 distribution."""
    if not isinstance(probabilities, Tensor) or not probabilities.is_floating_point() or not probabilities.numel():
        return None  # the comparison says it better
    if probabilities.dtype is not torch.float32:
        return f"the logits are float32, and so should the result be; it is {str(probabilities.dtype)[6:]}"
    if probabilities.isnan().any():
        return "the result holds NaN"
    sums = probabilities.sum(dim=-1).reshape(-1)
    worst = int((sums - 1).abs().argmax())
    if abs(float(sums[worst]) - 1) > 1e-3:
        return f"each row should sum to 1; row {worst} sums to {float(sums[worst]):.4f}"
    return None


@softmax.probe(points=2, cases=6)
def follows_the_formula(impl: Impl, rng: Rng) -> Any:
    """One row of logits gives exp(z / T), divided by the sum."""
    logits = _logits(rng, 2 + rng.case)
    temperature = float(rng.choice([0.5, 0.7, 1.5, 2.0, 3.0]))
    return impl(logits, temperature)


@softmax.probe(points=2, law=rows_are_distributions)
def treats_rows_alone(impl: Impl, rng: Rng) -> Any:
    """With leading dimensions, every row is a distribution of its own."""
    shapes = [(2, 3), (3, 3), (2, 2, 4), (1, 3, 2, 5)]
    logits = _logits(rng, *shapes[rng.case])
    return impl(logits, float(rng.choice([0.5, 2.0])))


@softmax.probe(points=2, cases=4, rtol=1e-3)
def survives_large_logits(impl: Impl, rng: Rng) -> Any:
    """Logits of a thousand, and rows far apart, give finite probabilities."""
    base, gap = [(1000.0, 0.0), (-1000.0, 0.0), (1000.0, 2000.0), (-1000.0, 5000.0)][rng.case]
    near = _logits(rng, 2, 3) + base
    return impl(torch.stack([near[0], near[1] + gap]), 2.0 if gap else 0.5)


@softmax.probe(points=1)
def keeps_masked_tokens_out(impl: Impl, rng: Rng) -> Any:
    """A logit of -inf has probability 0, and the others share the whole."""
    logits = _logits(rng, 4 + rng.case)
    logits[torch.from_numpy(rng.permutation(4 + rng.case)[: 1 + rng.case % 3])] = -math.inf
    return impl(logits, float(rng.choice([0.5, 1.5])))


def results_keep_the_dtype(observed: Any) -> str | None:
    """Law: the probabilities are of the dtype that the logits were."""
    for dtype, probabilities in observed.items():
        if isinstance(probabilities, Tensor) and str(probabilities.dtype) != f"torch.{dtype}":
            return f"the logits are {dtype}, and so should the result be; it is {str(probabilities.dtype)[6:]}"
    return None


@softmax.probe(points=2, law=results_keep_the_dtype)
def goes_to_the_limit(impl: Impl, rng: Rng) -> Any:
    """At T = 0 the largest logits share the probability equally."""
    logits = _logits(rng, 2, 3 + rng.case)
    for row, winners in zip(logits, [(1, 1), (2, 1), (2, 1), (3, 2)][rng.case], strict=True):
        row[torch.from_numpy(rng.permutation(3 + rng.case)[:winners])] = 7.5
    if rng.case < 2:
        logits = logits[0]
    return {"float32": impl(logits, 0.0), "float64": impl(logits.double(), 0.0)}


@softmax.probe(points=0, gates=["goes_to_the_limit"], cases=3)
def refuses_bad_temperatures(impl: Impl, rng: Rng) -> Any:
    """A temperature below 0, or NaN, raises ValueError."""
    return impl(_logits(rng, 3), [-1.0, -0.01, math.nan][rng.case])


@softmax.probe(points=1, cases=3)
def leaves_logits_alone(impl: Impl, rng: Rng) -> Any:
    """The logits are the same after the call as before."""
    logits = _logits(rng, 3 + rng.case)
    probabilities, after = impl.keeping(logits, float(rng.choice([0.5, 2.0])))
    return {"probabilities": probabilities, "logits afterwards": after[0]}


@softmax.probe(points=1, cases=3, atol=1e-5)
def lets_gradients_through(impl: Impl, rng: Rng) -> Any:
    """The gradient with respect to the logits is that of the formula."""
    logits = _logits(rng, 2, 3 + rng.case)
    return impl.grad(logits, float(rng.choice([0.5, 2.0])), cotangent=_logits(rng, 2, 3 + rng.case))
