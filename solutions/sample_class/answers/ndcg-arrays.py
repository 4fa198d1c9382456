def ndcg(retrieved, gains, k):
    if k < 1:
        raise ValueError("need k >= 1")
    discounts = 1 / np.log2(2 + np.arange(k))
    mine = np.zeros(k)
    for i, doc in enumerate(retrieved[:k]):
        mine[i] = gains.get(doc, 0)
    perfect = np.zeros(k)
    top = sorted(gains.values())[::-1][:k]
    perfect[:len(top)] = top
    if perfect.sum() == 0:
        return 0.0
    return float(mine @ discounts / (perfect @ discounts))
