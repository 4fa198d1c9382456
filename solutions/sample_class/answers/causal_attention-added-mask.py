def causal_attention(q, k, v, real=None):
    T, d = q.shape[-2], q.shape[-1]
    hidden = torch.triu(torch.ones(T, T), diagonal=1).bool()
    if real is not None:
        hidden = hidden | ~real[..., None, :]
    empty = hidden.all(dim=-1, keepdim=True)
    mask = torch.zeros(hidden.shape).masked_fill(hidden & ~empty, float("-inf"))
    weights = torch.softmax(q @ k.mT * d**-0.5 + mask, dim=-1)
    weights = torch.where(empty, 0.0, weights)
    return weights @ v, weights
