def ndcg(retrieved, gains, k):
    if k < 1:
        raise ValueError("k < 1")
    top = [gains.get(doc, 0) for doc in retrieved[:k]]
    dcg = sum(g / math.log2(i + 2) for i, g in enumerate(top))
    idcg = sum(g / math.log2(i + 2) for i, g in enumerate(sorted(top, reverse=True)))
    return dcg / idcg if idcg > 0 else 0.0
