def multi_head_attention(x, wq, wk, wv, wo, n_heads, n_kv_heads, attend, rotate=None):
    if n_heads % n_kv_heads or wq.shape[0] % n_heads:
        raise ValueError("heads do not fit")
    *leading, T, D = x.shape
    d = wq.shape[0] // n_heads
    q = (x @ wq.T).reshape(*leading, T, n_heads, d).transpose(-2, -3)
    k = (x @ wk.T).reshape(*leading, T, n_kv_heads, d).transpose(-2, -3)
    v = (x @ wv.T).reshape(*leading, T, n_kv_heads, d).transpose(-2, -3)
    if rotate is not None:
        q, k = rotate(q), rotate(k)
    group = n_heads // n_kv_heads
    k, v = torch.cat([k] * group, -3), torch.cat([v] * group, -3)
    out, _ = attend(q, k, v)
    return out.transpose(-2, -3).reshape(*leading, T, n_heads * d) @ wo.T
