"""The filters against transformers' logits processors.

They agree wherever no tie decides. Transformers compares with the k-th largest value, and so keeps every logit equal to it; and it cuts the nucleus from
below, so that among equally likely tokens the highest ids stay. Ours keeps the lowest, as the task says.
"""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import TopKLogitsWarper, TopPLogitsWarper

from solutions.next_token import softmax_temperature, top_k_filter, top_p_filter

repeatable = settings(derandomize=True, deadline=None, max_examples=80)
IDS = torch.zeros(1, 1, dtype=torch.long)


def theirs_top_k(logits: torch.Tensor, k: int) -> torch.Tensor:
    kept: torch.Tensor = TopKLogitsWarper(k)(IDS, logits)
    return kept


def theirs_top_p(logits: torch.Tensor, p: float) -> torch.Tensor:
    kept: torch.Tensor = TopPLogitsWarper(p)(IDS, logits)
    return kept


def drawn(seed: int, *shape: int, scale: float = 3.0) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * scale


@repeatable
@given(st.integers(0, 10_000), st.integers(1, 60), st.integers(1, 70))
def test_top_k_keeps_what_transformers_keeps(seed: int, size: int, k: int) -> None:
    logits = drawn(seed, 4, size)
    assert torch.equal(top_k_filter(logits, k), theirs_top_k(logits, k))


@repeatable
@given(st.integers(0, 10_000), st.integers(1, 60), st.floats(1e-6, 0.999999), st.sampled_from([0.1, 1.0, 4.0]))
def test_top_p_keeps_what_transformers_keeps(seed: int, size: int, p: float, scale: float) -> None:
    logits = drawn(seed, 4, size, scale=scale)
    assert torch.equal(top_p_filter(logits, p), theirs_top_p(logits, p))


@repeatable
@given(st.integers(0, 10_000), st.integers(3, 30), st.floats(0.01, 0.99))
def test_masked_tokens_stay_out_as_in_transformers(seed: int, size: int, p: float) -> None:
    logits = drawn(seed, 2, size)
    logits[:, ::3] = -torch.inf
    assert torch.equal(top_p_filter(logits, p), theirs_top_p(logits, p))
    for k in (1, size // 2, size):
        assert torch.equal(top_k_filter(logits, k), theirs_top_k(logits, k))


@repeatable
@given(st.lists(st.integers(-2, 2), min_size=2, max_size=40), st.integers(1, 40))
def test_with_ties_top_k_keeps_k_of_what_transformers_keeps(row: list[int], k: int) -> None:
    logits = torch.tensor([row], dtype=torch.float64)
    ours, theirs = top_k_filter(logits, k).isfinite(), theirs_top_k(logits, k).isfinite()
    assert int(ours.sum()) == min(k, len(row))
    assert bool((theirs | ~ours).all())
    assert len(set(logits[theirs & ~ours].tolist())) <= 1, "only ties of the last one are kept besides"


@repeatable
@given(st.lists(st.integers(-2, 2), min_size=2, max_size=40), st.floats(0.013, 0.987))
def test_with_ties_top_p_keeps_the_same_logits_at_the_lowest_ids(row: list[int], p: float) -> None:
    logits = torch.tensor([row], dtype=torch.float64)
    ours, theirs = top_p_filter(logits, p)[0], theirs_top_p(logits, p)[0]
    assert sorted(ours.tolist()) == sorted(theirs.tolist())
    least = float(ours[ours.isfinite()].min())
    tied = [stays for stays, logit in zip(ours.isfinite().tolist(), row, strict=True) if logit == least]
    assert tied == sorted(tied, reverse=True)


@pytest.mark.parametrize("p", [1e-9, 0.3, 0.5, 0.9, 1.0])
def test_the_nucleus_is_the_smallest_set_that_reaches_p(p: float) -> None:
    for seed in range(50):
        logits = drawn(seed, 12)
        shares = softmax_temperature(logits, 1.0)
        kept = shares[top_p_filter(logits, p).isfinite()]
        assert float(kept.sum()) >= p - 1e-12
        assert float(kept.sum() - kept.min()) < p
        assert int((shares > kept.min()).sum()) == len(kept) - 1


def test_nothing_goes_at_p_one_even_where_transformers_loses_a_tail_to_rounding() -> None:
    logits = torch.tensor([[0.0, -30.0, -2000.0]])
    assert torch.equal(top_p_filter(logits, 1.0), logits)
    assert theirs_top_p(logits, 1.0).isinf().any()
