def bm25_scores(query, documents, k1=1.5, b=0.75):
    if not documents:
        return np.zeros(0)
    N = len(documents)
    mean_length = max(np.mean([len(d) for d in documents]), 1)
    scores = np.zeros(N)
    for t in query:
        n = sum(t in d for d in documents)
        idf = math.log((N - n + 0.5) / (n + 0.5))
        if n == 0:
            continue
        for i, d in enumerate(documents):
            tf = d.count(t)
            scores[i] += idf * tf / (tf + k1 * (1 - b + b * len(d) / mean_length))
    return scores
