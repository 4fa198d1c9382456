def softmax_temperature(logits: Tensor, temperature: float) -> Tensor:
    weights = torch.exp((logits - logits.max()) / temperature
    return weights /
