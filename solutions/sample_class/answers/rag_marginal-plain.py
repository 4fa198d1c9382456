def rag_marginal(token_logprobs, similarities):
    if len(similarities) == 0 or len(similarities) != len(token_logprobs):
        raise ValueError("shapes")
    p_doc = np.exp(similarities) / np.sum(np.exp(similarities))
    p_answer = np.prod(np.exp(token_logprobs), axis=1)
    return float(np.log(np.sum(p_doc * p_answer)))
