def perplexity(logits: Tensor, labels: Tensor, ignore: int = -100) -> float:
    rows = logits[..., :-1, :].reshape(-1, logits.shape[-1]).double()
    wanted = labels[..., 1:].reshape(-1)
    if (wanted == ignore).all():
        raise ValueError("no label counts")
    return torch.nn.functional.cross_entropy(rows, wanted, ignore_index=ignore).exp().item()
