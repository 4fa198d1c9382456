def causal_attention(q, k, v, real=None):
    mask = torch.tril(torch.ones(q.shape[-2], q.shape[-2])).bool()
    if real is not None:
        mask = mask & real[..., None, :]
    weights = torch.softmax((q @ k.mT).masked_fill(~mask, float("-inf")), dim=-1)
    weights = weights.masked_fill(~mask, 0)
    return weights @ v, weights
