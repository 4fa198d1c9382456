"""The top-k filter: mistakes, and other right ways."""

import torch

from solutions.mistakes import Variants
from solutions.next_token import top_k_filter

variants = Variants("top_k_filter")
mistake, alternative = variants.mistake, variants.alternative

INF = float("inf")


def _check(k):
    if k < 1:
        raise ValueError("k")


@mistake(
    "More than k logits stay where several equal the k-th largest. A threshold cannot tell them apart.",
)
def keeps_all_ties(logits, k):
    _check(k)
    smallest = logits.topk(min(k, logits.shape[-1])).values[..., -1:]
    return torch.where(logits < smallest, -INF, logits)


@mistake("The k-th largest logit itself is gone, and so fewer than k stay. Does it belong to the k largest?")
def drops_the_last_one(logits, k):
    _check(k)
    if k >= logits.shape[-1]:
        return logits.clone()
    smallest = logits.topk(k).values[..., -1:]
    return torch.where(logits <= smallest, -INF, logits)


@mistake("Among equal logits you kept those with the highest ids. The task's rule is: the lowest.")
def prefers_high_ids(logits, k):
    _check(k)
    order = logits.flip(-1).sort(dim=-1, descending=True, stable=True).indices
    kept = torch.zeros_like(logits, dtype=torch.bool).scatter(-1, order[..., :k], True)
    return logits.masked_fill(~kept.flip(-1), -INF)


@mistake("You kept the smallest logits. Sorting goes upwards unless it is told otherwise.")
def keeps_the_smallest(logits, k):
    _check(k)
    order = logits.sort(dim=-1, stable=True).indices
    kept = torch.zeros_like(logits, dtype=torch.bool).scatter(-1, order[..., :k], True)
    return logits.masked_fill(~kept, -INF) if k < logits.shape[-1] else logits.clone()


@mistake("Removed logits are 0 in your result. A logit of 0 is an ordinary one; which logit has probability 0?")
def fills_with_zero(logits, k):
    kept = top_k_filter(logits, k)
    return torch.where(kept == -INF, logits.clamp(max=-INF) if k >= logits.shape[-1] else torch.zeros(()), kept)


@mistake("Removed logits are large negative numbers in your result. Only -inf gives a probability of exactly 0.")
def fills_with_a_large_number(logits, k):
    kept = top_k_filter(logits, k)
    return kept if k >= logits.shape[-1] else torch.where(kept == -INF, -1e9, kept)


@mistake("You took the k largest of the whole tensor. Each row keeps k logits of its own.")
def ranks_everything_together(logits, k):
    _check(k)
    return top_k_filter(logits.reshape(-1), k * logits[..., 0].numel()).reshape(logits.shape)


@mistake("You went along the first dimension. The vocabulary is the last one, whatever comes before it.")
def goes_along_the_first_dimension(logits, k):
    return top_k_filter(logits.transpose(0, -1), k).transpose(0, -1)


@mistake("A k larger than the vocabulary raises an error in your code. Then nothing is to be removed.")
def fails_on_short_rows(logits, k):
    _check(k)
    if k > logits.shape[-1]:
        logits.topk(k)
    return top_k_filter(logits, k)


@mistake("Your function changed the logits it was given. Assigning to `logits[...]` works in place.")
def works_in_place(logits, k):
    return logits.copy_(top_k_filter(logits, k))


@mistake("A k of 0, or below, went through. The docstring names the error that belongs here.")
def accepts_any_k(logits, k):
    return top_k_filter(logits, k) if k > 0 else torch.full_like(logits, -INF)


@alternative
def row_by_row(logits, k):
    if k <= 0:
        raise ValueError("k must be positive")
    result = torch.full_like(logits, -INF)
    for old, new in zip(logits.reshape(-1, logits.shape[-1]), result.view(-1, logits.shape[-1]), strict=True):
        best = sorted(range(len(old)), key=lambda token: (-float(old[token]), token))[:k]
        new[best] = old[best]
    return result


@alternative
def by_rank(logits, k):
    if k < 1:
        raise ValueError
    ids = torch.arange(logits.shape[-1])
    ahead = (logits[..., None, :] > logits[..., :, None]) | (
        (logits[..., None, :] == logits[..., :, None]) & (ids[None, :] < ids[:, None])
    )
    return torch.where(ahead.sum(-1) < k, logits, -INF)
