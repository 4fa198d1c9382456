def bm25_scores(query, documents, k1=1.5, b=0.75):
    scores = np.zeros(len(documents))
    for t in query:
        n = sum(1 for d in documents if t in d)
        idf = math.log(1 + (len(documents) - n + 0.5) / (n + 0.5))
        for i, d in enumerate(documents):
            scores[i] += idf * d.count(t) / (d.count(t) + k1)  # TODO b and the length
    return scores
