"""Chapter 2: hidden probes. They ask nothing that the docstrings do not promise."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.draws import Rng
from autograder.exercise import hidden_probe
from autograder.probes.rag.bm25_scores import bm25
from autograder.probes.rag.build_prompt import prompt
from autograder.probes.rag.chunk_tokens import chunks
from autograder.probes.rag.cosine_top_k import cosine
from autograder.probes.rag.ivf_search import ivf
from autograder.probes.rag.material import WORDS, names, words
from autograder.probes.rag.maxsim_rerank import maxsim
from autograder.probes.rag.reciprocal_rank_fusion import fusion
from autograder.probes.rag.token_f1 import f1
from autograder.proxy import Impl


@hidden_probe(chunks, points=1, cases=3)
def cuts_a_whole_page(impl: Impl, rng: Rng) -> Any:
    """A page of hundreds of tokens is cut as a line is, and nothing of it is lost."""
    count, size, overlap = [(300, 64, 8), (513, 128, 0), (700, 100, 99)][rng.case]
    cut = impl([int(token) for token in rng.integers(0, 10**5, size=count)], size, overlap)
    return {"how many": len(cut), "first": cut[0][:5], "last": cut[-1], "middle": cut[len(cut) // 2][:5]}


@hidden_probe(cosine, points=1, cases=3, rtol=1e-9, atol=1e-9)
def keeps_double_precision(impl: Impl, rng: Rng) -> Any:
    """Vectors of 64 bits and hundreds of dimensions give similarities of 64 bits."""
    return impl(rng.normal(size=384), rng.normal(size=(50, 384)), 5 + rng.case)


@hidden_probe(bm25, points=1, cases=3, rtol=1e-9, atol=1e-12)
def scores_a_library(impl: Impl, rng: Rng) -> Any:
    """Many documents, common words and rare ones, and a query of several words together."""
    documents = [words(rng, int(rng.integers(1, 30))) + ["the"] * (place % 4) for place in range(60)]
    return impl(["the", *words(rng, 4), "nowhere", "the"], documents, 1.2 + 0.3 * rng.case, 0.6)


@hidden_probe(fusion, points=1, cases=3)
def merges_long_rankings(impl: Impl, rng: Rng) -> Any:
    """Two long rankings that share some documents merge into one with every document."""
    pool = names(rng, 40)
    # The second takes up each third document of the first, in the same order: no two scores are equal.
    fused = impl([pool[:30], [*pool[30:], *pool[: 30 : 3 + rng.case]]])
    return dict(fused)


@hidden_probe(f1, points=1, cases=3)
def scores_long_answers(impl: Impl, rng: Rng) -> Any:
    """Long answers with many repetitions, and several gold answers."""
    golds = [" ".join(words(rng, 12 + 4 * place, 5)) for place in range(3)]
    return impl(" ".join(words(rng, 15 + rng.case, 5)), [*golds, WORDS[7]])


@hidden_probe(prompt, points=1, cases=3)
def writes_it_whole(impl: Impl, rng: Rng) -> Any:
    """Order, numbers, white space and question together, to the letter."""
    passages = [f" {word}  was\nbuilt in {rng.integers(1200, 1990)}. " for word in words(rng, 5 + rng.case)]
    return impl(f"When was the {words(rng, 1)[0]} built?", passages)


@hidden_probe(ivf, points=1, cases=3)
def searches_many_vectors(impl: Impl, rng: Rng) -> Any:
    """Hundreds of vectors in more dimensions, with random cells."""
    vectors, centroids = rng.normal(size=(200, 6)), rng.normal(size=(9, 6))
    centroids[4] *= 0.1
    return impl(centroids[4] + 0.02 * rng.normal(size=6), vectors, centroids, 1 + 2 * rng.case, 12)


@hidden_probe(maxsim, points=1, cases=3, rtol=1e-9, atol=1e-9)
def sorts_a_shelf(impl: Impl, rng: Rng) -> Any:
    """Many documents of different lengths, with vectors of 64 bits."""
    documents = [rng.normal(size=(int(length), 8)) for length in rng.integers(1, 30, size=20)]
    ranked = impl(rng.normal(size=(4 + rng.case, 8)), documents)
    return {"places": [place for place, _ in ranked], "scores": np.array([score for _, score in ranked])}
