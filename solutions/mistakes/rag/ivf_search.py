"""Search in a few cells: mistakes, and other right ways."""

import numpy as np

from solutions.mistakes import Variants
from solutions.rag import ivf_search

variants = Variants("ivf_search")
mistake, alternative = variants.mistake, variants.alternative


def _squares(points, to):
    return ((points - to) ** 2).sum(-1)


def _refuse(probes, k):
    if probes < 1 or k < 1:
        raise ValueError("probes or k")


def _candidates(query, vectors, centroids, probes, order=None):
    """Return the rows in the visited cells, which may be ordered by something else than distance."""
    cells = _squares(vectors[:, None], centroids).argmin(1)
    order = np.argsort(_squares(centroids, query), kind="stable") if order is None else order
    return np.flatnonzero(np.isin(cells, order[:probes]))


def _nearest(query, vectors, candidates, k):
    near = np.argsort(_squares(vectors[candidates], query), kind="stable")[:k]
    return candidates[near].tolist(), len(candidates)


@mistake("You compared all vectors. One of a cell that is not visited cannot be found, and costs nothing.")
def compares_everything(query, vectors, centroids, probes, k):
    _refuse(probes, k)
    return _nearest(query, vectors, np.arange(len(vectors)), k)


@mistake("You looked into one cell only. `probes` says into how many.")
def looks_into_one_cell(query, vectors, centroids, probes, k):
    _refuse(probes, k)
    return ivf_search(query, vectors, centroids, 1 if probes < len(centroids) else probes, k)


@mistake("You chose the cells by dot product. Here nearness is the squared distance, for cells and for vectors.")
def chooses_cells_by_dot_product(query, vectors, centroids, probes, k):
    _refuse(probes, k)
    order = np.argsort(-(centroids @ query), kind="stable")
    return _nearest(query, vectors, _candidates(query, vectors, centroids, probes, order), k)


@mistake("You looked into the cells that are farthest away. `argsort` sorts upwards: which end is near?")
def looks_into_the_farthest(query, vectors, centroids, probes, k):
    _refuse(probes, k)
    order = np.argsort(-_squares(centroids, query), kind="stable")
    return _nearest(query, vectors, _candidates(query, vectors, centroids, probes, order), k)


@mistake("You returned places among the candidates. What is asked for are rows of `vectors`.")
def returns_places(query, vectors, centroids, probes, k):
    _refuse(probes, k)
    candidates = _candidates(query, vectors, centroids, probes)
    return _nearest(query, vectors[candidates], np.arange(len(candidates)), k)


@mistake("The rows you found are right, but not in the order of their distance.")
def forgets_to_sort(query, vectors, centroids, probes, k):
    rows, compared = ivf_search(query, vectors, centroids, probes, k)
    return sorted(rows), compared


@mistake("You took k vectors from each cell. The k nearest of all visited cells together are asked for.")
def takes_k_from_each_cell(query, vectors, centroids, probes, k):
    _refuse(probes, k)
    rows = []
    cells = _squares(vectors[:, None], centroids).argmin(1)
    for cell in np.argsort(_squares(centroids, query), kind="stable")[:probes]:
        rows += _nearest(query, vectors, np.flatnonzero(cells == cell), k)[0]
    return rows, int(np.isin(cells, np.argsort(_squares(centroids, query), kind="stable")[:probes]).sum())


@mistake("You counted the cells, or the centroids, as comparisons. Vectors in the visited cells are counted.")
def counts_centroids_too(query, vectors, centroids, probes, k):
    rows, compared = ivf_search(query, vectors, centroids, probes, k)
    return rows, compared + len(centroids)


@mistake("Among equally near ones you took the last. The first row, and the first centroid, comes first.")
def takes_the_last_of_ties(query, vectors, centroids, probes, k):
    _refuse(probes, k)
    candidates = _candidates(query, vectors, centroids, probes)[::-1]
    near = np.argsort(_squares(vectors[candidates], query), kind="stable")[:k]
    return candidates[near].tolist(), len(candidates)


@mistake("With less than one probe, or a k below 1, you searched on. The docstring names the error.")
def takes_any_number(query, vectors, centroids, probes, k):
    return ivf_search(query, vectors, centroids, probes, k) if probes >= 1 and k >= 1 else ([], 0)


@alternative
def with_lists(query, vectors, centroids, probes, k):
    if min(probes, k) < 1:
        raise ValueError("at least one")

    def square(one, other):
        return float(sum((a - b) ** 2 for a, b in zip(one, other, strict=True)))

    inverted = [[] for _ in centroids]
    for row, vector in enumerate(vectors):
        inverted[min(range(len(centroids)), key=lambda cell: square(vector, centroids[cell]))].append(row)
    visited = sorted(range(len(centroids)), key=lambda cell: square(query, centroids[cell]))[:probes]
    rows = sorted(row for cell in visited for row in inverted[cell])
    return sorted(rows, key=lambda row: square(query, vectors[row]))[:k], len(rows)


@alternative
def with_a_mask(query, vectors, centroids, probes, k):
    if probes <= 0 or k <= 0:
        raise ValueError("at least one")
    cells = np.array([np.argmin(_squares(centroids, vector)) for vector in vectors])
    far = _squares(centroids, query)
    mask = np.zeros(len(vectors), dtype=bool)
    for cell in np.lexsort((np.arange(len(far)), far))[:probes]:
        mask |= cells == cell
    distances = np.where(mask, _squares(vectors, query), np.inf)
    order = np.lexsort((np.arange(len(vectors)), distances))[: min(k, int(mask.sum()))]
    return [int(row) for row in order], int(mask.sum())
