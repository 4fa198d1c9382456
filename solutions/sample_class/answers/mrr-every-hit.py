def mrr(rankings, relevant):
    if len(rankings) == 0 or len(rankings) != len(relevant):
        raise ValueError("mrr of nothing")
    total = 0
    for ranking, good in zip(rankings, relevant):
        for place, doc in enumerate(ranking):
            if doc in good:
                total += 1 / (place + 1)
    n_queries = len(rankings)
    return total / n_queries
