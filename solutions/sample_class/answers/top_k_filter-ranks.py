def top_k_filter(logits: Tensor, k: int) -> Tensor:
    if k < 1:
        raise ValueError("k must be at least 1")
    order = torch.sort(-logits, dim=-1, stable=True)[1]
    rank = order.argsort(dim=-1)
    return torch.where(rank < k, logits, float("-inf"))
