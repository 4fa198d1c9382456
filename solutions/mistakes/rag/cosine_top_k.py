"""Retrieval by cosine similarity: mistakes, and other right ways."""

import math

import numpy as np

from solutions.mistakes import Variants
from solutions.rag import cosine_top_k

variants = Variants("cosine_top_k")
mistake, alternative = variants.mistake, variants.alternative


def _similarities(query, documents):
    _refuse(query, documents, 0)
    return np.array([row_and_value[1] for row_and_value in sorted(cosine_top_k(query, documents, len(documents)))])


def _refuse(query, documents, k):
    if query.shape != documents.shape[1:] or k < 0:
        raise ValueError("shapes or k")


def _pairs(order, values):
    return [(int(row), float(values[row])) for row in order]


@mistake("The best document is missing: `[:-1]` drops the last item. You meant to turn the order around.")
def drops_the_best(query, documents, k):
    _refuse(query, documents, k)
    sims = _similarities(query, documents)
    return _pairs(np.argsort(sims, kind="stable")[len(sims) - min(k, len(sims)) :][:-1], sims)


@mistake("You return the right documents, but the most similar one comes last. `argsort` sorts upwards.")
def best_comes_last(query, documents, k):
    return cosine_top_k(query, documents, k)[::-1]


@mistake("You return the least similar documents. `argsort` sorts upwards: which end has the largest?")
def keeps_the_worst(query, documents, k):
    _refuse(query, documents, k)
    sims = _similarities(query, documents)
    return _pairs(np.argsort(sims, kind="stable")[:k], sims)


@mistake("Long vectors win with you: these are dot products. The cosine divides by both lengths.")
def takes_dot_products(query, documents, k):
    _refuse(query, documents, k)
    dots = documents @ query
    return _pairs(np.argsort(-dots, kind="stable")[:k], dots)


@mistake("Your order is right, but your similarities grow with the query's length. The cosine divides by both.")
def forgets_the_query_s_length(query, documents, k):
    length = float(np.linalg.norm(query))
    return [(row, value * length) for row, value in cosine_top_k(query, documents, k)]


@mistake("You divide by the length of the whole matrix. Each document has its own: `norm` takes an axis.")
def takes_one_length_for_all(query, documents, k):
    _refuse(query, documents, k)
    lengths = np.linalg.norm(documents) * np.linalg.norm(query)
    sims = documents @ query / lengths if lengths else np.zeros(len(documents))
    return _pairs(np.argsort(-sims, kind="stable")[:k], sims)


@mistake("The small number you add against division by zero spoils short vectors. Treat the zero vector on its own.")
def adds_an_epsilon(query, documents, k):
    _refuse(query, documents, k)
    sims = documents @ query / (np.linalg.norm(documents, axis=1) * np.linalg.norm(query) + 1e-8)
    return _pairs(np.argsort(-sims, kind="stable")[:k], sims)


@mistake("A vector of zeros gives NaN with you. The docstring says what its similarity is.")
def divides_by_zero(query, documents, k):
    _refuse(query, documents, k)
    with np.errstate(invalid="ignore"):  # the warning is the student's to see
        sims = documents @ query / (np.linalg.norm(documents, axis=1) * np.linalg.norm(query))
    return _pairs(np.argsort(-sims, kind="stable")[:k], sims)


@mistake("Among equally similar documents you put the larger row first. Turning a sorted order around does that.")
def turns_ties_around(query, documents, k):
    _refuse(query, documents, k)
    sims = _similarities(query, documents)
    return _pairs(np.argsort(sims, kind="stable")[::-1][:k], sims)


@mistake("With fewer than k documents your code raises. The docstring says what comes back then.")
def demands_k_documents(query, documents, k):
    if k > len(documents):
        raise IndexError("k")
    return cosine_top_k(query, documents, k)


@mistake("A negative k, or vectors of different dimensions, went through. The docstring names the error.")
def takes_a_negative_k(query, documents, k):
    size = min(len(query), documents.shape[1])
    return cosine_top_k(query[:size], documents[:, :size], max(0, k))


@alternative
def with_sorted(query, documents, k):
    if documents.shape[1] != len(query) or k < 0:
        raise ValueError("the dimensions do not fit")

    def similarity(one, other):
        lengths = math.hypot(*one) * math.hypot(*other)
        return sum(float(a) * float(b) for a, b in zip(one, other, strict=True)) / lengths if lengths else 0.0

    scored = [(-similarity(query, row), number) for number, row in enumerate(documents)]
    return [(number, 0.0 - value) for value, number in sorted(scored)][:k]


@alternative
def with_unit_vectors(query, documents, k):
    if query.shape[0] != documents.shape[1] or k < 0:
        raise ValueError

    def unit(rows):
        lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
        return rows / np.where(lengths == 0, 1, lengths)

    sims = (unit(documents) * unit(query)).sum(-1)
    order = np.lexsort((np.arange(len(sims)), -sims))[:k]
    return list(zip(order.tolist(), sims[order].tolist(), strict=True))
