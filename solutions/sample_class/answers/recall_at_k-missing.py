def recall_at_k(retrieved, relevant, k):
    if k < 1:
        raise ValueError("need k >= 1")
    if len(relevant) == 0:
        return 0.0
    top = retrieved[:k]
    not_found = [d for d in relevant if d not in top]
    return 1 - len(not_found) / len(relevant)
