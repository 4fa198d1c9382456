def maxsim_rerank(query, documents):
    if any(len(d) == 0 for d in documents):
        raise ValueError("a document is empty")
    scores = []
    for d in documents:
        best = (query @ d.T).max(axis=1)
        scores.append(best.mean())
    order = sorted(range(len(scores)), key=scores.__getitem__)[::-1]
    return [(int(i), float(scores[i])) for i in order]
