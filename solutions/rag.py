# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises 2: answers from documents that the model has never seen
#
# A model that is shown the right passage can answer from it. So the work is: cut documents into passages, find the
# right ones, put them into the prompt, and measure each step on its own. You write all of it here.
#
# **How to work.** Read the task, fill in the cell below it, run it, then run the cell that says `check(...)`. Names
# of documents are short strings such as `"d7"`, vectors are numpy arrays. No exercise needs another one: what it
# builds on is passed in. They go from the pipeline (cut, find, merge) to the measures, to the prompt, and to the
# experiment.

# %%
import math
import re
import string
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np

# %% tags=["active-ipynb"]
# from autograder import check, reset

# %% [markdown]
# ## chunk_tokens
#
# A document is too long to embed or to show whole, so it is cut into *chunks* of a few hundred tokens. A sentence
# that is cut in two is lost to both halves. Therefore neighbouring chunks *overlap*: each begins with the last tokens
# of the one before it.
#
# **By hand.** Ten tokens `0 ... 9`, chunks of 4 with an overlap of 1: `[0, 1, 2, 3]`, `[3, 4, 5, 6]`, `[6, 7, 8, 9]`.
# Each chunk starts 3 tokens after the one before. The third reaches the end of the text, so there is no fourth: it
# would be `[9]`, which the third has already. With an eleventh token there is one: `[9, 10]`, shorter than the
# others.
#
# <details><summary>Hint 1: where to look</summary>
#
# How far apart do two chunks start? `range` takes a step.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# Go through the starts in steps of `size - overlap` and cut `size` tokens at each. The chunk that reaches the end of
# the text is the last one, even if another start would follow.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# if ...:
#     raise ValueError(...)
# chunks = []
# for start in range(0, ..., ...):
#     chunks.append(...)
#     if ...:               # this chunk reaches the end
#         break
# return chunks
# ```
#
# </details>


# %%
def chunk_tokens(tokens: list[int], size: int, overlap: int) -> list[list[int]]:
    """Cut a text into overlapping chunks.

    Parameters
    ----------
    tokens
        The ids of the text, in order. The list is left as it was.
    size
        How many tokens a chunk has, at least 1. Only the last chunk may have fewer.
    overlap
        How many tokens at the start of a chunk are also the last ones of the chunk before it; 0 or more, and less
        than `size`.

    Returns
    -------
    list[list[int]]
        The chunks in order. The first one that reaches the end of the text is the last. A text without tokens has none.

    Raises
    ------
    ValueError
        If `overlap` is negative, or not less than `size`.
    """
    ### BEGIN SOLUTION
    if not 0 <= overlap < size:
        raise ValueError(f"the overlap must be at least 0 and less than the size {size}, not {overlap}")
    chunks = []
    for start in range(0, len(tokens), size - overlap):
        chunks.append(tokens[start : start + size])
        if start + size >= len(tokens):
            break
    return chunks
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(chunk_tokens)

# %% [markdown]
# ## cosine_top_k
#
# An encoder maps texts of like meaning to vectors of like direction. The *cosine similarity* compares directions
# only:
#
# $$\text{sim}(q, d) = \frac{q \cdot d}{\|q\| \, \|d\|}$$
#
# To *retrieve* is to compute it for every document and to keep the `k` best. (A common slip has been printed in
# books: `argsort(sims)[-k:][:-1]`. It was meant to turn the order around, and throws the best document away.)
#
# **By hand.** Query `(3, 4)`, documents `(0, 2)`, `(5, 0)` and `(-4, 3)`. The query's length is 5. The similarities
# are $8/(5 \cdot 2) = 0.8$, $15/(5 \cdot 5) = 0.6$ and $0/(5 \cdot 5) = 0$. So the two best are `[(0, 0.8), (1,
# 0.6)]`.
#
# A vector of zeros has no direction. Its similarity with everything is 0 here.
#
# <details><summary>Hint 1: where to look</summary>
#
# `documents @ query` gives all dot products at once; `np.linalg.norm` with an axis gives the lengths of the rows.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# Divide where the product of the lengths is not 0. For the order, sort by the *negated* similarity with a stable
# sort: then equal ones stay in the order of their indices.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# if ...:
#     raise ValueError(...)
# dots = ...                                        # (N,)
# lengths = ... * ...                               # (N,)
# similarities = np.divide(dots, ..., out=..., where=...)
# order = np.argsort(..., kind="stable")[...]
# return [...]
# ```
#
# </details>


# %%
def cosine_top_k(query: np.ndarray, documents: np.ndarray, k: int) -> list[tuple[int, float]]:
    """Find the documents whose vectors point most nearly in the direction of a query's.

    Parameters
    ----------
    query
        Shape (D,), floating point, finite.
    documents
        Shape (N, D), one document a row. N may be 0.
    k
        How many to return, 0 or more. If there are fewer documents, all of them are returned.

    Returns
    -------
    list[tuple[int, float]]
        Row and cosine similarity of each, the most similar first; among equally similar ones, the smaller row first.
        A vector of zeros has similarity 0 with everything. The length of a vector, however small, has no influence
        otherwise.

    Raises
    ------
    ValueError
        If the dimensions of query and documents differ, or `k` is negative.
    """
    ### BEGIN SOLUTION
    if query.shape != documents.shape[1:]:
        raise ValueError(f"the query has shape {query.shape}, a document {documents.shape[1:]}")
    if k < 0:
        raise ValueError(f"k must be 0 or more, not {k}")
    dots = documents @ query  # (N,)
    lengths = np.linalg.norm(documents, axis=1) * np.linalg.norm(query)  # (N,)
    similarities = np.divide(dots, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    order = np.argsort(-similarities, kind="stable")[:k]
    return [(int(row), float(similarities[row])) for row in order]
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(cosine_top_k)

# %% [markdown]
# ## bm25_scores
#
# Vectors find like meaning, but a rare name or a part number is better found by its letters. *BM25* (Robertson and
# Zaragoza, 2009) scores a document $d$ by the words it shares with the query:
#
# $$\text{score}(d) = \sum_{t \in q} \text{idf}(t) \cdot
# \frac{f_{t,d}}{f_{t,d} + k_1 \left(1 - b + b \, \frac{|d|}{\overline{|d|}}\right)},
# \qquad \text{idf}(t) = \ln\left(1 + \frac{N - n_t + 0.5}{n_t + 0.5}\right)$$
#
# $f_{t,d}$ counts the term $t$ in $d$; $|d|$ is the number of terms of $d$ and $\overline{|d|}$ its mean over all $N$
# documents; $n_t$ is the number of documents that contain $t$. The idf is Lucene's: the 1 in it keeps it positive
# even for a word that most documents have. Each further occurrence adds less, and the fraction never reaches 1. Older
# texts multiply it by $k_1 + 1$, which changes no ranking; Lucene and this task leave that out.
#
# **By hand.** Documents `a b`, `b b` and `c d`, query `a`, $k_1 = 1.5$, $b = 0.75$. All have the mean length, so the
# bracket is 1. $n_a = 1$, idf $= \ln(1 + 2.5/1.5) = \ln 2.667 = 0.981$. The first document scores $0.981 \cdot 1/(1 +
# 1.5) = 0.392$, the others 0.
#
# <details><summary>Hint 1: where to look</summary>
#
# Work term by term over the query, and for each term over all documents at once: an array of counts of shape (N,).
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# A term that no document has adds nothing: skip it. Then the mean length cannot be 0 where you divide by it. A term
# that stands in the query twice is added twice.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# scores = np.zeros(len(documents))
# lengths = ...                                   # (N,)
# for term in query:
#     counts = ...                                # (N,)
#     containing = ...                            # how many of the counts are not 0
#     if ...:
#         idf = ...
#         scores += idf * counts / (...)
# return scores
# ```
#
# </details>


# %%
def bm25_scores(query: list[str], documents: list[list[str]], k1: float = 1.5, b: float = 0.75) -> np.ndarray:
    """Score every document for a query by BM25 with Lucene's idf.

    Parameters
    ----------
    query
        The query's terms. A term that stands there twice counts twice; one that no document has adds nothing.
    documents
        The terms of each of N documents. There may be none, and a document may be empty.
    k1
        How slowly repetitions saturate; above 0.
    b
        How much length matters, from 0 (not at all) to 1.

    Returns
    -------
    numpy.ndarray
        Shape (N,), float64: the scores in the order of the documents.
    """
    ### BEGIN SOLUTION
    scores = np.zeros(len(documents))
    lengths = np.array([len(document) for document in documents])  # (N,)
    for term in query:
        counts = np.array([document.count(term) for document in documents])  # (N,)
        containing = np.count_nonzero(counts)
        if containing:
            idf = math.log(1 + (len(documents) - containing + 0.5) / (containing + 0.5))
            scores += idf * counts / (counts + k1 * (1 - b + b * lengths / lengths.mean()))
    return scores
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(bm25_scores)

# %% [markdown]
# ## reciprocal_rank_fusion
#
# Vectors and words rank the same documents differently, and their scores are not on one scale. *Reciprocal rank
# fusion* (Cormack, Clarke and Büttcher, 2009) looks at the ranks only. A document's score is the sum, over the
# rankings it stands in, of
#
# $$\frac{1}{k + \text{rank}}$$
#
# where the first document of a ranking has rank 1. The constant $k = 60$ keeps one first place from deciding
# everything.
#
# **By hand.** Rankings `["a", "b"]` and `["b", "c"]` with $k = 60$: a has $1/61 = 0.01639$, b has $1/62 + 1/61 =
# 0.03252$, c has $1/62 = 0.01613$. The result is b, a, c: b is first because both know it.
#
# <details><summary>Hint 1: where to look</summary>
#
# A dict from document to score, filled in one pass over all rankings. `enumerate` can begin to count at 1.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# Add to what the document has so far. At the end, sort by the negated score and then by the name.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# scores = {}
# for ranking in rankings:
#     if ...:                                  # a document stands there twice
#         raise ValueError(...)
#     for rank, name in enumerate(...):
#         scores[name] = ...
# return sorted(..., key=lambda item: ...)
# ```
#
# </details>


# %%
def reciprocal_rank_fusion(rankings: list[list[str]], k: float = 60.0) -> list[tuple[str, float]]:
    """Merge rankings of documents into one, by their ranks alone.

    Parameters
    ----------
    rankings
        Names of documents, the best first; a ranking may be empty, and need not name every document.
    k
        The constant of the formula, 0 or more.

    Returns
    -------
    list[tuple[str, float]]
        Every document that stands in some ranking, with its score, the largest score first; among equal scores, the
        name that comes first in the alphabet (Python's order of strings) first.

    Raises
    ------
    ValueError
        If a document stands twice in one ranking.
    """
    ### BEGIN SOLUTION
    scores: dict[str, float] = {}
    for ranking in rankings:
        if len(set(ranking)) < len(ranking):
            raise ValueError("a document stands twice in one ranking")
        for rank, name in enumerate(ranking, start=1):
            scores[name] = scores.get(name, 0.0) + 1 / (k + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(reciprocal_rank_fusion)

# %% [markdown]
# ## precision_at_k
#
# Was the right passage found? *Precision at k* is the share of the first `k` results that are relevant.
#
# **By hand.** Retrieved `["d3", "d1", "d8"]`, relevant `["d1", "d8", "d9"]`. At $k = 2$, one of two is relevant: 0.5.
# At $k = 5$, two are, and the two places that stayed empty count as misses: $2/5 = 0.4$.
#
# <details><summary>Hint 1: where to look</summary>
#
# Only the first `k` of `retrieved` matter.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# Count how many of them are in `relevant`, and divide by `k`, not by how many there are.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# if ...:
#     raise ValueError(...)
# hits = sum(... for name in ...)
# return ...
# ```
#
# </details>


# %%
def precision_at_k(retrieved: list[str], relevant: Collection[str], k: int) -> float:
    """Return the share of the first k results that are relevant.

    Parameters
    ----------
    retrieved
        Names of documents, the best first, each once. There may be fewer than `k`, or none.
    relevant
        Names of the documents that should be found, each once. There may be none.
    k
        How many results count, at least 1.

    Returns
    -------
    float
        Hits among the first `k` results, divided by `k`, even where fewer were retrieved.

    Raises
    ------
    ValueError
        If `k` is less than 1.
    """
    ### BEGIN SOLUTION
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    return sum(name in relevant for name in retrieved[:k]) / k
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(precision_at_k)

# %% [markdown]
# ## recall_at_k
#
# *Recall at k* is the share of the relevant documents that are among the first `k` results. With one relevant
# document it is 0 or 1, and many texts define it so ("is the gold document among the top k?"). That is the *hit
# rate*. With several relevant documents the two differ.
#
# **By hand.** Retrieved `["d3", "d1", "d8"]`, relevant `["d1", "d8", "d9"]`. At $k = 2$ one of three is found: 0.333
# (the hit rate is 1). At $k = 10$ two of three: 0.667.
#
# <details><summary>Hint 1: where to look</summary>
#
# The count is the one of precision. What you divide by is different.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# Divide by the number of relevant documents, and treat "none" on its own.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# if ...:
#     raise ValueError(...)
# if ...:               # nothing to find
#     return ...
# hits = ...
# return ...
# ```
#
# </details>


# %%
def recall_at_k(retrieved: list[str], relevant: Collection[str], k: int) -> float:
    """Return the share of the relevant documents that stand among the first k results.

    Parameters
    ----------
    retrieved
        Names of documents, the best first, each once. There may be fewer than `k`, or none.
    relevant
        Names of the documents that should be found, each once. There may be none.
    k
        How many results count, at least 1.

    Returns
    -------
    float
        Hits among the first `k` results, divided by the number of relevant documents; 0.0 if nothing is relevant.

    Raises
    ------
    ValueError
        If `k` is less than 1.
    """
    ### BEGIN SOLUTION
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    if not relevant:
        return 0.0
    return sum(name in relevant for name in retrieved[:k]) / len(relevant)
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(recall_at_k)

# %% [markdown]
# ## mrr
#
# A reader starts at the top and stops at the first relevant document. The *reciprocal rank* of a query is 1 divided
# by the rank of that document, and 0 if there is none. The *mean reciprocal rank* (MRR) is its mean over the queries.
# It is not an average rank: a rank cannot be averaged with "not found", and a slip from rank 1 to 2 matters more than
# one from 20 to 21.
#
# **By hand.** Three queries. The first relevant document stands at rank 1, at rank 4, and nowhere: $(1 + 1/4 + 0)/3 =
# 0.417$.
#
# <details><summary>Hint 1: where to look</summary>
#
# Find the reciprocal rank of one query first. `enumerate` can count from 1.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# Stop at the first relevant document. A query without one adds 0 and still counts in the mean.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# if ...:
#     raise ValueError(...)
# total = 0.0
# for retrieved, wanted in zip(rankings, relevant):
#     for rank, name in enumerate(...):
#         if ...:
#             total += ...
#             break
# return ...
# ```
#
# </details>


# %%
def mrr(rankings: list[list[str]], relevant: list[list[str]]) -> float:
    """Return the mean reciprocal rank of the first relevant document.

    Parameters
    ----------
    rankings
        For each query, names of documents, the best first. A ranking may be empty.
    relevant
        For each query, the names of its relevant documents. There may be none.

    Returns
    -------
    float
        The mean over all queries of 1 / rank of the first relevant document, ranks counted from 1; a query whose
        ranking has none counts as 0.

    Raises
    ------
    ValueError
        If there is no query, or the two lists differ in length.
    """
    ### BEGIN SOLUTION
    if not rankings or len(rankings) != len(relevant):
        raise ValueError(f"{len(rankings)} rankings and {len(relevant)} sets of relevant documents")
    total = 0.0
    for number, retrieved in enumerate(rankings):
        for rank, name in enumerate(retrieved, start=1):
            if name in relevant[number]:
                total += 1 / rank
                break
    return total / len(rankings)
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(mrr)

# %% [markdown]
# ## ndcg
#
# Sometimes a document is not right or wrong but more or less useful: its *gain*. The *discounted cumulative gain*
# adds the gains of the first `k` results, each divided by $\log_2(\text{rank} + 1)$, so that what stands lower counts
# less:
#
# $$\text{DCG@}k = \sum_{r=1}^{k} \frac{g_r}{\log_2(r + 1)}, \qquad \text{nDCG@}k = \frac{\text{DCG@}k}{\text{IDCG@}k}$$
#
# IDCG is the DCG of the best possible order of *all* documents that have a gain, retrieved or not. (The idea is of
# Järvelin and Kekäläinen, 2002, who divide by $\log_2(\text{rank})$ from rank 2 on. Some programs put $2^g - 1$ in
# place of $g$. Here it is $g$, and $\log_2(\text{rank} + 1)$.)
#
# **By hand.** Gains a 3, b 1. Retrieved `["b", "x", "a"]`, $k = 3$: DCG $= 1/1 + 0 + 3/2 = 2.5$. Ideal: a, b: $3/1 +
# 1/1.585 = 3.631$. nDCG $= 0.689$.
#
# <details><summary>Hint 1: where to look</summary>
#
# Write the DCG of a list of gains once, and use it for both.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# A retrieved document that has no entry in `gains` has gain 0. The ideal list is all values of `gains`, largest
# first, cut at `k` as well.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# if ...:
#     raise ValueError(...)
# got = [... for name in retrieved]
# best = sorted(...)
#
# def dcg(row):
#     return sum(... for rank, gain in enumerate(...))
#
# return ...                      # mind the case that there is nothing to gain
# ```
#
# </details>


# %%
def ndcg(retrieved: list[str], gains: Mapping[str, float], k: int) -> float:
    """Return the normalised discounted cumulative gain of the first k results.

    Parameters
    ----------
    retrieved
        Names of documents, the best first, each once.
    gains
        The gain of each document that has one, 0 or more; all others have gain 0.
    k
        How many results count, at least 1.

    Returns
    -------
    float
        DCG@k divided by the DCG@k of the best order of all documents in `gains`; 0.0 if no gain is above 0.

    Raises
    ------
    ValueError
        If `k` is less than 1.
    """
    ### BEGIN SOLUTION
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    got = [gains.get(name, 0.0) for name in retrieved]
    best = sorted(gains.values(), reverse=True)

    def dcg(row: list[float]) -> float:
        return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(row[:k], start=1))

    return dcg(got) / dcg(best) if dcg(best) else 0.0
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(ndcg)

# %% [markdown]
# ## exact_match
#
# Is the answer right? The simplest measure asks whether it is the gold answer, word for word, after both were written
# in one plain form. That form is SQuAD's (Rajpurkar and others, 2016), in four steps: small letters; no punctuation
# (the characters of `string.punctuation` are deleted, nothing takes their place); the words *a*, *an* and *the* are
# deleted; any run of white space is one space, and none stands at the ends.
#
# **By hand.** `"The Vell-Tower, in Ost."` becomes `"the vell-tower, in ost."`, then `"the velltower in ost"`, then
# `"velltower in ost"`. It matches the gold answer `"velltower in Ost"`, but not `"vell tower in Ost"`.
#
# <details><summary>Hint 1: where to look</summary>
#
# Write the plain form as a function inside yours. `text.split()` without arguments splits at any white space and
# leaves no empty pieces.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# Articles are whole words: "theatre" keeps its *the*. If you drop them after splitting into words, you get that for
# free. The order of the steps matters: punctuation first.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# if ...:
#     raise ValueError(...)
#
# def plain(text):
#     letters = "".join(... for character in ... if ...)
#     return " ".join(... for word in ... if ...)
#
# return any(...)
# ```
#
# </details>


# %%
def exact_match(prediction: str, golds: list[str]) -> bool:
    """Say whether an answer is one of the gold answers, in SQuAD's plain form.

    Parameters
    ----------
    prediction
        The answer that was given.
    golds
        The answers that count as right, at least one.

    Returns
    -------
    bool
        Whether the plain form of `prediction` is the plain form of some gold answer. The plain form of a text: small
        letters; then without the characters of `string.punctuation`; then without the words "a", "an" and "the"; then
        with a single space between words and none at the ends.

    Raises
    ------
    ValueError
        If there is no gold answer.
    """
    ### BEGIN SOLUTION
    if not golds:
        raise ValueError("there is no gold answer to compare with")

    def plain(text: str) -> str:
        letters = "".join(character for character in text.lower() if character not in string.punctuation)
        return " ".join(word for word in letters.split() if word not in ("a", "an", "the"))

    return plain(prediction) in [plain(gold) for gold in golds]
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(exact_match)

# %% [markdown]
# ## token_f1
#
# "389 metres" for the gold answer "389" is not wrong, and exact match gives it nothing. *Token F1* compares the words
# as two bags, in which a word may lie several times. With $n$ words in common,
#
# $$P = \frac{n}{\text{words of the answer}}, \qquad R = \frac{n}{\text{words of the gold}},
# \qquad F_1 = \frac{2PR}{P + R}$$
#
# A word that stands twice in one text and once in the other is in common once.
#
# **By hand.** Answer `"tall tall tower"`, gold `"the tall tower stands"`. In common: tall once, tower once. $P =
# 2/3$, $R = 2/4$, $F_1 = 2 \cdot \frac{2}{3} \cdot \frac{1}{2} / \frac{7}{6} = 0.571$.
#
# <details><summary>Hint 1: where to look</summary>
#
# `collections.Counter` is a bag. Two of them have an operator for what they have in common.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# Treat texts without words first. Nothing in common is 0: then the formula divides by zero. With several gold
# answers, take the F1 with each and keep the best.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# if ...:
#     raise ValueError(...)
# best = 0.0
# for gold in golds:
#     ours, theirs = ...(prediction), ...(gold)
#     common = ...
#     if ...:                 # one of them has no words
#         score = ...
#     else:
#         score = ...
#     best = max(...)
# return best
# ```
#
# </details>


# %%
def token_f1(prediction: str, golds: list[str], tokens: Callable[[str], list[str]] = str.split) -> float:
    """Return the F1 of the words that an answer and the nearest gold answer have in common.

    Parameters
    ----------
    prediction
        The answer that was given.
    golds
        The answers that count as right, at least one.
    tokens
        Turns a text into its words; SQuAD's plain form, for instance. By default, a text is split at white space.

    Returns
    -------
    float
        The largest F1 over the gold answers, from 0 to 1. If the answer or the gold has no words, F1 is 1 where neither
        has any, else 0.

    Raises
    ------
    ValueError
        If there is no gold answer.
    """
    ### BEGIN SOLUTION
    if not golds:
        raise ValueError("there is no gold answer to compare with")
    ours = tokens(prediction)
    best = 0.0
    for gold in golds:
        theirs = tokens(gold)
        common = (Counter(ours) & Counter(theirs)).total()
        score = 2 * common / (len(ours) + len(theirs)) if ours or theirs else 1.0  # the same as 2PR / (P + R)
        best = max(best, score)
    return best
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(token_f1)

# %% [markdown]
# ## faithfulness
#
# An answer can be right and still not rest on what was retrieved, or rest on it and be wrong. *Faithfulness* looks at
# the first only: of what the answer claims, how much do the passages say? Large systems ask a model for each claim.
# Here the world is small and its sentences follow rules, so a function reads the claims of a text exactly:
# `pocket.world.claims.claims`. It turns a text into a list of claims (entity, relation, value):
#
# `claims("The Velmar Tower, which is 74 metres tall, stands in Dorvik.")` gives `[("Velmar Tower", "height", "74
# metres"), ("Velmar Tower", "town", "Dorvik")]`.
#
# **By hand.** A passage says: "The height of the Velmar Tower is 74 metres." The answer is the sentence above. One of
# its two claims is supported: 0.5, although no sentence of it stands in the passage word for word.
#
# <details><summary>Hint 1: where to look</summary>
#
# Two sets of claims, and what they have in common.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# Collect the claims of all passages into one set. Divide by the number of the *answer's* claims, and treat an answer
# that claims nothing first.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# said = set(...)
# if ...:
#     return ...
# known = {... for passage in passages for claim in ...}
# return ...
# ```
#
# </details>


# %%
def faithfulness(answer: str, passages: list[str], claims: Callable[[str], list[tuple[str, str, str]]]) -> float:
    """Return the share of an answer's claims that the passages make as well.

    Parameters
    ----------
    answer
        What the model wrote.
    passages
        What it was shown. There may be none.
    claims
        Reads one text, the answer or one passage, and returns its claims as tuples (entity, relation, value).
        Two claims are the same if their tuples are equal.

    Returns
    -------
    float
        The share of the answer's different claims that at least one passage makes, from 0 to 1. An answer that claims
        nothing has 1.0: nothing in it is unsupported.
    """
    ### BEGIN SOLUTION
    said = set(claims(answer))
    if not said:
        return 1.0
    known = {claim for passage in passages for claim in claims(passage)}
    return len(said & known) / len(said)
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(faithfulness)

# %% [markdown]
# ## rag_marginal
#
# A passage may be the wrong one. The RAG of Lewis and others (2020) therefore lets every passage vote: the
# probability of an answer $y$ is its probability under each passage, weighted by how well the passage fits the
# question:
#
# $$P(y \mid x) = \sum_{d} P(d \mid x) \, P(y \mid x, d), \qquad P(d \mid x) = \text{softmax of the similarities},
# \qquad P(y \mid x, d) = \prod_t P(y_t \mid x, d, y_{<t})$$
#
# One passage holds for the *whole* answer: first the product over its tokens, then the sum over passages. (A sum for
# each token is another model, RAG-Token.) An answer of a hundred tokens can have a probability of $e^{-900}$, which
# no float can hold. So everything stays in logarithms.
#
# **By hand.** Two passages with similarities $\ln 3$ and $0$: weights $0.75$ and $0.25$. Under the first the two
# tokens of the answer have the probabilities $0.5, 0.2$, under the second $1, 0.4$. $P(y \mid x) = 0.75 \cdot 0.1 +
# 0.25 \cdot 0.4 = 0.175$, and the result is $\ln 0.175 = -1.743$.
#
# <details><summary>Hint 1: where to look</summary>
#
# A product of probabilities is a sum of logarithms. The sum over passages is the hard part: `np.logaddexp` adds two
# probabilities that are given by their logarithms, without leaving them.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# The logarithm of the softmax is each similarity minus the log-sum-exp of all. Add to it the sum of each passage's
# row. Take the log-sum-exp of the results.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# if ...:
#     raise ValueError(...)
# prior = similarities - ...                 # (K,) log P(d | x)
# likelihood = ...                           # (K,) log P(y | x, d)
# return float(...)                          # log of the sum of exp(...)
# ```
#
# `np.logaddexp.reduce` adds a whole array so.
#
# </details>


# %%
def rag_marginal(token_logprobs: np.ndarray, similarities: np.ndarray) -> float:
    """Return the log-probability of an answer, summed over the passages that it may rest on.

    Parameters
    ----------
    token_logprobs
        Shape (K, T): natural log of the probability of each of the answer's T tokens, given the question, passage k
        and the tokens before. Finite; T may be 0.
    similarities
        Shape (K,): how well each passage fits the question. Any finite numbers; their softmax is P(d | x).

    Returns
    -------
    float
        log P(y | x), natural. Answers of any length, and similarities of any size, are safe.

    Raises
    ------
    ValueError
        If there is no passage, or the number of rows is not that of the similarities.
    """
    ### BEGIN SOLUTION
    if len(similarities) == 0 or len(token_logprobs) != len(similarities):
        raise ValueError(f"{len(token_logprobs)} rows of log-probabilities, {len(similarities)} similarities")
    prior = similarities - np.logaddexp.reduce(similarities)  # (K,) log P(d | x)
    likelihood = token_logprobs.sum(axis=1)  # (K,) log P(y | x, d)
    return float(np.logaddexp.reduce(prior + likelihood))
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(rag_marginal)

# %% [markdown]
# ## build_prompt
#
# In practice all passages go into one prompt. Models read the beginning and the end of a long prompt best and lose
# what stands in the middle (Liu and others, 2024). So the best passage goes first, the second best *last*, the third
# best second, and so on inwards: the worst ends up in the middle. Each passage carries its rank as a number in
# brackets, so that an answer can cite it and a reader can find it.
#
# **By hand.** For the question `Who?` and the passages `A`, `B`, `C`, `D`, the best first:
#
# ```text
# Context:
# [1] A
# [3] C
# [4] D
# [2] B
# Question: Who?
# Answer:
# ```
#
# A passage is one line: white space inside it becomes single spaces, so that no passage can pretend to be the
# question. Without passages the prompt is its last two lines.
#
# <details><summary>Hint 1: where to look</summary>
#
# Number the passages first. Then the order is a question of slices with a step.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# Ranks 1, 3, 5, ... go from the top downwards; ranks 2, 4, 6, ... from the bottom upwards, which is the same list
# turned around.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# numbered = [f"..." for rank, passage in enumerate(...)]
# ordered = numbered[...] + numbered[...][...]
# lines = [...] if ... else []
# return "\n".join(...)
# ```
#
# </details>


# %%
def build_prompt(question: str, passages: list[str]) -> str:
    """Write the prompt that asks a question about passages.

    Parameters
    ----------
    question
        One line.
    passages
        The retrieved passages, the best first. There may be none. The list is left as it was.

    Returns
    -------
    str
        With passages: the line "Context:"; then a line "[rank] passage" for each, rank 1 being the best, in the order
        1, 3, 5, ..., 6, 4, 2, so that the best stand at the ends; then the line "Question: " with the question, and
        "Answer:". Inside a passage any run of white space becomes one space, and none is left at its ends. Without
        passages: the last two lines only. There is no newline at the end.
    """
    ### BEGIN SOLUTION
    numbered = [f"[{rank}] {' '.join(passage.split())}" for rank, passage in enumerate(passages, start=1)]
    ordered = numbered[::2] + numbered[1::2][::-1]
    lines = ["Context:", *ordered] if ordered else []
    return "\n".join([*lines, f"Question: {question}", "Answer:"])
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(build_prompt)

# %% [markdown]
# ## ivf_search
#
# To compare a query with every vector is slow where there are millions. An *inverted file* (IVF) sorts the vectors
# into cells beforehand: each belongs to the centroid that is nearest to it. A query looks into the few cells whose
# centroids are nearest to *it*, the *probes*, and compares only the vectors there. It can miss a near vector on the
# far side of a border: fewer probes cost recall, more probes cost time.
#
# **By hand.** Centroids `(0, 0)` and `(10, 0)`; vectors 0: `(1, 0)`, 1: `(4, 0)`, 2: `(6, 0)`, 3: `(9, 0)`. Vectors 0
# and 1 are in cell 0, the others in cell 1. The query `(4.5, 0)` is nearest to centroid 0. With one probe and $k = 2$
# it finds `[1, 0]` after 2 comparisons; with two probes `[1, 2]` after 4. Vector 2 is nearer than vector 0, and one
# probe missed it.
#
# Nearness is the squared Euclidean distance everywhere, $\sum_i (a_i - b_i)^2$.
#
# <details><summary>Hint 1: where to look</summary>
#
# Three times the same question: which points are nearest to which. `vectors[:, None] - centroids` has shape (N, C,
# D).
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# Find each vector's cell, find the query's cells, keep the numbers of the vectors whose cell is among them
# (`np.isin`, `np.flatnonzero`). Sort those by distance. What you return are numbers in `vectors`, not places among
# the candidates.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# if ...:
#     raise ValueError(...)
# cells = (... ** 2).sum(axis=2)....                    # (N,) the cell of each vector
# visited = np.argsort(..., kind="stable")[...]         # the cells that are looked into
# candidates = ...                                      # numbers of vectors
# near = np.argsort(..., kind="stable")[...]            # places among the candidates
# return candidates[near].tolist(), ...
# ```
#
# </details>


# %%
def ivf_search(
    query: np.ndarray, vectors: np.ndarray, centroids: np.ndarray, probes: int, k: int
) -> tuple[list[int], int]:
    """Find near vectors by looking only into the cells nearest to the query.

    Parameters
    ----------
    query
        Shape (D,).
    vectors
        Shape (N, D). Each belongs to the cell of its nearest centroid; among equally near ones, the first.
    centroids
        Shape (C, D), at least one. A cell may be empty.
    probes
        How many cells to look into, at least 1: those whose centroids are nearest to the query; among equally near
        ones, the first. If there are fewer cells, all of them.
    k
        How many vectors to return, at least 1. If the cells hold fewer, all of those.

    Returns
    -------
    tuple[list[int], int]
        The rows of the nearest vectors, the nearest first, among equally near ones the smaller row first; and the
        number of vectors that the query was compared with. Nearness is the squared Euclidean distance.

    Raises
    ------
    ValueError
        If `probes` or `k` is less than 1.
    """
    ### BEGIN SOLUTION
    if probes < 1 or k < 1:
        raise ValueError(f"probes and k must be at least 1, not {probes} and {k}")
    cells = ((vectors[:, None] - centroids) ** 2).sum(axis=2).argmin(axis=1)  # (N, C, D) to (N,)
    visited = np.argsort(((centroids - query) ** 2).sum(axis=1), kind="stable")[:probes]
    candidates = np.flatnonzero(np.isin(cells, visited))
    near = np.argsort(((vectors[candidates] - query) ** 2).sum(axis=1), kind="stable")[:k]
    return candidates[near].tolist(), len(candidates)
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(ivf_search)

# %% [markdown]
# ## maxsim_rerank
#
# One vector for a whole passage blurs its words. *Late interaction* (ColBERT: Khattab and Zaharia, 2020) keeps a
# vector for every token. Each token of the query looks for the token of the document that suits it best, and these
# best similarities are added up:
#
# $$\text{MaxSim}(q, d) = \sum_{i \in q} \max_{j \in d} \; q_i \cdot d_j$$
#
# It is too dear for a whole corpus, so it sorts anew what a faster search has found.
#
# **By hand.** Query tokens `(1, 0)` and `(0, 1)`. Document 0 has `(0.9, 0.1)` and `(0.8, 0)`; document 1 has `(0.5,
# 0)` and `(0, 0.6)`. Document 0: $0.9 + 0.1 = 1.0$. Document 1: $0.5 + 0.6 = 1.1$. Both tokens of the query find
# something in document 1, so the result is `[(1, 1.1), (0, 1.0)]`.
#
# <details><summary>Hint 1: where to look</summary>
#
# `query @ document.T` has a row for each token of the query and a column for each token of the document.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# The maximum goes along each row, over the document's tokens. The sum goes over the query's tokens.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# scores = []
# for document in documents:
#     if ...:
#         raise ValueError(...)
#     scores.append(float(...))
# order = sorted(range(len(scores)), key=...)
# return [... for number in order]
# ```
#
# </details>


# %%
def maxsim_rerank(query: np.ndarray, documents: list[np.ndarray]) -> list[tuple[int, float]]:
    """Sort documents by late interaction between the tokens of the query and theirs.

    Parameters
    ----------
    query
        Shape (Q, D): a vector for each token of the query. Q may be 0; then every score is 0.
    documents
        For each document its vectors, shape (T, D); T may differ between documents and is at least 1. There may be no
        document. The vectors are taken as they are, of whatever length.

    Returns
    -------
    list[tuple[int, float]]
        Place in `documents` and score of each, the largest score first; among equal scores, the earlier place first.

    Raises
    ------
    ValueError
        If a document has no token.
    """
    ### BEGIN SOLUTION
    scores = []
    for document in documents:
        if len(document) == 0:
            raise ValueError(f"document {len(scores)} has no token")
        scores.append(float((query @ document.T).max(axis=1).sum()))  # (Q, T) to (Q,) to a number
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    return [(place, scores[place]) for place in order]
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(maxsim_rerank)

# %% [markdown]
# ## expected_relevant
#
# The book's exercise 14.2 asks how many passages one should retrieve. Begin with a model of the retriever: each of
# the $k$ passages is relevant with probability $p$, its *precision*, independently of the others.
#
# (a) How many relevant passages are expected? Each one contributes $p$ to the expectation, whatever the others do.
# That is the whole derivation: the expectation of a sum is the sum of the expectations. Mind the difference to
# another question: the probability that *at least one* is relevant, $1 - (1-p)^k$. The first grows without limit, the
# second stays below 1.
#
# **By hand.** With $k = 4$ and $p = 0.3$, 1.2 relevant passages are expected. That at least one is there has the
# probability $1 - 0.7^4 = 0.76$.
#
# <details><summary>Hint 1: where to look</summary>
#
# The expected number of heads when a coin is thrown k times.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# An expectation need not be a whole number: do not round it.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# if ...:                    # p is no probability, or k is negative
#     raise ValueError(...)
# return ...
# ```
#
# </details>


# %%
def expected_relevant(k: int, p: float) -> float:
    """Return how many of k retrieved passages are expected to be relevant [exercise 14.2 (a)].

    Parameters
    ----------
    k
        How many passages are retrieved, 0 or more.
    p
        The probability that a passage is relevant, from 0 to 1.

    Returns
    -------
    float
        The expected number of relevant passages.

    Raises
    ------
    ValueError
        If `k` is negative, or `p` is not between 0 and 1 (NaN is not).
    """
    ### BEGIN SOLUTION
    if k < 0 or not 0 <= p <= 1:
        raise ValueError(f"k must be 0 or more and p from 0 to 1, not {k} and {p}")
    return float(k * p)
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(expected_relevant)

# %% [markdown]
# ## k_star
#
# (b) More passages mean more chances that one is relevant, and more text to sift through. (c) The book then says: "If
# the generator's accuracy drops linearly with the fraction of irrelevant context, derive the optimal k." **As worded,
# that has no answer.** The expected fraction of irrelevant passages is $(k - kp)/k = 1 - p$. There is no $k$ in it:
# by that measure every $k$ is as good as any other.
#
# What gets worse with $k$ is the *amount* of irrelevant text. So let each passage cost $c$, and let the gain be the
# probability that at least one is relevant:
#
# $$U(k) = 1 - (1-p)^k - c\,k$$
#
# Write $L = -\ln(1-p)$, so that $(1-p)^k = e^{-Lk}$. The derivative is $U'(k) = L e^{-Lk} - c$. It is 0 where
# $e^{-Lk} = c / L$, that is, at
#
# $$k^* = \frac{\ln(L / c)}{L}$$
#
# and since $U'' < 0$ that is the maximum. It is above 0 only for $c < L$. With $c \ge L$ even the first passage costs
# more than it brings, and the best is $k^* = 0$. (d) $k^*$ is largest for a middling $p$: a precise retriever needs
# few passages, and with a hopeless one they do not pay.
#
# **By hand.** $p = 0.5$, $c = 0.05$: $L = 0.693$, $k^* = \ln(13.86)/0.693 = 3.79$. Among whole numbers, $U(3) =
# 0.725$ and $U(4) = 0.7375$, so 4.
#
# <details><summary>Hint 1: where to look</summary>
#
# Everything is in the last formula. `math.log1p` is exact for small p.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# L is positive: the logarithm of 1 - p is negative, hence its minus sign. Decide whether a passage pays before you
# take the logarithm of L / c.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# if ...:
#     raise ValueError(...)
# rate = ...                    # L
# if ...:                       # nothing pays
#     return ...
# return ...
# ```
#
# </details>


# %%
def k_star(p: float, c: float) -> float:
    """Return the number of passages that maximises 1 - (1-p)^k - c k over real k >= 0 [exercise 14.2 (c)].

    Parameters
    ----------
    p
        The probability that a passage is relevant, above 0 and below 1.
    c
        What each passage costs, above 0.

    Returns
    -------
    float
        The best k as a real number, not rounded; 0.0 where no passage pays.

    Raises
    ------
    ValueError
        If `p` is not strictly between 0 and 1, or `c` is not above 0.
    """
    ### BEGIN SOLUTION
    if not 0 < p < 1 or not c > 0:
        raise ValueError(f"p must be between 0 and 1 and c above 0, not {p} and {c}")
    rate = -math.log1p(-p)
    if c >= rate:
        return 0.0
    return math.log(rate / c) / rate
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(k_star)

# %% [markdown]
# ## rag_experiment
#
# The book's exercise 14.4: does retrieval help, and how many passages are best? Ask the same questions three times:
# with nothing to read (*closed book*), with one passage, and with five. Score every answer by F1 against its gold
# answers and report the mean of each condition.
#
# Ten questions are few. A mean of ten numbers can be far off, and it should be said how far. The *bootstrap* (Efron,
# 1979) asks: if the questions had been drawn anew from these ten, with repetition, what would the mean be? Do that
# many times. The middle 95 % of those means are the interval. The draws are passed in, so that everyone gets the same
# numbers: each row of `resamples` holds the numbers of the questions of one draw.
#
# **By hand.** Two questions with the F1 scores 1 and 0, and the draws `[0, 0]`, `[0, 1]`, `[1, 0]`, `[1, 1]`: the
# mean is 0.5, the means of the draws are 1, 0.5, 0.5, 0. Their 2.5th and 97.5th percentiles, by `np.percentile`, are
# 0.0375 and 0.9625: two questions say next to nothing.
#
# <details><summary>Hint 1: where to look</summary>
#
# An array of scores and an array of numbers of questions: one index expression gives all draws at once.
#
# </details>
# <details><summary>Hint 2: the key step</summary>
#
# In each condition, collect one score a question. Then `scores[resamples]` has the shape of `resamples`; its means
# over the last axis are the means of the draws, and percentiles are taken of those.
#
# </details>
# <details><summary>Hint 3: the shape of the code</summary>
#
# ```python
# results = {}
# for name, k in [("closed book", 0), ("k=1", 1), ("k=5", 5)]:
#     scores = []
#     for ... in ...:
#         passages = ... if k else []
#         scores.append(...)
#     means = ...                            # (B,)
#     results[name] = {"mean": ..., "low": ..., "high": ...}
# return results
# ```
#
# </details>


# %%
def rag_experiment(
    questions: list[str],
    golds: list[list[str]],
    search: Callable[[str, int], list[str]],
    answer: Callable[[str, list[str]], str],
    f1: Callable[[str, list[str]], float],
    resamples: np.ndarray,
) -> dict[str, dict[str, float]]:
    """Measure answers without retrieval, with one passage, and with five [exercise 14.4].

    Parameters
    ----------
    questions
        N questions, at least one.
    golds
        For each question, the answers that count as right.
    search
        Takes a question and k, and returns up to k passages, the best first. It is not asked in closed book.
    answer
        Takes a question and passages, as `search` returned them, and returns an answer. In closed book it is given an
        empty list.
    f1
        Takes an answer and the gold answers of its question, and returns a score from 0 to 1.
    resamples
        Shape (B, N), integers from 0 to N - 1: the questions of each of B bootstrap draws.

    Returns
    -------
    dict[str, dict[str, float]]
        Keys "closed book", "k=1" and "k=5". For each, "mean" is the mean score over the questions, and "low" and
        "high" are the 2.5th and 97.5th percentiles (interpolated linearly, as `np.percentile` does) of the B means
        of the draws.
        Each question is asked once in each condition.

    Raises
    ------
    ValueError
        If there is no question, or not one list of gold answers for each.
    """
    ### BEGIN SOLUTION
    if not questions or len(questions) != len(golds):
        raise ValueError(f"{len(questions)} questions and {len(golds)} lists of gold answers")
    results = {}
    for name, k in [("closed book", 0), ("k=1", 1), ("k=5", 5)]:
        scores = []
        for number, question in enumerate(questions):
            passages = search(question, k) if k else []
            scores.append(f1(answer(question, passages), golds[number]))
        low, high = np.percentile(np.array(scores)[resamples].mean(axis=1), [2.5, 97.5])  # (B, N) to (B,)
        results[name] = {"mean": float(np.mean(scores)), "low": float(low), "high": float(high)}
    return results
    ### END SOLUTION


# %% tags=["active-ipynb"]
# check(rag_experiment)

# %% [markdown]
# **The experiment itself.** Questions about a world that pocket-lm has never read, 50 passages to search, and your own
# functions. `search` uses BM25; try `cosine_top_k` over MiniLM's vectors (`pocket.load("minilm").encode`) or both,
# merged by `reciprocal_rank_fusion`. Before you run the cell, write down an order of the three means. Is more reading
# better for a small model?
#
# Run it with ten questions, then set `count = 100`; a hundred take a quarter of a minute. The first ten of them are
# the same ten. A mean over ten times as many questions varies about $\sqrt{10} \approx 3$ times less, so its interval
# should be about a third as wide. Look at the rows of k=1 and k=5: do the two intervals still meet?
#
# The cell earns no points. `record` shows your table and keeps three answers to each question in the cell's output.
# Save the notebook, and your feedback says whether the table follows from them. The last run is the one that counts.

# %% tags=["active-ipynb", "experiment"]
# import pocket
# from autograder import record
# from pocket.experiments import reading_test
# from pocket.world.prompts import closed_book, open_book
#
# count = 10  # how many questions: 10, then 100
#
# lm = pocket.load("pocket-lm")
# test = reading_test(count)
# questions, golds = list(test.questions), [list(answers) for answers in test.golds]
# seed, draws = 0, 2_000
# said = {"closed book": {}, "k=1": {}, "k=5": {}}
#
#
# def words_of(text):
#     return re.findall(r"\w+", text.lower())
#
#
# def search(question, k):
#     scores = bm25_scores(words_of(question), [words_of(text) for text in test.passages])
#     return [test.passages[row] for row in np.argsort(-scores, kind="stable")[:k]]
#
#
# def answer(question, passages):
#     prompt = open_book(passages, question) if passages else closed_book(question)
#     condition = {0: "closed book", 1: "k=1"}.get(len(passages), "k=5")
#     said[condition][question] = lm.complete(prompt, max_new_tokens=20, stop="\n")
#     return said[condition][question]
#
#
# try:
#     resamples = np.random.default_rng(seed).integers(0, len(questions), size=(draws, len(questions)))
#     table = rag_experiment(
#         questions, golds, search, answer, lambda given, right: token_f1(given, right, words_of), resamples
#     )
# except NotImplementedError:
#     print("Write bm25_scores, token_f1 and rag_experiment first. Then run this cell again.")
# else:
#     predictions = {name: [answers.get(question) for question in questions] for name, answers in said.items()}
#     record(
#         "rag_experiment", table,
#         questions=questions, golds=golds, predictions=predictions, seed=seed, draws=draws, model=lm.name,
#     )
