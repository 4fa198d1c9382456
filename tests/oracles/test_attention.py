"""Attention against torch's and transformers' own: values and gradients."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaAttention, LlamaRotaryEmbedding

from pocket.assembly import rotate
from solutions.next_token import causal_attention, multi_head_attention

SHAPES = [(1, 4), (5, 3), (2, 6, 4), (2, 3, 7, 2)]


def drawn(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).requires_grad_()


def gradients(loss: Tensor, *leaves: Tensor) -> list[Tensor]:
    return list(torch.autograd.grad(loss, leaves, retain_graph=True))


def weighted(output: Tensor) -> Tensor:
    """Return a sum with a weight of its own for each number, so that its gradient tells them apart."""
    return (output * torch.linspace(-1, 2, output.numel(), dtype=output.dtype).reshape(output.shape)).sum()


def the_same(ours: list[Tensor], theirs: list[Tensor]) -> None:
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_attention_and_its_gradients_are_torch_s(shape: tuple[int, ...]) -> None:
    q, k, v = drawn(0, *shape), drawn(1, *shape), drawn(2, *shape[:-1], 5)
    ours, weights = causal_attention(q, k, v)
    theirs = scaled_dot_product_attention(q, k, v, is_causal=True)
    the_same([ours, *gradients(weighted(ours), q, k, v)], [theirs, *gradients(weighted(theirs), q, k, v)])
    everyone = torch.eye(shape[-2], dtype=q.dtype).expand(*shape[:-1], -1)
    torch.testing.assert_close(weights, scaled_dot_product_attention(q, k, everyone, is_causal=True))


@pytest.mark.parametrize("real", [[[1, 1, 1, 1], [1, 1, 0, 0]], [[1, 0, 1, 1], [1, 1, 1, 0]]], ids=["right", "holes"])
def test_padding_is_hidden_as_torch_s_mask_hides_it(real: list[list[int]]) -> None:
    q, k, v = (drawn(seed, 2, 3, 4, 6) for seed in range(3))
    mask = torch.tensor(real, dtype=torch.bool)[:, None]  # (B, 1, T), for all heads
    ours, _ = causal_attention(q, k, v, mask)
    theirs = scaled_dot_product_attention(q, k, v, attn_mask=mask[..., None, :] & torch.ones(4, 4).tril().bool())
    the_same([ours, *gradients(weighted(ours), q, k, v)], [theirs, *gradients(weighted(theirs), q, k, v)])


def test_a_row_padded_on_the_left_gives_what_the_row_alone_gives() -> None:
    q, k, v = (drawn(seed, 6, 3) for seed in range(3))
    real = torch.tensor([False, False, True, True, True, True])
    padded, weights = causal_attention(q, k, v, real)
    alone, _ = causal_attention(q[2:], k[2:], v[2:])
    torch.testing.assert_close(padded[2:], alone)
    assert not padded[:2].any()
    assert not weights[:, :2].any()
    the_same(
        [gradient[2:] for gradient in gradients(weighted(padded[2:]), q, k, v)],
        [g[2:] for g in gradients(weighted(alone), q, k, v)],
    )
    for gradient in gradients(weighted(padded) + weighted(weights), q, k, v):
        assert bool(gradient.isfinite().all())


def test_the_gradients_of_attention_are_the_numerical_ones() -> None:
    q, k, v = (drawn(seed, 2, 4, 3) for seed in range(3))
    real = torch.tensor([[True] * 4, [False, True, False, True]])
    assert torch.autograd.gradcheck(lambda *inputs: causal_attention(*inputs, real), (q, k, v))


def matrices(width: int, heads: int, kv_heads: int, d: int) -> list[Tensor]:
    shapes = [(heads * d, width), (kv_heads * d, width), (kv_heads * d, width), (width, heads * d)]
    return [drawn(10 + number, *shape) for number, shape in enumerate(shapes)]


@pytest.mark.parametrize(("width", "heads"), [(4, 1), (8, 2), (12, 6)])
def test_several_heads_and_their_gradients_are_those_of_torch(width: int, heads: int) -> None:
    x, (wq, wk, wv, wo) = drawn(0, 2, 5, width), matrices(width, heads, heads, width // heads)
    ours = multi_head_attention(x, wq, wk, wv, wo, heads, heads, causal_attention)
    torch_s = torch.nn.MultiheadAttention(width, heads, bias=False, batch_first=True, dtype=torch.float64)
    projection = torch.cat([wq, wk, wv])
    parameters = {"in_proj_weight": projection, "out_proj.weight": wo}
    hidden = torch.ones(5, 5).triu(1).bool()
    theirs, _ = torch.func.functional_call(torch_s, parameters, (x, x, x), {"attn_mask": hidden})
    leaves = (x, wq, wk, wv, wo)
    the_same([ours, *gradients(weighted(ours), *leaves)], [theirs, *gradients(weighted(theirs), *leaves)])


@pytest.mark.parametrize(("heads", "kv_heads", "d"), [(4, 4, 8), (6, 3, 4), (6, 2, 6), (4, 1, 2)])
def test_shared_keys_and_rotation_are_those_of_llama(heads: int, kv_heads: int, d: int) -> None:
    config = LlamaConfig(
        hidden_size=24,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        head_dim=d,
        rope_parameters={"rope_type": "default", "rope_theta": 500.0},
        attn_implementation="eager",
    )
    llama = LlamaAttention(config, layer_idx=0).double()
    x, length = drawn(0, 2, 7, 24), 7
    hidden = torch.zeros(length, length, dtype=x.dtype).masked_fill(
        torch.ones(length, length).triu(1).bool(), -torch.inf
    )
    angles = LlamaRotaryEmbedding(config)(x, torch.arange(length)[None])
    theirs, _ = llama(x, angles, hidden[None, None])
    weights = [llama.q_proj.weight, llama.k_proj.weight, llama.v_proj.weight, llama.o_proj.weight]
    ours = multi_head_attention(x, *weights, heads, kv_heads, causal_attention, lambda vectors: rotate(vectors, 500.0))
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)  # transformers makes its angles in 32 bits
    (mine,), (its,) = gradients(weighted(ours), x), gradients(weighted(theirs), x)
    torch.testing.assert_close(mine, its, rtol=1e-4, atol=1e-5)
