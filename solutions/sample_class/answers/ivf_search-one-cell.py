def ivf_search(query, vectors, centroids, probes, k):
    if probes < 1 or k < 1:
        raise ValueError("probes, k")
    cell_of = [int(np.argmin(((centroids - v) ** 2).sum(axis=1))) for v in vectors]
    # only the cell that the query is in
    home = int(np.argmin(((centroids - query) ** 2).sum(axis=1)))
    members = [i for i, c in enumerate(cell_of) if c == home]
    members.sort(key=lambda i: ((vectors[i] - query) ** 2).sum())
    return members[:k], len(members)
