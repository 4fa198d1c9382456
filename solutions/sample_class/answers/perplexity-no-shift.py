def perplexity(logits: Tensor, labels: Tensor, ignore: int = -100) -> float:
    if (labels[..., 1:] == ignore).all():
        raise ValueError("no label counts")
    rows = logits.reshape(-1, logits.shape[-1]).double()
    return torch.nn.functional.cross_entropy(rows, labels.reshape(-1), ignore_index=ignore).exp().item()
