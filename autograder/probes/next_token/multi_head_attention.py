"""The probes of multi-head attention."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from autograder.draws import Rng
from autograder.probes.next_token.chapter import chapter
from autograder.proxy import Impl

heads = chapter.function(
    "multi_head_attention",
    title="Multi-head attention, with shared keys",
    minutes=45,
    difficulty=4,
    oracle="transformers' LlamaAttention; torch's MultiheadAttention",
)

#: No probe has more numbers than this; whoever hands over more has not cut x into heads.
_MOST_NUMBERS = 4_000
_PATIENCE = 200


class Attention:
    """The attention and the rotation that a probe hands over. They stay on the checking side, and are always right."""

    def __init__(self, d: int) -> None:
        self.d = d
        self.calls = 0

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Return the output of causal attention and its weights."""
        for name, vectors in (("queries", q), ("keys", k), ("values", v)):
            self._demand(vectors, name)
        if not q.shape == k.shape == v.shape:
            shapes = ", ".join(str(tuple(vectors.shape)) for vectors in (q, k, v))
            raise TypeError(f"queries, keys and values must have one shape; they have {shapes}")
        everyone = torch.eye(q.shape[-2]).expand(*q.shape[:-1], -1)
        weights = scaled_dot_product_attention(q, k, everyone, is_causal=True)
        return weights @ v, weights

    def rotate(self, vectors: Tensor) -> Tensor:
        """Swap neighbouring numbers and make them larger with the position: no rotation, but as easy to misplace."""
        self._demand(vectors, "what is rotated")
        positions = torch.arange(1.0, vectors.shape[-2] + 1).unsqueeze(-1)
        swapped: Tensor = vectors.unflatten(-1, (-1, 2)).flip(-1).flatten(-2)
        return swapped * positions * 0.5

    def _demand(self, vectors: Tensor, name: str) -> None:
        self.calls += 1
        if self.calls > _PATIENCE:
            raise RuntimeError("`attend` and `rotate` were called very often; does a loop end?")
        if not isinstance(vectors, Tensor) or not vectors.is_floating_point() or vectors.numel() > _MOST_NUMBERS:
            raise TypeError(f"{name}: a tensor of shape (..., T, d) was expected")
        if vectors.ndim < 2 or vectors.shape[-1] != self.d:
            raise TypeError(f"{name}: shape (..., T, {self.d}) was expected, {tuple(vectors.shape)} came")


def _drawn(rng: Rng, *shape: int) -> Tensor:
    return torch.from_numpy(rng.normal(scale=0.7, size=shape).round(1)).float()


def _weights(rng: Rng, width: int, n_heads: int, n_kv_heads: int, d: int, out: int) -> list[Tensor]:
    """Draw wq, wk, wv and wo."""
    queries, keys = n_heads * d, n_kv_heads * d
    return [_drawn(rng, *shape) for shape in ((queries, width), (keys, width), (keys, width), (out, queries))]


def _ask(
    impl: Impl, rng: Rng, leading: tuple[int, ...], sizes: tuple[int, int, int, int, int], *, rotate: bool = False
) -> Any:
    """Ask about x of shape (*leading, width) and drawn weights."""
    width, n_heads, n_kv_heads, d, _ = sizes
    x = _drawn(rng, *leading, width)
    given = Attention(d)
    more = [given.rotate] if rotate else []
    return impl(x, *_weights(rng, *sizes), n_heads, n_kv_heads, given.attend, *more)


@heads.probe(points=1, cases=3, atol=1e-4)
def is_attention_when_nothing_is_mixed(impl: Impl, rng: Rng) -> Any:
    """One head and matrices that only stretch: x attends to itself, stretched."""
    d = 2 + rng.case
    matrices = [torch.diag(torch.from_numpy(rng.uniform(0.5, 2.0, size=d).round(1)).float()) for _ in range(4)]
    matrices[3] = torch.eye(d)
    return impl(_drawn(rng, 2 if rng.case else 1, 3, d), *matrices, 1, 1, Attention(d).attend)


@heads.probe(points=2, cases=3, atol=1e-4)
def projects_one_head(impl: Impl, rng: Rng) -> Any:
    """One head: x times each matrix, transposed as in `torch.nn.Linear`, attention, then the last matrix."""
    sizes = [(3, 1, 1, 2, 3), (4, 1, 1, 4, 4), (4, 1, 1, 3, 5)][rng.case]
    return _ask(impl, rng, (2 if rng.case else 1, 3), sizes)


@heads.probe(points=3, cases=4, atol=1e-4)
def runs_heads_beside_each_other(impl: Impl, rng: Rng) -> Any:
    """Several heads: each attends on its own part of the projections, and the parts go side by side."""
    sizes = [(4, 2, 2, 2, 4), (6, 3, 3, 2, 6), (6, 2, 2, 4, 6), (8, 4, 4, 2, 3)][rng.case]
    return _ask(impl, rng, (2 if rng.case else 1, 3 + rng.case % 2), sizes)


@heads.probe(points=3, cases=4, atol=1e-4)
def shares_keys_among_neighbours(impl: Impl, rng: Rng) -> Any:
    """With fewer heads of keys and values, neighbouring query heads share one."""
    sizes = [(4, 4, 2, 2, 4), (6, 6, 3, 2, 6), (5, 6, 2, 2, 4), (4, 4, 1, 2, 4)][rng.case]
    return _ask(impl, rng, (2 if rng.case else 1, 3), sizes)


@heads.probe(points=2, cases=3, atol=1e-4)
def rotates_queries_and_keys(impl: Impl, rng: Rng) -> Any:
    """`rotate` goes to the queries and keys of every head, and not to the values."""
    sizes = [(4, 1, 1, 2, 4), (4, 1, 1, 4, 4), (6, 1, 1, 4, 6)][rng.case]
    return _ask(impl, rng, (2 if rng.case else 1, 3), sizes, rotate=True)


@heads.probe(points=1, cases=3, atol=1e-4)
def rotates_head_by_head(impl: Impl, rng: Rng) -> Any:
    """Several heads are rotated each by itself, position by position."""
    sizes = [(4, 2, 2, 2, 4), (6, 2, 1, 4, 6), (6, 4, 2, 2, 6)][rng.case]
    return _ask(impl, rng, (2 if rng.case else 1, 3), sizes, rotate=True)


@heads.probe(points=1, cases=3, atol=1e-4)
def takes_any_leading_dimensions(impl: Impl, rng: Rng) -> Any:
    """The input may have no leading dimension, or several."""
    return _ask(impl, rng, [(3,), (2, 2, 3), (1, 2, 2, 2)][rng.case], (4, 1, 1, 2, 3))


@heads.probe(points=1, cases=2, atol=1e-4)
def leaves_its_inputs_alone(impl: Impl, rng: Rng) -> Any:
    """The input and the matrices are the same after the call as before."""
    x, matrices = _drawn(rng, 2, 2, 4), _weights(rng, 4, 1, 1, 2 + rng.case, 3)
    y, after = impl.keeping(x, *matrices, 1, 1, Attention(2 + rng.case).attend)
    return {"shape of the result": list(y.shape), "x and the matrices afterwards": after[:5]}


@heads.probe(points=0, gates=["shares_keys_among_neighbours"], cases=3)
def refuses_heads_that_do_not_divide(impl: Impl, rng: Rng) -> Any:
    """ValueError if the key heads do not divide the heads, or the heads not the rows of wq."""
    rows, n_heads, n_kv_heads, key_rows = [(6, 3, 2, 4), (8, 2, 4, 16), (7, 2, 1, 3)][rng.case]
    x, wq, wk, wv, wo = (_drawn(rng, *shape) for shape in ((2, 4), (rows, 4), (key_rows, 4), (key_rows, 4), (4, rows)))
    return impl(x, wq, wk, wv, wo, n_heads, n_kv_heads, Attention(rows // n_heads).attend)
