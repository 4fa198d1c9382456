def rag_marginal(token_logprobs, similarities):
    if len(similarities) != len(token_logprobs) or len(similarities) == 0:
        raise ValueError("rows and similarities")
    w = np.exp(similarities - similarities.max())
    w /= w.sum()
    return float(w @ token_logprobs.sum(axis=1))
