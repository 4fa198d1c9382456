def rag_marginal(token_logprobs, similarities):
    K = len(similarities)
    if K == 0 or token_logprobs.shape[0] != K:
        raise ValueError("one row of log-probs per passage, please")
    # keep both sums as logarithms: log sum e^s and log sum e^s P(y|d)
    all_of_it, with_answer = -np.inf, -np.inf
    for s, row in zip(similarities, token_logprobs):
        all_of_it = np.logaddexp(all_of_it, s)
        with_answer = np.logaddexp(with_answer, s + np.sum(row))
    return float(with_answer - all_of_it)
