"""Late interaction: mistakes, and other right ways."""

import numpy as np

from solutions.mistakes import Variants
from solutions.rag import maxsim_rerank

variants = Variants("maxsim_rerank")
mistake, alternative = variants.mistake, variants.alternative


def _ranked(query, documents, score):
    """Rank by another score; the rest is right."""
    if not all(len(document) for document in documents):
        raise ValueError("empty")
    scores = [float(score(query @ document.T)) if len(query) else 0.0 for document in documents]
    return [(place, scores[place]) for place in sorted(range(len(scores)), key=lambda place: -scores[place])]


@mistake("Each token of the document chose its best token of the query. The query's tokens are the ones that choose.")
def lets_the_document_choose(query, documents):
    return _ranked(query, documents, lambda table: table.max(axis=0).sum())


@mistake("You averaged over the query's tokens. Their best similarities are added.")
def averages_over_the_query(query, documents):
    return _ranked(query, documents, lambda table: table.max(axis=1).mean())


@mistake("You added all similarities. Each token of the query counts its best one only.")
def adds_everything(query, documents):
    return _ranked(query, documents, lambda table: table.sum())


@mistake("You kept the one largest similarity of all. Each token of the query has a best one of its own.")
def keeps_one_maximum(query, documents):
    return _ranked(query, documents, lambda table: table.max())


@mistake("You averaged the tokens of a document into one vector. Late interaction keeps them apart.")
def pools_the_tokens(query, documents):
    return _ranked(query, documents, lambda table: table.mean(axis=1).sum())


@mistake("You divided by the lengths of the vectors. The docstring takes them as they are.")
def takes_cosines(query, documents):
    if not all(len(document) for document in documents):
        raise ValueError("empty")

    def unit(rows):
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    return maxsim_rerank(unit(query) if len(query) else query, [unit(document) for document in documents])


@mistake("The scores are right, but the documents stand where they stood. The largest score comes first.")
def forgets_to_sort(query, documents):
    return sorted(maxsim_rerank(query, documents))


@mistake("The largest score comes last with you. Sorting goes upwards.")
def sorts_upwards(query, documents):
    return sorted(maxsim_rerank(query, documents), key=lambda item: (item[1], item[0]))


@mistake("Among equal scores the later document came first. Turning a sorted list around does that.")
def turns_ties_around(query, documents):
    return sorted(maxsim_rerank(query, documents), key=lambda item: (item[1], item[0]))[::-1]


@mistake("A document without tokens got a score. The docstring names the error.")
def scores_empty_documents(query, documents):
    return maxsim_rerank(
        query, [document if len(document) else np.zeros((1, query.shape[1])) for document in documents]
    )


@alternative
def with_loops(query, documents):
    scored = []
    for place, document in enumerate(documents):
        if not len(document):
            raise ValueError("empty")
        total = 0.0
        for token in query:
            total += max(float(token @ other) for other in document)
        scored.append((place, total))
    return sorted(scored, key=lambda item: (-item[1], item[0]))


@alternative
def with_einsum(query, documents):
    if any(document.shape[0] == 0 for document in documents):
        raise ValueError("empty")
    scores = np.array([np.einsum("qd,td->qt", query, document).max(-1).sum() for document in documents])
    order = np.argsort(-scores, kind="stable")
    return list(zip(order.tolist(), scores[order].tolist(), strict=True))
