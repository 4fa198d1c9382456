def recall_at_k(retrieved, relevant, k):
    if k < 1:
        raise ValueError("k < 1")
    # is the gold document among the top k?
    for doc in retrieved[:k]:
        if doc in relevant:
            return 1.0
    return 0.0
