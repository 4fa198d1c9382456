"""The probes of retrieval by cosine similarity."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.draws import Rng
from autograder.probes.rag.chapter import chapter
from autograder.probes.rag.material import signs, vectors
from autograder.proxy import Impl

cosine = chapter.function(
    "cosine_top_k",
    title="Retrieve by cosine similarity",
    minutes=15,
    difficulty=2,
    oracle="scikit-learn's cosine_similarity; faiss' IndexFlatIP on unit vectors",
)


@cosine.probe(points=2, cases=5)
def finds_the_best(impl: Impl, rng: Rng) -> Any:
    """The k most similar documents come back, the most similar first, with their similarities."""
    return impl(vectors(rng, 3), vectors(rng, 3 + 2 * rng.case, 3), 2 + rng.case)


@cosine.probe(points=1)
def names_the_similarity(impl: Impl, rng: Rng) -> Any:
    """The similarity that stands beside a row is the cosine between query and that row."""
    query, documents = vectors(rng, 4), vectors(rng, 6, 4)
    found = impl(query, documents, 3)
    lengths = np.linalg.norm(documents, axis=1) * np.linalg.norm(query)
    right = (documents @ query) / lengths
    checked = [bool(abs(right[row] - similarity) < 1e-4) for row, similarity in found]
    return {"something was found": len(checked) > 0, "each similarity is right": all(checked)}


@cosine.probe(points=1, cases=3)
def finds_the_nearest(impl: Impl, rng: Rng) -> Any:
    """Among vectors of length 1, the one most similar document comes back for k = 1."""
    query, *rows = vectors(rng, 4 + rng.case, 3)
    return impl(query / np.linalg.norm(query), rows / np.linalg.norm(rows, axis=1, keepdims=True), 1)


@cosine.probe(points=1)
def ignores_length(impl: Impl, rng: Rng) -> Any:
    """Directions count: vectors a million times longer or shorter change nothing."""
    sizes = [(1, 1e6), (1e-6, 1), (1e-6, 1e-6), (1e6, 1e-6)][rng.case]
    stretch = rng.permutation([1e-3, 0.1, 1.0, 10.0, 1e3])[:, None]
    return impl(vectors(rng, 3) * sizes[0], vectors(rng, 5, 3) * stretch * sizes[1], 4)


@cosine.probe(points=1)
def breaks_ties_by_row(impl: Impl, rng: Rng) -> Any:
    """Among equally similar documents, the smaller row comes first."""
    documents = signs(rng, [6, 8, 24, 40][rng.case])
    query = documents[0] * 2
    documents[-1] = documents[0]
    documents[1] = -documents[0]
    return impl(query, documents, [6, 5, 20, 40][rng.case])


@cosine.probe(points=1)
def survives_zero_vectors(impl: Impl, rng: Rng) -> Any:
    """A vector of zeros has similarity 0 with everything."""
    query, documents = vectors(rng, 3), vectors(rng, 4, 3)
    documents[[1, 3, 0, 2][rng.case]] = 0.0
    if rng.case == 3:
        query[:] = 0.0
    return impl(query, documents, [4, 4, 3, 2][rng.case])


@cosine.probe(points=1, cases=4)
def takes_what_there_is(impl: Impl, rng: Rng) -> Any:
    """With fewer than k documents all come back; with k = 0 or no documents, none."""
    count, k = [(1, 5), (1, 1), (3, 0), (0, 2)][rng.case]
    query, documents = vectors(rng, 3), vectors(rng, count, 3)
    found, after = impl.keeping(query, documents, k)
    return {"found": found, "documents afterwards": after[1]}


@cosine.probe(points=0, gates=["takes_what_there_is"], cases=3)
def refuses_what_does_not_fit(impl: Impl, rng: Rng) -> Any:
    """Vectors of different dimensions, or a negative k, raise ValueError."""
    return impl(vectors(rng, [3, 4, 3][rng.case]), vectors(rng, 5, [4, 3, 3][rng.case]), [2, 2, -1][rng.case])
