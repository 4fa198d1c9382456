def softmax_temperature(logits: Tensor, temperature: float) -> Tensor:
    if not temperature >= 0:
        raise ValueError("negative temperature")
    if temperature == 0:
        best = (logits == logits.amax(dim=-1, keepdim=True)).to(logits.dtype)
        return best / best.sum(dim=-1, keepdim=True)
    return torch.softmax(logits * temperature, dim=-1)
