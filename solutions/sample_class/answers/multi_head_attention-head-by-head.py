def multi_head_attention(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate=None):
    if n_heads % n_kv_heads or wq.shape[0] % n_heads:
        raise ValueError("heads do not fit")
    per_head = []
    for h, w in enumerate(wq.chunk(n_heads)):
        g = h // (n_heads // n_kv_heads)
        q, k, v = x @ w.T, x @ wk.chunk(n_kv_heads)[g].T, x @ wv.chunk(n_kv_heads)[g].T
        if rotate is not None:
            q, k = rotate(q), rotate(k)
        per_head.append(attend(q, k, v)[0])
    return torch.cat(per_head, dim=-1) @ wo.T
