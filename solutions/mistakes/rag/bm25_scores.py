"""BM25: mistakes, and other right ways."""

import math
from collections import Counter

import numpy as np

from solutions.mistakes import Variants
from solutions.rag import bm25_scores

variants = Variants("bm25_scores")
mistake, alternative = variants.mistake, variants.alternative


def _bm25(query, documents, k1, b, idf=None, weight=None):
    """Compute the scores with another idf or another weight of a count."""
    idf = idf or (lambda total, having: math.log(1 + (total - having + 0.5) / (having + 0.5)))
    weight = weight or (lambda count, ratio, k1, b: count / (count + k1 * (1 - b + b * ratio)))
    scores = np.zeros(len(documents))
    for term in query:
        having = sum(term in document for document in documents)
        if having:
            mean = sum(map(len, documents)) / len(documents)
            for place, document in enumerate(documents):
                if term in document:
                    scores[place] += idf(len(documents), having) * weight(
                        document.count(term), len(document) / mean, k1, b
                    )
    return scores


@mistake(
    "Your idf is the older one, below 0 for a term that most documents have. Lucene's has a 1 inside the logarithm."
)
def lets_the_idf_go_negative(query, documents, k1=1.5, b=0.75):
    return _bm25(query, documents, k1, b, idf=lambda total, having: math.log((total - having + 0.5) / (having + 0.5)))


@mistake("Your idf is log(N / n), that of TF-IDF. BM25's counts the documents that do not have the term.")
def takes_the_idf_of_tf_idf(query, documents, k1=1.5, b=0.75):
    return _bm25(query, documents, k1, b, idf=lambda total, having: math.log(total / having))


@mistake("All your scores are k1 + 1 times too large. That factor is in older formulas, not in the task's.")
def multiplies_by_k1_plus_1(query, documents, k1=1.5, b=0.75):
    return (k1 + 1) * bm25_scores(query, documents, k1, b)


@mistake("Your idf uses a logarithm to another base. The task's is the natural one.")
def takes_another_logarithm(query, documents, k1=1.5, b=0.75):
    return bm25_scores(query, documents, k1, b) / math.log(10)


@mistake("Your score grows without end as a term is repeated. In the formula the count stands below the line too.")
def never_saturates(query, documents, k1=1.5, b=0.75):
    return _bm25(query, documents, k1, b, weight=lambda count, ratio, k1, b: count / (1 + k1 * (1 - b + b * ratio)))


@mistake("How often a term stands in a document makes no difference with you. The formula counts occurrences.")
def counts_a_term_once(query, documents, k1=1.5, b=0.75):
    return _bm25(query, documents, k1, b, weight=lambda count, ratio, k1, b: 1 / (1 + k1 * (1 - b + b * ratio)))


@mistake("Long documents are not held back: the length of a document, divided by the mean, is missing.")
def ignores_length(query, documents, k1=1.5, b=0.75):
    return _bm25(query, documents, k1, b, weight=lambda count, ratio, k1, b: count / (count + k1))


@mistake("Long documents gain from their length with you. Which of the two lengths stands above the line?")
def inverts_the_length(query, documents, k1=1.5, b=0.75):
    return _bm25(query, documents, k1, b, weight=lambda count, ratio, k1, b: count / (count + k1 * (1 - b + b / ratio)))


@mistake("`b` and `1 - b` are exchanged: with b = 0 the length should not matter at all.")
def exchanges_b(query, documents, k1=1.5, b=0.75):
    return bm25_scores(query, documents, k1, 1 - b)


@mistake("A term that stands in the query twice counts once with you. A set forgets how often.")
def makes_the_query_a_set(query, documents, k1=1.5, b=0.75):
    return bm25_scores(list(dict.fromkeys(query)), documents, k1, b)


@mistake("You counted all occurrences for the idf. It goes by the number of documents that have the term.")
def counts_occurrences_for_the_idf(query, documents, k1=1.5, b=0.75):
    scores = np.zeros(len(documents))
    for term in query:
        total = sum(document.count(term) for document in documents)
        having = sum(term in document for document in documents)
        if total:
            right = math.log(1 + (len(documents) - having + 0.5) / (having + 0.5))
            wrong = math.log(1 + max(0.0, len(documents) - total + 0.5) / (total + 0.5))
            scores += bm25_scores([term], documents, k1, b) * wrong / right
    return scores


@mistake("`k1` and `b` have no effect: your formula holds their usual values fixed.")
def ignores_the_parameters(query, documents, k1=1.5, b=0.75):
    return bm25_scores(query, documents)


@mistake("Your code fails on an empty query, an empty document, or a term that nobody has. Where do you divide?")
def fails_on_empty_things(query, documents, k1=1.5, b=0.75):
    if not documents or not query or not all(documents):
        raise ZeroDivisionError("division by zero")
    return bm25_scores(query, documents, k1, b)


@alternative
def document_by_document(query, documents, k1=1.5, b=0.75):
    having = Counter(term for document in documents for term in set(document))
    mean = sum(map(len, documents)) / max(1, len(documents))
    scores = []
    for document in documents:
        counts = Counter(document)
        score = 0.0
        for term, times in Counter(query).items():
            if counts[term]:
                idf = math.log((len(documents) + 1) / (having[term] + 0.5))
                score += times * idf / (1 + k1 * (1 - b + b * len(document) / mean) / counts[term])
        scores.append(score)
    return np.array(scores, dtype=float)


@alternative
def with_a_matrix(query, documents, k1=1.5, b=0.75):
    counts = np.array([[document.count(term) for term in query] for document in documents], dtype=float)
    counts = counts.reshape(len(documents), len(query))
    lengths = np.array([len(document) for document in documents], dtype=float)
    mean = max(lengths.sum() / max(len(lengths), 1), 1e-12)
    having = (counts > 0).sum(0)
    idf = np.log1p((len(documents) - having + 0.5) / (having + 0.5))
    return (idf * counts / (counts + (k1 * (1 - b + b * lengths / mean) + (lengths == 0))[:, None])).sum(1)
