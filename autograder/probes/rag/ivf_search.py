"""The probes of the search in cells."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.draws import Rng
from autograder.probes.rag.chapter import chapter
from autograder.proxy import Impl

ivf = chapter.function(
    "ivf_search",
    title="Search in a few cells",
    minutes=25,
    difficulty=3,
    oracle="faiss' IndexIVFFlat with the same centroids",
)

#: Where the cells lie: their borders are half-way between neighbours, so draws of less than 4 stay inside.
_CENTRES = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 12.0], [14.0, 14.0], [30.0, 5.0]])


def _around(rng: Rng, centre: int, count: int) -> np.ndarray:
    drawn: np.ndarray = (_CENTRES[centre] + rng.uniform(-3.5, 3.5, size=(count, 2))).round(2)
    return drawn


def _material(rng: Rng, each: int, cells: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Draw `each` vectors around each centre, and put both into random order."""
    vectors = np.concatenate([_around(rng, cell, each) for cell in range(cells)])
    return vectors[rng.permutation(len(vectors))], _CENTRES[:cells][rng.permutation(cells)]


def _at(query: np.ndarray) -> str:
    """Say which query an observation belongs to, so that two draws are told apart."""
    return f"({query[0]:.4f}, {query[1]:.4f})"


@ivf.probe(points=2)
def looks_into_the_nearest_cell(impl: Impl, rng: Rng) -> Any:
    """With one probe, the nearest vectors of the nearest cell come back."""
    vectors, centroids = _material(rng, 4 + rng.case)
    query = _around(rng, 0, 1)[0] * 0.5
    rows, _ = impl(query, vectors, centroids, 1, 2 + rng.case)
    return {f"rows near {_at(query)}": rows}


@ivf.probe(points=2)
def looks_into_more_cells(impl: Impl, rng: Rng) -> Any:
    """With more probes, the nearest vectors of all those cells come back together."""
    each, probes = 4 + rng.case, 2 + rng.case % 2
    vectors, centroids = _material(rng, each)
    query = np.array([4.6, 3.0]) + rng.uniform(-0.3, 0.3, size=2).round(2)
    rows, _ = impl(query, vectors, centroids, probes, each * probes)
    return {f"rows near {_at(query)}": rows}


@ivf.probe(points=1)
def compares_no_more_than_that(impl: Impl, rng: Rng) -> Any:
    """The number of comparisons is the number of vectors in those cells."""
    counts = [int(count) for count in rng.permutation([2, 3, 5, 7, 9])]
    vectors = np.concatenate([_around(rng, cell, count) for cell, count in enumerate(counts)])
    query = np.array([4.6, 1.0]) + rng.uniform(-0.3, 0.3, size=2).round(2)
    _, compared = impl(query, vectors, _CENTRES, 1 + rng.case, 1)
    return {f"vectors compared with {_at(query)}": compared}


@ivf.probe(points=1)
def is_exact_with_all_cells(impl: Impl, rng: Rng) -> Any:
    """With as many probes as cells, or more, nothing is missed."""
    vectors, centroids = _material(rng, 2 + rng.case, 3)
    query = np.array([5.0, 5.0]) + rng.uniform(-4, 4, size=2).round(2)
    return {f"found near {_at(query)}": impl(query, vectors, centroids, [3, 4, 10, 3][rng.case], 4 + rng.case)}


@ivf.probe(points=1)
def breaks_ties_by_number(impl: Impl, rng: Rng) -> Any:
    """Among equally near vectors and centroids, the first comes first."""
    count = [4, 6, 24, 40][rng.case]
    vectors = np.stack([rng.choice([-1.0, 1.0], size=count), rng.choice([2.0, 4.0, 5.0], size=count)], axis=1)
    vectors[:2] = [[1.0, 3.0], [-1.0, 3.0]]
    centroids = np.array([[0.0, -50.0], [3.0, 3.0], [-3.0, 3.0], [3.0, 3.0]])
    query = np.array([0.0, 3.0 + int(rng.integers(-500, 500)) / 1024])  # exact, so that equal distances stay equal
    return {f"found near {_at(query)}": impl(query, vectors, centroids, 1 + rng.case % 3, count)}


@ivf.probe(points=1, cases=4)
def takes_what_there_is(impl: Impl, rng: Rng) -> Any:
    """Cells that hold fewer than k vectors give all of those; an empty cell gives none."""
    vectors = np.concatenate([_around(rng, cell, 2) for cell in (0, 1, 3)])
    query = _CENTRES[[0, 2, 1, 2][rng.case]] + rng.uniform(0.05, 0.15, size=2).round(4)
    return {f"found near {_at(query)}": impl(query, vectors, _CENTRES, [1, 1, 2, 2][rng.case], [5, 3, 9, 6][rng.case])}


@ivf.probe(points=0, gates=["takes_what_there_is"], cases=3)
def refuses_less_than_one(impl: Impl, rng: Rng) -> Any:
    """A number of probes or a k below 1 raises ValueError."""
    vectors, centroids = _material(rng, 2)
    return impl(vectors[0], vectors, centroids, [0, 1, -1][rng.case], [2, 0, 2][rng.case])
