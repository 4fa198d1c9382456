def bm25_scores(query, documents, k1=1.5, b=0.75):
    N = len(documents)
    avgdl = sum(len(d) for d in documents) / N
    scores = []
    for d in documents:
        s = 0.0
        for t in query:
            n = sum(1 for other in documents if t in other)
            idf = math.log(1 + (N - n + 0.5) / (n + 0.5))
            f = d.count(t)
            s += idf * f * (k1 + 1) / (f + k1 * (1 - b + b * len(d) / avgdl))
        scores.append(s)
    return np.array(scores)
