"""Recall at k: mistakes, and other right ways."""

from solutions.mistakes import Variants
from solutions.rag import recall_at_k

variants = Variants("recall_at_k")
mistake, alternative = variants.mistake, variants.alternative


def _hits(retrieved, relevant, k):
    if k < 1:
        raise ValueError("k")
    return len(set(retrieved[:k]) & set(relevant))


@mistake("You divided by k. That is precision: recall asks how much of what is relevant was found.")
def divides_by_k(retrieved, relevant, k):
    return _hits(retrieved, relevant, k) / k


@mistake("Yours is 1 as soon as one relevant document is found. That is the hit rate; recall counts all of them.")
def takes_the_hit_rate(retrieved, relevant, k):
    return float(_hits(retrieved, relevant, k) > 0)


@mistake("You counted documents behind the first k results as found.")
def ignores_the_cut(retrieved, relevant, k):
    if k < 1:
        raise ValueError("k")
    return recall_at_k(retrieved, relevant, max(1, len(retrieved)))


@mistake("Where there are more relevant documents than k, you divided by k. All relevant ones divide, always.")
def caps_what_divides(retrieved, relevant, k):
    hits = _hits(retrieved, relevant, k)
    return hits / min(k, len(relevant)) if relevant else 0.0


@mistake("With nothing relevant your code divides by zero. The docstring says what comes back then.")
def divides_by_zero(retrieved, relevant, k):
    return _hits(retrieved, relevant, k) / len(relevant)


@mistake("With nothing relevant you said that all was found. The docstring has another rule.")
def finds_nothing_complete(retrieved, relevant, k):
    return recall_at_k(retrieved, relevant, k) if relevant or k < 1 else 1.0


@mistake("A k of 0 or less went through. The docstring names the error, also where nothing is relevant.")
def takes_any_k(retrieved, relevant, k):
    return recall_at_k(retrieved, relevant, k) if k >= 1 else 0.0


@alternative
def with_sets(retrieved, relevant, k):
    if k <= 0:
        raise ValueError("k")
    wanted = set(relevant)
    return len(wanted & set(retrieved[:k])) / max(1, len(wanted))


@alternative
def from_the_other_side(retrieved, relevant, k):
    if not k > 0:
        raise ValueError("k")
    found = [name in retrieved[:k] for name in relevant]
    return sum(found) / len(found) if found else 0.0
