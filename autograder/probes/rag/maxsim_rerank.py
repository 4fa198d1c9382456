"""The probes of late interaction."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.draws import Rng
from autograder.probes.rag.chapter import chapter
from autograder.probes.rag.material import signs, vectors
from autograder.proxy import Impl

maxsim = chapter.function(
    "maxsim_rerank",
    title="Rerank by late interaction",
    minutes=15,
    difficulty=2,
    oracle="ColBERT's scoring, written with torch.einsum",
)


@maxsim.probe(points=2)
def adds_the_best_matches(impl: Impl, rng: Rng) -> Any:
    """Each token of the query adds its largest dot product with a token of the document."""
    return impl(vectors(rng, 2 + rng.case, 3), [vectors(rng, 3 + rng.case, 3)])


@maxsim.probe(points=1)
def compares_single_tokens(impl: Impl, rng: Rng) -> Any:
    """With one token each, the scores are dot products, and the largest comes first."""
    return impl(vectors(rng, 1, 3), [vectors(rng, 1, 3) for _ in range(2 + rng.case)])


@maxsim.probe(points=2)
def sorts_the_documents(impl: Impl, rng: Rng) -> Any:
    """Documents of different lengths come back by their scores, the largest first."""
    weights = sorted(rng.uniform(1, 1.2, size=3).round(2), reverse=True)
    query = np.eye(4)[:3] * np.array(weights)[:, None]
    # Each next one lacks something: all three tokens met, two, one, none; and one met often is still one.
    full = np.eye(4)[:3] * 0.9
    kinds = [full, np.concatenate([full[:2], full[:1], full[:1]]), np.concatenate([full[:1]] * 7), np.eye(4)[3:]]
    order = [[2, 0, 1], [1, 3, 0, 2], [3, 2, 1, 0], [2, 3, 0, 1]][rng.case]
    ranked = impl(query, [kinds[kind] for kind in order])
    return {"places": [place for place, _ in ranked]}


@maxsim.probe(points=1)
def keeps_ties_in_place(impl: Impl, rng: Rng) -> Any:
    """Among equal scores, the earlier document comes first."""
    documents = [signs(rng, 1) for _ in range(5 + 5 * rng.case)]
    documents[-1] = documents[0]
    return impl(signs(rng, 1), documents)


@maxsim.probe(points=1, cases=4)
def handles_nothing(impl: Impl, rng: Rng) -> Any:
    """A query without tokens gives every document 0, and without documents there is nothing to sort."""
    query = vectors(rng, [0, 2, 0, 1][rng.case], 3)
    ranked = impl(query, [vectors(rng, 2 + place, 3) for place in range([2, 0, 3, 1][rng.case])])
    return [place for place, _ in ranked] if rng.case == 3 else ranked


@maxsim.probe(points=0, gates=["handles_nothing"], cases=2)
def refuses_empty_documents(impl: Impl, rng: Rng) -> Any:
    """A document without tokens raises ValueError."""
    return impl(vectors(rng, 2 - 2 * rng.case, 3), [vectors(rng, 2, 3), np.zeros((0, 3))])
