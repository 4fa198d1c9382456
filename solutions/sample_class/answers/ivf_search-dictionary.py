import heapq


def ivf_search(query, vectors, centroids, probes, k):
    if probes < 1:
        raise ValueError("probes must be 1 or more")
    if k < 1:
        raise ValueError("k must be 1 or more")

    def distances(points, x):
        diff = points - x
        return (diff * diff).sum(axis=1)

    index = {c: [] for c in range(len(centroids))}
    for i, v in enumerate(vectors):
        index[int(np.argmin(distances(centroids, v)))].append(i)

    to_query = distances(centroids, query)
    near_cells = heapq.nsmallest(probes, index, key=lambda c: (to_query[c], c))
    pool = [i for c in near_cells for i in index[c]]
    d = distances(vectors, query) if pool else []
    return heapq.nsmallest(k, pool, key=lambda i: (d[i], i)), len(pool)
