def top_p_filter(logits: Tensor, p: float) -> Tensor:
    if p <= 0 or p > 1:
        raise ValueError("p must be a share")
    if p == 1:
        return logits + 0
    probs = logits.softmax(-1).sort(dim=-1, descending=True, stable=True)[0]
    keep = probs.cumsum(-1) - probs < p
    return torch.where(keep, logits, float("-inf"))
