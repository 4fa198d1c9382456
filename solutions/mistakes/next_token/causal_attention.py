"""Causal attention: mistakes, and other right ways."""

import math

import torch

from solutions.mistakes import Variants
from solutions.next_token import causal_attention

variants = Variants("causal_attention")
mistake, alternative = variants.mistake, variants.alternative

INF = float("inf")


def _allowed(q, real):
    length = q.shape[-2]
    allowed = torch.ones(length, length, dtype=torch.bool).tril()
    return allowed if real is None else allowed & real[..., None, :]


def _scores(q, k):
    return q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])


def _finish(scores, allowed, v):
    weights = scores.masked_fill(~allowed, -INF).softmax(-1).masked_fill(~allowed, 0.0)
    return weights @ v, weights


@mistake("The scores are not divided by sqrt(d). Long vectors have large products, and the softmax becomes too sharp.")
def forgets_to_scale(q, k, v, real=None):
    return causal_attention(q * math.sqrt(q.shape[-1]), k, v, real)


@mistake("You divided the scores by d, not by its square root.")
def divides_by_d(q, k, v, real=None):
    return causal_attention(q / math.sqrt(q.shape[-1]), k, v, real)


@mistake("You scaled by the number of positions. In the formula, d is the length of one query.")
def scales_by_the_length(q, k, v, real=None):
    return causal_attention(q * math.sqrt(q.shape[-1] / q.shape[-2]), k, v, real)


@mistake("There is no causal mask: positions look into the future.")
def looks_ahead(q, k, v, real=None):
    allowed = torch.ones(q.shape[-2], q.shape[-2], dtype=torch.bool)
    return _finish(_scores(q, k), allowed if real is None else allowed & real[..., None, :], v)


@mistake("A position does not look at itself in your code. It may: only what comes after it is hidden.")
def hides_itself(q, k, v, real=None):
    return _finish(_scores(q, k), _allowed(q, real).tril(-1), v)


@mistake("Your mask is upside down: positions look at the future, and the past is hidden.")
def turns_the_mask_around(q, k, v, real=None):
    allowed = torch.ones(q.shape[-2], q.shape[-2], dtype=torch.bool).triu()
    return _finish(_scores(q, k), allowed if real is None else allowed & real[..., None, :], v)


@mistake("The softmax runs down the columns. Each row, one position's view, sums to 1.")
def normalises_columns(q, k, v, real=None):
    allowed = _allowed(q, real)
    weights = _scores(q, k).masked_fill(~allowed, -INF).softmax(-2).masked_fill(~allowed, 0.0)
    return weights @ v, weights


@mistake("You masked after the softmax: the future took its share first, and the rows sum to less than 1.")
def masks_after_the_softmax(q, k, v, real=None):
    weights = _scores(q, k).softmax(-1).masked_fill(~_allowed(q, real), 0.0)
    return weights @ v, weights


@mistake("Hidden scores became 0 before the softmax. A score of 0 has a weight, exp(0) = 1; which score has none?")
def masks_with_zero(q, k, v, real=None):
    weights = _scores(q, k).masked_fill(~_allowed(q, real), 0.0).softmax(-1)
    return weights @ v, weights


@mistake("`real` has no effect: padding gets weight.")
def ignores_padding(q, k, v, real=None):
    return causal_attention(q, k, v)


@mistake("You hid the wrong side of `real`: True marks text, False marks padding.")
def inverts_real(q, k, v, real=None):
    return causal_attention(q, k, v, None if real is None else ~real)


@mistake("`real` hides rows in your code. It is about columns: whom one may look at, not who looks.")
def masks_rows(q, k, v, real=None):
    allowed = _allowed(q, None)
    return _finish(_scores(q, k), allowed if real is None else allowed & real[..., :, None], v)


@mistake("A row with nothing to look at is NaN: a softmax over nothing is 0/0. The docstring says what it is to be.")
def leaves_nan(q, k, v, real=None):
    weights = _scores(q, k).masked_fill(~_allowed(q, real), -INF).softmax(-1)
    return weights @ v, weights


@mistake("A row with nothing to look at spreads its weight over hidden positions. A large negative score is not -inf.")
def masks_with_a_large_number(q, k, v, real=None):
    weights = _scores(q, k).masked_fill(~_allowed(q, real), -1e9).softmax(-1)
    return weights @ v, weights


@mistake("Large scores overflow: exp() of a hundred is already infinite in float32. Subtract each row's largest first.")
def overflows(q, k, v, real=None):
    weights = _scores(q, k).exp() * _allowed(q, real)
    total = weights.sum(-1, keepdim=True)
    weights = torch.where(total > 0, weights / total.clamp(min=1e-30), torch.zeros_like(weights))
    return weights @ v, weights


@mistake("The weights were applied down their columns: the output of row t is made with row t of the weights.")
def applies_weights_transposed(q, k, v, real=None):
    weights = causal_attention(q, k, v, real)[1]
    return weights.transpose(-2, -1) @ v, weights


@mistake("Queries and keys have changed places. Row t holds the products of query t with all keys.")
def swaps_queries_and_keys(q, k, v, real=None):
    return causal_attention(k, q, v, real)


@mistake("You returned the scores where the weights are asked for: they lack the softmax.")
def returns_scores(q, k, v, real=None):
    allowed = _allowed(q, real)
    return causal_attention(q, k, v, real)[0], _scores(q, k).masked_fill(~allowed, -INF if q.shape[-2] > 1 else 0.0)


@mistake(
    "The gradient does not arrive. `.detach()`, `.data`, `.numpy()`, `torch.tensor(...)` and `no_grad` cut it off."
)
def cuts_the_gradient(q, k, v, real=None):
    return causal_attention(q.detach(), k.detach(), v.detach(), real)


@mistake("Your function changed what it was given. Operators such as `*=` and methods ending in `_` work in place.")
def works_in_place(q, k, v, real=None):
    if q.requires_grad or k.requires_grad or v.requires_grad:
        return causal_attention(q, k, v, real)
    q /= math.sqrt(q.shape[-1])
    return causal_attention(q * math.sqrt(q.shape[-1]), k, v, real)


@alternative
def position_by_position(q, k, v, real=None):
    length, d = q.shape[-2:]
    see = torch.ones(q.shape[:-1], dtype=torch.bool) if real is None else real.expand(q.shape[:-1])
    rows = []
    for t in range(length):
        scores = (q[..., t : t + 1, :] * k[..., : t + 1, :]).sum(-1) / d**0.5
        visible = see[..., : t + 1]
        scores = torch.where(visible, scores, -INF)
        top = scores.amax(-1, keepdim=True).clamp(min=-1e30)
        weights = (scores - top).exp()
        weights = weights / weights.sum(-1, keepdim=True).clamp(min=1e-30)
        hidden = torch.zeros(*weights.shape[:-1], length - t - 1, dtype=weights.dtype)
        rows.append(torch.cat([weights, hidden], -1))
    weights = torch.stack(rows, -2)
    return weights @ v, weights


@alternative
def with_an_added_mask(q, k, v, real=None):
    scores = torch.einsum("...td,...sd->...ts", q, k) * q.shape[-1] ** -0.5
    hidden = torch.triu(torch.ones(q.shape[-2], q.shape[-2], dtype=torch.bool), diagonal=1)
    if real is not None:
        hidden = hidden | ~real.unsqueeze(-2)
    empty = hidden.all(-1, keepdim=True)
    bias = torch.zeros(hidden.shape).masked_fill(hidden & ~empty, -INF)
    weights = torch.softmax(scores + bias, dim=-1) * ~empty
    return torch.einsum("...ts,...sd->...td", weights, v), weights
