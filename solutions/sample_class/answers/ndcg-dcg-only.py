def ndcg(retrieved, gains, k):
    dcg = 0.0
    for rank in range(1, min(k, len(retrieved)) + 1):
        dcg += gains.get(retrieved[rank - 1], 0.0) / np.log2(rank + 1)
    # TODO: the ideal one
    return float(dcg)
