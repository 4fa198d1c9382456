def maxsim_rerank(query, documents):
    lengths = [len(d) for d in documents]
    if 0 in lengths:
        raise ValueError("empty document")
    if not documents:
        return []
    # all tokens of all documents side by side, then the maximum over each document's stretch
    table = query @ np.concatenate(documents).T
    begin = np.cumsum([0] + lengths[:-1])
    scores = np.maximum.reduceat(table, begin, axis=1).sum(axis=0)
    ranking = [(i, float(s)) for i, s in enumerate(scores)]
    ranking.sort(key=lambda t: t[1], reverse=True)
    return ranking
