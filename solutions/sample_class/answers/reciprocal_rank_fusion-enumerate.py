def reciprocal_rank_fusion(rankings, k=60.0):
    scores = Counter()
    for ranking in rankings:
        if len(ranking) != len(set(ranking)):
            raise ValueError("duplicate")
        for i, doc in enumerate(ranking):
            scores[doc] += 1 / (k + i)
    return sorted(scores.items(), key=lambda x: (-x[1], x[0]))
