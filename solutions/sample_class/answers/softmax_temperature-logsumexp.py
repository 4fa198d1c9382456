def softmax_temperature(logits: Tensor, temperature: float) -> Tensor:
    if not (0 <= temperature):
        raise ValueError("the temperature cannot be negative")
    if temperature == 0:
        best = logits == logits.max(dim=-1, keepdim=True).values
        return best.to(logits) / best.sum(dim=-1, keepdim=True).to(logits)
    scaled = logits / temperature
    return torch.exp(scaled - torch.logsumexp(scaled, dim=-1, keepdim=True))
