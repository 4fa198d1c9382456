def cosine_top_k(query, documents, k):
    if documents.shape[1] != query.shape[0] or k < 0:
        raise ValueError("wrong shapes")
    q = query / np.linalg.norm(query)
    d = documents / np.linalg.norm(documents, axis=1)[:, None]
    sims = d @ q
    best = np.argsort(sims, kind="stable")[::-1][:k]
    return [(int(i), float(sims[i])) for i in best]
