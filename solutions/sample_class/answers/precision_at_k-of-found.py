def precision_at_k(retrieved, relevant, k):
    if k < 1:
        raise ValueError("k < 1")
    top_k = retrieved[:k]
    if not top_k:
        return 0.0
    return sum(doc in relevant for doc in top_k) / len(top_k)
