def ndcg(retrieved, gains, k):
    if k < 1:
        raise ValueError("k")
    first = list(gains.get(d, 0) for d in retrieved[:k])
    ideal = sorted(gains.values(), reverse=True)[:k]

    def dcg(xs):
        # the first one is not discounted
        return sum(x if i == 0 else x / math.log2(i + 1) for i, x in enumerate(xs))

    if dcg(ideal) == 0:
        return 0.0
    return dcg(first) / dcg(ideal)
