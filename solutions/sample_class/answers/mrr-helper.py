def mrr(rankings, relevant):
    if len(rankings) != len(relevant) or len(rankings) == 0:
        raise ValueError("need one list of relevant documents per query")

    def reciprocal_rank(docs, good):
        for i in range(len(docs)):
            if docs[i] in good:
                return 1 / (i + 1)
        return 0

    return float(np.mean([reciprocal_rank(d, g) for d, g in zip(rankings, relevant)]))
