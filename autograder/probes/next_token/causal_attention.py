"""The probes of causal attention."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from autograder.draws import Rng
from autograder.probes.next_token.chapter import chapter
from autograder.proxy import Impl

attention = chapter.function(
    "causal_attention",
    title="Causal attention",
    minutes=35,
    difficulty=3,
    oracle="torch's scaled_dot_product_attention",
)


def _drawn(rng: Rng, *shape: int) -> Tensor:
    """Draw numbers away from 0, rounded so that a verdict can show them whole."""
    return torch.from_numpy((rng.uniform(0.3, 2.0, size=shape) * rng.choice([-1, 1], size=shape)).round(1)).float()


def _inputs(rng: Rng, *leading: int, length: int, d: int, d_v: int) -> tuple[Tensor, Tensor, Tensor]:
    return _drawn(rng, *leading, length, d), _drawn(rng, *leading, length, d), _drawn(rng, *leading, length, d_v)


def _pair(observed: Any) -> tuple[Tensor, Tensor]:
    """Return output and weights, or raise in words that a verdict can show."""
    if type(observed) not in (tuple, list) or len(observed) != 2 or not all(isinstance(x, Tensor) for x in observed):
        raise TypeError("a pair of tensors, output and weights, was expected")
    return observed[0], observed[1]


@attention.probe(points=2, cases=4, atol=1e-5)
def scores_and_scales(impl: Impl, rng: Rng) -> Any:
    """The last position sees all: its weights are the softmax of q . k / sqrt(d), its output follows from them."""
    output, weights = _pair(impl(*_inputs(rng, length=3 + rng.case, d=[4, 3, 2, 5][rng.case], d_v=2 + rng.case % 2)))
    return {"last weights": weights[-1], "last output": output[-1]}


@attention.probe(points=2, cases=3, atol=1e-5)
def looks_only_back(impl: Impl, rng: Rng) -> Any:
    """From the second position on: all weight lies on positions so far, and none on the future."""
    _, weights = _pair(impl(*_inputs(rng, length=3 + rng.case, d=4, d_v=4)))
    later = weights[1:].nan_to_num(nan=-1.0)  # the first position has no choice
    past = torch.ones(3 + rng.case, 3 + rng.case).tril()[1:]
    sums = {"weight on the past": (later * past).sum(-1), "weight on the future": (later * (1 - past)).sum(-1)}
    return {name: weight.round(decimals=4) for name, weight in sums.items()}


@attention.probe(points=2, cases=3, atol=1e-5)
def spreads_evenly_over_equal_scores(impl: Impl, rng: Rng) -> Any:
    """Where all scores are equal, a position spreads its weight evenly over itself and those before it."""
    length = 3 + rng.case
    q, k, v = _inputs(rng, length=length, d=2, d_v=2)
    return impl(q, k * 0.0, v)


@attention.probe(points=2, cases=4, atol=1e-5)
def keeps_leading_dimensions_apart(impl: Impl, rng: Rng) -> Any:
    """With leading dimensions, every sequence attends by itself; values may be longer or shorter than keys."""
    leading = [(2,), (3,), (2, 2), (1, 3, 2)][rng.case]
    return impl(*_inputs(rng, *leading, length=3 + rng.case % 2, d=3, d_v=[3, 5, 1, 2][rng.case]))


@attention.probe(points=2, cases=4, atol=1e-5)
def hides_padding(impl: Impl, rng: Rng) -> Any:
    """Positions that are not real get no weight; the others share the whole."""
    leading, real = [
        ((), [True, False, True, True]),
        ((), [True, True, False, False, True]),
        ((2,), [[True, False, True, True], [True, True, True, False]]),
        ((2, 3), [[[True, False, False, True]], [[True, True, False, True]]]),  # one row for all three heads
    ][rng.case]
    mask = torch.tensor(real)
    q, k, v = _inputs(rng, *leading, length=mask.shape[-1], d=2, d_v=2)
    return impl(q, k * 0.0, v, mask)


@attention.probe(points=1, cases=3, atol=1e-5)
def gives_nothing_where_nothing_may_be_seen(impl: Impl, rng: Rng) -> Any:
    """A position that may look at nothing has weights 0 and output 0, not NaN."""
    mask = torch.tensor([[False, True, True, True], [False, False, True, True], [False, False, False, True]])
    q, k, v = _inputs(rng, 3, length=4, d=2, d_v=3)
    if rng.case == 0:
        return impl(q[0], k[0] * 0.0, v[0], mask[0])
    return impl(q, k * 0.0, v, mask.logical_not() if rng.case == 2 else mask)


@attention.probe(points=1, cases=3, rtol=1e-3)
def survives_large_scores(impl: Impl, rng: Rng) -> Any:
    """Scores of thousands, and masked ones far above the others, give finite outputs."""
    length = 3 + rng.case
    sizes = torch.arange(1.0, length + 1).unsqueeze(-1) * [1.0, -1.0, 1.0][rng.case]
    keys = sizes * 100 * torch.from_numpy(rng.uniform(0.9, 1.1, size=4).round(2)).float().abs()
    output, _ = _pair(impl(torch.full((length, 4), 10.0), keys, _drawn(rng, length, 2)))
    return output


@attention.probe(points=1, cases=3, atol=1e-5)
def copies_a_single_position(impl: Impl, rng: Rng) -> Any:
    """A sequence of one position looks at itself alone: weight 1, and its own value."""
    return impl(*_inputs(rng, *[(), (2,), (2, 3)][rng.case], length=1, d=3, d_v=2))


@attention.probe(points=1, cases=4, atol=1e-5)
def lets_gradients_through(impl: Impl, rng: Rng) -> Any:
    """The gradients with respect to q, k and v are those of the formula, and finite where a row is empty."""
    q, k, v = _inputs(rng, length=4, d=2, d_v=3)
    cotangent = (_drawn(rng, 4, 3), _drawn(rng, 4, 4))
    mask = [False, True, True, True] if rng.case == 3 else [True] * 4
    return impl.grad(q, k, v, torch.tensor(mask), wrt=rng.case % 3, cotangent=cotangent)


@attention.probe(points=1, cases=2, atol=1e-5)
def leaves_its_inputs_alone(impl: Impl, rng: Rng) -> Any:
    """Queries, keys, values and the mask are the same after the call as before."""
    q, k, v = _inputs(rng, length=3 + rng.case, d=2, d_v=2)
    mask = torch.tensor([True] * (2 + rng.case) + [False])
    (_, weights), after = impl.keeping(q, k, v, mask)
    return {"each row of weights sums to": weights.sum(-1).round(decimals=4), "q, k, v and real afterwards": after}
