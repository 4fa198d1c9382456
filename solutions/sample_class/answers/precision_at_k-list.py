def precision_at_k(retrieved, relevant, k):
    if k < 1:
        raise ValueError("need k >= 1")
    good = [d for d in retrieved[:k] if d in relevant]
    return len(good) / k
