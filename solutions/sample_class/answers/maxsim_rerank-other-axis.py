def maxsim_rerank(query, documents):
    out = []
    for i, doc in enumerate(documents):
        if len(doc) == 0:
            raise ValueError("no tokens")
        sim = doc @ query.T
        out.append((i, float(sim.max(axis=1).sum())))
    return sorted(out, key=lambda pair: pair[1], reverse=True)
