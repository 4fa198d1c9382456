def top_k_filter(logits: Tensor, k: int) -> Tensor:
    if k < 1:
        raise ValueError("k must be at least 1")
    best = torch.sort(logits, dim=-1, descending=True, stable=True)[1][..., :k]
    result = torch.zeros_like(logits)
    return result.scatter(-1, best, logits.gather(-1, best))
