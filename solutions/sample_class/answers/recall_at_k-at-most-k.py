def recall_at_k(retrieved, relevant, k):
    if k <= 0:
        raise ValueError("k")
    found = set(relevant) & set(retrieved[:k])
    reachable = min(len(relevant), k)
    return len(found) / reachable if reachable else 0.0
