def softmax_temperature(logits: Tensor, temperature: float) -> Tensor:
    if temperature < 0 or temperature != temperature:
        raise ValueError("negative temperature")
    if temperature == 0:
        best = (logits == logits.amax(dim=-1, keepdim=True)).to(logits.dtype)
        return best / best.sum(dim=-1, keepdim=True)
    weights = torch.exp(logits / temperature)
    return weights / weights.sum(dim=-1, keepdim=True)
