def perplexity(logits: Tensor, labels: Tensor, ignore: int = -100) -> float:
    rows = logits[..., :-1, :].reshape(-1, logits.shape[-1])
    wanted = labels[..., 1:].reshape(-1)
    counts = wanted != ignore
    if counts.sum() == 0:
        raise ValueError("no label counts")
    logs = rows[counts].log_softmax(-1)
    return -logs[torch.arange(len(logs)), wanted[counts]].mean().item()
