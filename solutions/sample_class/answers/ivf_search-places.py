def ivf_search(query, vectors, centroids, probes, k):
    if probes < 1 or k < 1:
        raise ValueError("too small")
    dist = lambda a, b: np.sum((a - b) ** 2, axis=-1)
    assigned = np.array([dist(v, centroids).argmin() for v in vectors])
    cells = dist(query, centroids).argsort(kind="stable")[:probes]
    inside = vectors[np.isin(assigned, cells)]
    order = dist(query, inside).argsort(kind="stable")[:k]
    return [int(i) for i in order], len(inside)
