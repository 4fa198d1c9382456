def top_p_filter(logits: Tensor, p: float) -> Tensor:
    if p <= 0 or p > 1:
        raise ValueError("p must be a share")
    if p == 1:
        return logits + 0
    values, order = torch.sort(logits, dim=-1, descending=True, stable=True)
    keep = values.softmax(-1).cumsum(-1) <= p
    return logits.masked_fill(~keep.gather(-1, order.argsort(-1)), float("-inf"))
