"""Multi-head attention: mistakes, and other right ways."""

import torch

from solutions.mistakes import Variants
from solutions.next_token import multi_head_attention

variants = Variants("multi_head_attention")
mistake, alternative = variants.mistake, variants.alternative


def _split(x, w, heads):
    return (x @ w.T).unflatten(-1, (heads, -1)).transpose(-3, -2)


def _join(output):
    return output.transpose(-3, -2).flatten(-2)


def _same(vectors):
    return vectors


def _run(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate, *, split=_split, share=None, join=_join, check=True):
    """Run multi-head attention with one thing changed."""
    if check and (n_heads % n_kv_heads or len(wq) % n_heads):
        raise ValueError("heads")
    rotate = rotate or _same
    group = n_heads // n_kv_heads
    share = share or (lambda vectors: vectors.repeat_interleave(group, dim=-3))
    q = rotate(split(x, wq, n_heads))
    k = share(rotate(split(x, wk, n_kv_heads)))
    v = share(split(x, wv, n_kv_heads))
    return join(attend(q, k, v)[0]) @ wo.T


@mistake("You cut x into heads without swapping positions and heads: the shape is right, the numbers are mixed up.")
def reshapes_without_swapping(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate=None):
    def split(x, w, heads):
        y = x @ w.T
        return y.reshape(*y.shape[:-2], heads, y.shape[-2], -1)

    return _run(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate, split=split)


@mistake("The heads were put together without swapping back: their numbers end up at wrong positions.")
def joins_without_swapping(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate=None):
    def join(output):
        return output.reshape(*output.shape[:-3], output.shape[-2], -1)

    return _run(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate, join=join)


@mistake("You dealt the columns out to the heads one by one. A head has d neighbouring columns: head 0 the first d.")
def interleaves_heads(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate=None):
    def split(x, w, heads):
        return (x @ w.T).unflatten(-1, (-1, heads)).movedim(-1, -3)

    return _run(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate, split=split)


@mistake("There is only one head in your code: one attention over all columns at once.")
def uses_one_head(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate=None):
    if n_heads == 1:
        return multi_head_attention(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate)
    if n_heads % n_kv_heads or len(wq) % n_heads:
        raise ValueError("heads")
    return multi_head_attention(x, wq, wk, wv, wo, 1, 1, attend, rotate)


@mistake("The heads are there, but the last matrix `wo` that mixes them is missing.")
def forgets_the_last_matrix(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate=None):
    return multi_head_attention(x, wq, wk, wv, torch.eye(wo.shape[1]), n_heads, n_kv_heads, attend, rotate)


@mistake("A matrix was applied the wrong way round. It is stored as (out, in), as in `torch.nn.Linear`.")
def multiplies_untransposed(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate=None):
    if n_heads % n_kv_heads or len(wq) % n_heads:
        raise ValueError("heads")
    q, k, v = (
        (x @ w).unflatten(-1, (n, -1)).transpose(-3, -2) for w, n in ((wq, n_heads), (wk, n_kv_heads), (wv, n_kv_heads))
    )
    if rotate is not None:
        q, k = rotate(q), rotate(k)
    group = n_heads // n_kv_heads
    return _join(attend(q, k.repeat_interleave(group, -3), v.repeat_interleave(group, -3))[0]) @ wo


@mistake(
    "Query heads share the wrong keys: you repeat the heads in turn (0, 1, 0, 1). Neighbours share one (0, 0, 1, 1)."
)
def repeats_heads_in_turn(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate=None):
    group = n_heads // n_kv_heads
    return _run(
        x,
        wq,
        wk,
        wv,
        wo,
        n_heads,
        n_kv_heads,
        attend,
        rotate,
        share=lambda vectors: torch.cat([vectors] * group, dim=-3),
    )


@mistake("Every query head uses the first head of keys and values. The task says which head belongs to which.")
def uses_the_first_key_head(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate=None):
    def share(vectors):
        if n_kv_heads == n_heads:
            return vectors
        return vectors[..., :1, :, :].repeat_interleave(n_heads, dim=-3)

    return _run(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate, share=share)


@mistake("With fewer key heads than query heads your code fails: keys and values are cut into n_kv_heads, not n_heads.")
def expects_as_many_key_heads(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate=None):
    if n_heads % n_kv_heads or len(wq) % n_heads:
        raise ValueError("heads")
    q, k, v = (_split(x, w, heads) for w, heads in ((wq, n_heads), (wk, n_kv_heads), (wv, n_kv_heads)))
    if rotate is not None:
        q, k = rotate(q), rotate(k)
    if n_kv_heads != n_heads:
        k = k.reshape(q.shape)
    return _join(attend(q, k, v)[0]) @ wo.T


@mistake("`rotate` is not used, so your heads do not know where a token stands.")
def forgets_to_rotate(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate=None):
    return multi_head_attention(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend)


@mistake(
    "The values were rotated too. Only queries and keys are: positions decide whom to look at, not what is taken over."
)
def rotates_values(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate=None):
    def turned(q, k, v):
        return attend(q, k, rotate(v) if rotate else v)

    return multi_head_attention(x, wq, wk, wv, wo, n_heads, n_kv_heads, turned, rotate)


@mistake("Only the queries were rotated. What counts is the angle between a query and a key, so both are turned.")
def rotates_queries_only(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate=None):
    def turned(q, k, v):
        return attend(rotate(q) if rotate else q, k, v)

    return multi_head_attention(x, wq, wk, wv, wo, n_heads, n_kv_heads, turned)


@mistake(
    "`rotate` was given all heads in one row, before they were cut. It expects the vectors of a head, (..., T, d)."
)
def rotates_before_cutting(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate=None):
    def split(x, w, heads):
        y = x @ w.T
        if rotate is not None and w is not wv:
            y = rotate(y)
        return y.unflatten(-1, (heads, -1)).transpose(-3, -2)

    return _run(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, None, split=split)


@mistake("`rotate` took heads for positions: it counts positions along the last dimension but one, so swap before it.")
def rotates_before_swapping(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate=None):
    def split(x, w, heads):
        y = (x @ w.T).unflatten(-1, (heads, -1))
        if rotate is not None and w is not wv and heads > 1:
            y = rotate(y)
        y = y.transpose(-3, -2)
        return rotate(y) if rotate is not None and w is not wv and heads == 1 else y

    return _run(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, None, split=split)


@mistake("Your code wants x with exactly three dimensions. It may have no leading dimension, or several.")
def wants_a_batch(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate=None):
    if n_heads % n_kv_heads or len(wq) % n_heads:
        raise ValueError("heads")
    batch, length, width = x.shape
    return multi_head_attention(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate)


@mistake("Head counts that do not divide went through, or ended in another error. The docstring names ValueError.")
def checks_nothing(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate=None):
    if n_heads % n_kv_heads or len(wq) % n_heads:
        raise RuntimeError("shapes")
    return multi_head_attention(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate)


@mistake("Your function changed a matrix or x. Methods ending in `_` and operators such as `*=` work in place.")
def works_in_place(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate=None):
    y = multi_head_attention(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate)
    wq *= 0.5
    return y


@alternative
def head_by_head(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate=None):
    if n_heads % n_kv_heads != 0 or wq.shape[0] % n_heads != 0:
        raise ValueError("the numbers of heads do not fit")
    d = wq.shape[0] // n_heads
    found = []
    for head in range(n_heads):
        key_head = head // (n_heads // n_kv_heads)
        q = x @ wq[head * d : (head + 1) * d].T
        k = x @ wk[key_head * d : (key_head + 1) * d].T
        v = x @ wv[key_head * d : (key_head + 1) * d].T
        if rotate is not None:
            q, k = rotate(q), rotate(k)
        found.append(attend(q, k, v)[0])
    return torch.cat(found, dim=-1) @ wo.T


@alternative
def with_einsum(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate=None):
    if n_heads % n_kv_heads or wq.shape[0] % n_heads:
        raise ValueError
    width = x.shape[-1]
    groups = torch.arange(n_heads) // (n_heads // n_kv_heads)
    q = torch.einsum("...tw,hdw->...htd", x, wq.reshape(n_heads, -1, width))
    k = torch.einsum("...tw,hdw->...htd", x, wk.reshape(n_kv_heads, -1, width)[groups])
    v = torch.einsum("...tw,hdw->...htd", x, wv.reshape(n_kv_heads, -1, width)[groups])
    if rotate:
        q, k = rotate(q), rotate(k)
    output = attend(q, k, v)[0]
    return torch.einsum("...htd,ohd->...to", output, wo.reshape(len(wo), n_heads, -1))
