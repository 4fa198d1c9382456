"""The probes of BM25."""

from __future__ import annotations

from typing import Any

from autograder.draws import Rng
from autograder.probes.rag.chapter import chapter
from autograder.probes.rag.material import WORDS, words
from autograder.proxy import Impl

bm25 = chapter.function(
    "bm25_scores",
    title="Score documents by BM25",
    minutes=20,
    difficulty=2,
    oracle='bm25s with method="lucene" and dtype="float64"',
)


@bm25.probe(points=2)
def weighs_rare_terms(impl: Impl, rng: Rng) -> Any:
    """In documents of one length that have a term or do not, the score follows the idf."""
    count, having = [(4, 1), (5, 4), (6, 2), (8, 7)][rng.case]
    term, *others = (str(word) for word in rng.permutation(list(WORDS)))
    documents = [[term, *others[:2]] if place < having else list(others[2:5]) for place in range(count)]
    return impl([term], [documents[place] for place in rng.permutation(count)])


@bm25.probe(points=2)
def saturates_counts(impl: Impl, rng: Rng) -> Any:
    """In documents of one length, each further occurrence of a term adds less."""
    term, *others = (str(word) for word in rng.permutation(list(WORDS)))
    counts = [int(number) for number in rng.permutation(5 + rng.case)]
    documents = [[term] * number + others[:1] * (9 - number) for number in counts]
    return impl([term], documents)


@bm25.probe(points=2)
def prefers_short_documents(impl: Impl, rng: Rng) -> Any:
    """A term counts for more in a document that is shorter than the mean."""
    term, *others = (str(word) for word in rng.permutation(list(WORDS)))
    lengths = [int(number) for number in rng.choice(range(1, 12), size=4 + rng.case, replace=False)]
    documents = [[term, *(others[:1] * length)] for length in lengths]
    return impl([term], [*documents, others[1:3]])


@bm25.probe(points=2, cases=5)
def adds_over_the_query(impl: Impl, rng: Rng) -> Any:
    """The terms of a query are added up: one that stands there twice, twice, and an unknown one not at all."""
    documents = [words(rng, 2 + (3 * place) % 7, 6) for place in range(4 + rng.case)]
    query = [*words(rng, 2 + rng.case, 6), WORDS[rng.case]]
    return impl([*query, query[0], "nowhere"] if rng.case else [*query[:2], query[0]], documents)


@bm25.probe(points=1)
def goes_by_its_parameters(impl: Impl, rng: Rng) -> Any:
    """Other values of k1 and b are used where they are given."""
    documents = [words(rng, 2 + (5 * place) % 8, 4) for place in range(5)]
    k1, b = [(1.2, 0.75), (1.5, 0.0), (2.0, 1.0), (0.9, 0.4)][rng.case]
    return impl([WORDS[0], WORDS[2]], documents, k1, b)


@bm25.probe(points=1, cases=5)
def survives_empty_things(impl: Impl, rng: Rng) -> Any:
    """Empty queries, empty documents, none at all, and terms that nobody has score 0."""
    count = [3, 0, 2, 4, 5][rng.case]
    documents = [words(rng, 3) if rng.case != 2 else [] for _ in range(count)]
    return impl([[], words(rng, 1), words(rng, 2), ["nowhere"], ["tow", "ri"]][rng.case], documents)
