import heapq


def cosine_top_k(query, documents, k):
    if documents.shape[1] != len(query):
        raise ValueError("query and documents live in different spaces")
    if k < 0:
        raise ValueError("negative k")

    def cos(d):
        norms = np.sqrt(d @ d) * np.sqrt(query @ query)
        return float(d @ query / norms) if norms > 0 else 0.0

    # -i, so that of two equal documents the earlier one is "larger"
    pairs = [(cos(d), -i) for i, d in enumerate(documents)]
    return [(-i, s) for s, i in heapq.nlargest(k, pairs)]
