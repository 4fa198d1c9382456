"""Precision at k: mistakes, and other right ways."""

from solutions.mistakes import Variants
from solutions.rag import precision_at_k

variants = Variants("precision_at_k")
mistake, alternative = variants.mistake, variants.alternative


def _hits(retrieved, relevant, k):
    if k < 1:
        raise ValueError("k")
    return len(set(retrieved[:k]) & set(relevant))


@mistake("You divided by the number of relevant documents. That is recall: precision looks at the results.")
def divides_by_the_relevant(retrieved, relevant, k):
    return _hits(retrieved, relevant, k) / len(relevant)


@mistake("You divided by how many were retrieved. Where there are fewer than k, k still divides.")
def divides_by_the_retrieved(retrieved, relevant, k):
    return _hits(retrieved, relevant, k) / max(1, len(retrieved[:k]))


@mistake("You counted hits behind the first k results too. They are not looked at.")
def ignores_the_cut(retrieved, relevant, k):
    return _hits(retrieved, relevant, max(len(retrieved), 1) if k >= 1 else k) / k


@mistake("You left out the last of the first k results. Where does their slice end?")
def stops_one_short(retrieved, relevant, k):
    return _hits(retrieved, relevant, max(1, k - 1) if k >= 1 else k) / k


@mistake("Yours is 1 as soon as something is found. Precision counts how many of the results are relevant.")
def asks_whether_any_is_there(retrieved, relevant, k):
    return float(_hits(retrieved, relevant, k) > 0)


@mistake("A k of 0 or less went through, or ended in a division by zero. The docstring names the error.")
def takes_any_k(retrieved, relevant, k):
    return precision_at_k(retrieved, relevant, k) if k >= 1 else 0.0


@alternative
def with_sets(retrieved, relevant, k):
    if not k >= 1:
        raise ValueError("k")
    return len(set(relevant).intersection(retrieved[:k])) / k


@alternative
def with_a_loop(retrieved, relevant, k):
    if k <= 0:
        raise ValueError("k")
    share = 0.0
    for place, name in enumerate(retrieved):
        if place < k and name in relevant:
            share += 1 / k
    return share
