def cosine_top_k(query, documents, k):
    if k < 0:
        raise ValueError("k is below zero")
    scores = documents @ query
    ranking = sorted(enumerate(scores), key=lambda t: -t[1])
    return [(row, float(score)) for row, score in ranking[:k]]
