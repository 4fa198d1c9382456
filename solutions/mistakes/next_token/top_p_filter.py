"""The top-p filter: mistakes, and other right ways."""

import torch

from solutions.mistakes import Variants
from solutions.next_token import top_p_filter

variants = Variants("top_p_filter")
mistake, alternative = variants.mistake, variants.alternative

INF = float("inf")


def _filter(logits, p, keep, *, descending=True, unsort=True):
    """Filter with one thing changed: `keep` says of sorted probabilities which stay."""
    if not 0 < p <= 1:
        raise ValueError("p")
    if p == 1:
        return logits.clone()
    ordered, order = logits.sort(dim=-1, descending=descending, stable=True)
    stays = keep(ordered.softmax(-1))
    kept = torch.zeros_like(stays).scatter(-1, order, stays) if unsort else stays
    return logits.masked_fill(~kept, -INF)


def _nucleus(p):
    return lambda shares: shares.cumsum(-1) - shares < p


@mistake("The token at which the sum crosses p is missing. It belongs to the set: without it the sum does not reach p.")
def drops_the_crossing_token(logits, p):
    return _filter(logits, p, lambda shares: shares.cumsum(-1) <= p)


@mistake("You kept one token more than needed where the sum is exactly p. Reached is reached.")
def goes_on_when_reached(logits, p):
    return _filter(logits, p, lambda shares: shares.cumsum(-1) - shares <= p)


@mistake("You kept one token behind the one that crosses p. How much probability lies before each token?")
def keeps_one_too_many(logits, p):
    def keep(shares):
        before = shares.cumsum(-1) - shares
        return before - torch.cat([torch.zeros_like(shares[..., :1]), shares[..., :-1]], -1) < p

    return _filter(logits, p, keep)


@mistake("Your set begins with the unlikeliest tokens. Sorting goes upwards unless it is told otherwise.")
def begins_at_the_bottom(logits, p):
    return _filter(logits, p, _nucleus(p), descending=False)


@mistake("Right number of tokens, wrong ones: your booleans are in sorted order. Carry them back to the ids.")
def forgets_to_sort_back(logits, p):
    return _filter(logits, p, _nucleus(p), unsort=False)


@mistake("You summed the probabilities in the order of the ids. The set is filled from the likeliest token down.")
def sums_unsorted(logits, p):
    if not 0 < p < 1:
        return top_p_filter(logits, p)
    shares = logits.softmax(-1)
    return logits.masked_fill(~_nucleus(p)(shares), -INF)


@mistake("You compared each single probability with p. What must reach p is the sum over the set.")
def compares_single_probabilities(logits, p):
    if not 0 < p < 1:
        return top_p_filter(logits, p)
    shares = logits.softmax(-1)
    return logits.masked_fill(shares < torch.minimum(shares.amax(-1, keepdim=True), torch.tensor(p)), -INF)


@mistake("You added up the logits themselves. Only probabilities sum to 1: where is the softmax?")
def sums_logits(logits, p):
    if not 0 < p < 1:
        return top_p_filter(logits, p)
    ordered, order = logits.sort(dim=-1, descending=True, stable=True)
    stays = (ordered.nan_to_num(neginf=0.0).cumsum(-1) - ordered.nan_to_num(neginf=0.0)).abs() < p
    return logits.masked_fill(~torch.zeros_like(stays).scatter(-1, order, stays), -INF)


@mistake("The softmax ran over the whole tensor. Each row is a distribution of its own, and has its own set.")
def normalises_everything(logits, p):
    if not 0 < p < 1:
        return top_p_filter(logits, p)
    ordered, order = logits.sort(dim=-1, descending=True, stable=True)
    shares = (ordered - ordered.max()).exp()
    stays = _nucleus(p)(shares / shares.sum())
    return logits.masked_fill(~torch.zeros_like(stays).scatter(-1, order, stays), -INF)


@mistake(
    "All tokens as likely as the last one of your set stay too. Among equals the lowest ids join first, one by one."
)
def keeps_all_ties(logits, p):
    kept = top_p_filter(logits, p)
    least = kept.masked_fill(kept == -INF, INF).amin(-1, keepdim=True)
    return torch.where(logits < least, -INF, logits)


@mistake("Among equally likely tokens those with the highest ids joined your set first. The rule is: the lowest.")
def prefers_high_ids(logits, p):
    return top_p_filter(logits.flip(-1), p).flip(-1)


@mistake(
    "Your result holds probabilities. Asked are the logits as they were, with -inf in the place of what is removed."
)
def returns_probabilities(logits, p):
    return top_p_filter(logits, p).softmax(-1) if 0 < p < 1 else top_p_filter(logits, p)


@mistake("Removed logits are 0 in your result. A logit of 0 is an ordinary one; which logit has probability 0?")
def fills_with_zero(logits, p):
    kept = top_p_filter(logits, p)
    return torch.where((kept == -INF) & (logits > -INF), 0.0, kept) if 0 < p < 1 else kept


@mistake("At p = 1 tokens are gone. A rounded sum can be 1 before the last token; nothing may be removed there.")
def rounds_the_tail_away(logits, p):
    if p != 1:
        return top_p_filter(logits, p)
    ordered, order = logits.sort(dim=-1, descending=True, stable=True)
    stays = _nucleus(1)(ordered.softmax(-1))
    return logits.masked_fill(~torch.zeros_like(stays).scatter(-1, order, stays), -INF)


@mistake("Your function changed the logits it was given. Assigning to `logits[...]` works in place.")
def works_in_place(logits, p):
    return logits.copy_(top_p_filter(logits, p))


@mistake("A p that is no share, such as 0 or 90, went through. The docstring says which p are allowed.")
def accepts_any_p(logits, p):
    return top_p_filter(logits, min(max(p, 1e-9), 1.0))


@alternative
def row_by_row(logits, p):
    if p <= 0 or p > 1:
        raise ValueError("p is a share")
    result = logits.clone()
    for row in result.view(-1, logits.shape[-1]):
        shares = row.softmax(0).tolist()
        total = 0.0
        for token in sorted(range(len(row)), key=lambda token: (-shares[token], token)):
            if total >= p and p < 1:
                row[token] = -INF
            total += shares[token]
    return result


@alternative
def by_shifting_the_mask(logits, p):
    if not (p > 0 and p <= 1):
        raise ValueError
    if p == 1.0:
        return logits + 0
    shares, order = torch.softmax(logits, dim=-1).sort(dim=-1, descending=True, stable=True)
    remove = shares.cumsum(dim=-1) >= p
    remove = torch.cat([torch.zeros_like(remove[..., :1]), remove[..., :-1]], dim=-1)
    back = order.argsort(dim=-1)
    return torch.where(remove.gather(-1, back), float("-inf"), logits)
