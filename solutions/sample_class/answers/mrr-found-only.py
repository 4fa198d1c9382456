def mrr(rankings, relevant):
    if len(relevant) != len(rankings) or rankings == []:
        raise ValueError("lengths")
    rr = []
    for docs, good in zip(rankings, relevant):
        for rank, doc in enumerate(docs, 1):
            if doc in good:
                rr.append(1 / rank)
                break
    return sum(rr) / len(rr) if rr else 0.0
