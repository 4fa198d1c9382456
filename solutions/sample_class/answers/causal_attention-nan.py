def causal_attention(q, k, v, real=None):
    T, d = q.shape[-2], q.shape[-1]
    mask = torch.tril(torch.ones(T, T)).bool()
    if real is not None:
        mask = mask & real[..., None, :]
    scores = (q @ k.mT / d**0.5).masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    return weights @ v, weights
