"""Find passages: by the direction of vectors, by words, by both, and word against word; and measure what was found.

    dense, sparse = DenseIndex(texts), WordIndex(texts)
    question = "How tall is the Sorsha Tower?"
    mixed = fused([ranking(dense.scores(question)), ranking(sparse.scores(question), above=0)], len(texts))
    best = [texts[row] for row in ranking(mixed)[:3]]

An index gives every passage a score; `ranking` makes rows of scores, the best first. Rows count from 0.
What makes no sense is refused with a `SettingError`, which is a ValueError.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pocket.errors import SettingError, UnsupportedModelError

if TYPE_CHECKING:
    from pocket.minilm import Embedder

RRF_CONSTANT = 60.0
_WORD = re.compile(r"\w+")


def words(text: str) -> list[str]:
    """Return the words of a text in small letters, without punctuation."""
    return _WORD.findall(text.lower())


class DenseIndex:
    """Passages as vectors; a query's score is the cosine similarity.

    Parameters
    ----------
    passages
        N texts, at least one.
    embedder
        Makes the vectors, of length 1; or the name under which `pocket.load` knows it.

    Attributes
    ----------
    vectors
        Shape (N, D), float32, each row of length 1.

    Raises
    ------
    ValueError
        If there is no passage, or no embedder of that name.
    """

    def __init__(self, passages: Sequence[str], embedder: Embedder | str = "minilm") -> None:
        self.passages = _some(passages)
        self._embedder = _embedder(embedder)
        self.vectors = self._embedder.encode(self.passages)

    def scores(self, query: str | np.ndarray) -> np.ndarray:
        """Return the similarity of every passage with a query, or with a vector of its own length, shape (N,).

        A query without a character is like nothing: its scores are 0.

        Raises
        ------
        ValueError
            If the vector is not of the index's dimension.
        """
        if isinstance(query, str) and not query.strip():
            return np.zeros(len(self.passages))
        asked = self._embedder.encode(query)[0] if isinstance(query, str) else query
        size = self.vectors.shape[1]
        if asked.shape != (size,):
            raise SettingError(
                f"The query's vector has the shape {asked.shape} and the index holds vectors of {size} numbers; "
                "both must come from the same embedder."
            )
        norm = float(np.linalg.norm(asked)) or 1.0
        return np.asarray(self.vectors @ asked / norm, dtype=np.float64)


class WordIndex:
    """Passages as bags of words; a query's score is BM25 with Lucene's idf.

    Each word of each passage gets its weight once, when the index is built; a query adds up a few columns.

    Parameters
    ----------
    passages
        N texts, at least one.
    k1
        How slowly the repetitions of a word saturate; above 0.
    b
        How much the length of a passage matters, from 0 to 1.

    Attributes
    ----------
    column
        The column of each word that stands in some passage.
    weights
        Shape (N, V): what a word adds to the score of a passage.

    Raises
    ------
    ValueError
        If there is no passage, or a parameter is out of its range.
    """

    def __init__(self, passages: Sequence[str], k1: float = 1.5, b: float = 0.75) -> None:
        if not (k1 > 0 and 0 <= b <= 1):
            raise SettingError(f"k1 must be above 0 and b from 0 to 1; they are {k1} and {b}.")
        self.passages = _some(passages)
        bags = [words(passage) for passage in self.passages]
        self.column: Mapping[str, int] = {
            word: number for number, word in enumerate(dict.fromkeys(word for bag in bags for word in bag))
        }
        table = np.zeros((len(bags), len(self.column)))  # (N, V)
        for row, bag in enumerate(bags):
            np.add.at(table[row], [self.column[word] for word in bag], 1)
        total = table.sum(axis=1, keepdims=True)  # (N, 1)
        relative = total / (total.mean() or 1.0)
        having = (table > 0).sum(axis=0)  # (V,)
        rarity = np.log1p((len(bags) - having + 0.5) / (having + 0.5))  # (V,)
        damped = table + k1 * (1 + b * (relative - 1))  # (N, V)
        self.weights: np.ndarray = rarity * np.divide(table, damped, out=np.zeros_like(table), where=table > 0)

    def scores(self, query: str) -> np.ndarray:
        """Return the score of every passage, shape (N,); a word that no passage has adds nothing."""
        known = [self.column[word] for word in words(query) if word in self.column]
        return np.asarray(self.weights[:, known].sum(axis=1))


def ranking(scores: np.ndarray, *, above: float = -np.inf) -> list[int]:
    """Return the rows whose score is above a bound, the largest score first; equal ones in their own order."""
    rows = np.flatnonzero(scores > above)
    return [int(row) for row in rows[np.lexsort((rows, -scores[rows]))]]


def weighted(dense: np.ndarray, sparse: np.ndarray, weight: float = 0.5) -> np.ndarray:
    """Mix two kinds of scores, each first stretched to the range from 0 to 1.

    Parameters
    ----------
    dense, sparse
        Shape (N,) each.
    weight
        The part of the first, from 0 to 1.

    Raises
    ------
    ValueError
        If the weight is out of its range, or the scores are not of the same passages.
    """
    if not 0 <= weight <= 1:
        raise SettingError(f"The weight must be from 0 to 1; it is {weight}.")
    if dense.shape != sparse.shape:
        raise SettingError(f"One index scored {len(dense)} passages, the other {len(sparse)}; they must be the same.")
    return weight * _stretched(dense) + (1 - weight) * _stretched(sparse)


def fused(rankings: Sequence[Sequence[int]], count: int, constant: float = RRF_CONSTANT) -> np.ndarray:
    """Mix rankings by their ranks alone: reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009).

    Parameters
    ----------
    rankings
        Rows of passages, the best first; a row may be missing from a ranking.
    count
        How many passages there are.
    constant
        What is added to every rank, 0 or more.

    Returns
    -------
    numpy.ndarray
        Shape (count,): for each passage, the sum of 1 / (constant + rank) over the rankings that have it.

    Raises
    ------
    ValueError
        If a row is not one of the passages.
    """
    mixed = np.zeros(count)
    for rows in rankings:
        if any(not 0 <= row < count for row in rows):
            raise SettingError(f"A ranking names a passage that is not among the {count}.")
        mixed[list(rows)] += 1 / (constant + 1 + np.arange(len(rows)))
    return mixed


def token_vectors(texts: Sequence[str], embedder: Embedder | str = "minilm") -> list[np.ndarray]:
    """Return, for each text, a vector of length 1 for each of its tokens, without those that mark start and end.

    Returns
    -------
    list[numpy.ndarray]
        Shapes (T, D); T differs from text to text.
    """
    known = _embedder(embedder)
    made = known.model.encode(list(texts), output_value="token_embeddings", show_progress_bar=False)
    inner = [each.detach().cpu().numpy()[1:-1].astype(np.float64) for each in made]  # (T, D)
    return [each / np.linalg.norm(each, axis=1, keepdims=True) for each in inner]


def maxsim(query: np.ndarray, documents: Sequence[np.ndarray]) -> np.ndarray:
    """Score documents word against word: late interaction as in ColBERT (Khattab and Zaharia, 2020).

    Parameters
    ----------
    query
        Shape (Q, D), a vector for each token.
    documents
        Shapes (T, D), each with at least one token.

    Returns
    -------
    numpy.ndarray
        For each document, the sum over the query's tokens of the largest dot product with a token of the document.

    Raises
    ------
    ValueError
        If there is no document, a document has no token, or the dimensions differ.
    """
    lengths = [len(document) for document in documents]
    if not lengths or 0 in lengths:
        raise SettingError("There must be at least one document, and each must have at least one token.")
    side = np.concatenate(documents)  # (all T, D)
    if side.shape[1:] != query.shape[1:]:
        raise SettingError(f"The query's vectors have {query.shape[1]} numbers, the documents' {side.shape[1]}.")
    starts = np.cumsum([0, *lengths[:-1]])
    best = np.maximum.reduceat(query @ side.T, starts, axis=1)  # (Q, N)
    return np.asarray(best.sum(axis=0))


def reranked(rows: Sequence[int], scores: np.ndarray, depth: int) -> list[int]:
    """Sort the first `depth` rows of a ranking anew by other scores, shape (N,); the rest stay behind them.

    Raises
    ------
    ValueError
        If the depth is below 1.
    """
    if depth < 1:
        raise SettingError(f"The depth must be at least 1; it is {depth}.")
    head = sorted(rows[:depth], key=scores.__getitem__, reverse=True)
    return [*head, *rows[depth:]]


def measures(
    rankings: Sequence[Sequence[int]], relevant: Sequence[Collection[int]], depths: Sequence[int] = (1, 3, 5)
) -> dict[str, float]:
    """Measure rankings against what should have been found, as means over the queries.

    Parameters
    ----------
    rankings
        For each of Q queries, rows of passages, the best first.
    relevant
        For each query, the rows that are relevant, at least one.
    depths
        The k of recall@k.

    Returns
    -------
    dict[str, float]
        "recall@k" for each depth, "MRR", and "nDCG" at the largest depth, where a relevant passage has gain 1.

    Raises
    ------
    ValueError
        If there is no query, not one set of relevant rows for each, a set is empty, or a depth is below 1.
    """
    if len(rankings) != len(relevant) or not rankings:
        raise SettingError(f"There are {len(rankings)} rankings and {len(relevant)} sets of relevant passages.")
    if not all(relevant):
        raise SettingError("A query has no relevant passage; recall says nothing about it.")
    if min(depths) < 1:
        raise SettingError(f"k must be at least 1; it is {min(depths)}.")
    width = max(*depths, *(len(rows) for rows in rankings))
    hits = np.zeros((len(rankings), width))  # (Q, width)
    for line, rows, wanted in zip(hits, rankings, relevant, strict=True):
        line[: len(rows)] = np.isin(rows, list(wanted))
    many = np.array([len(set(wanted)) for wanted in relevant])  # (Q,)
    result = {f"recall@{k}": float((hits[:, :k].sum(axis=1) / many).mean()) for k in depths}
    first = np.where(hits.any(axis=1), hits.argmax(axis=1) + 1, np.inf)  # (Q,)
    result["MRR"] = float((1 / first).mean())
    k = max(depths)
    worth = 1 / np.log2(np.arange(k) + 2)
    ideal = np.cumsum(worth)[np.minimum(many, k) - 1]  # (Q,)
    result["nDCG"] = float((hits[:, :k] @ worth / ideal).mean())
    return result


class Cells:
    """Vectors in cells, so that a query need not be compared with all: an inverted file (IVF).

    The centres are found by k-means, from centres that the seed draws among the vectors.

    Parameters
    ----------
    vectors
        Shape (N, D).
    count
        How many cells to make, from 1 to N.
    rounds
        Of k-means.
    seed
        Of the draw.

    Attributes
    ----------
    centres
        Shape (count, D).
    members
        For each cell, the rows in it.

    Raises
    ------
    ValueError
        If there is no vector, or there cannot be so many cells.
    """

    def __init__(self, vectors: np.ndarray, count: int, *, rounds: int = 10, seed: int = 0) -> None:
        if not 1 <= count <= len(vectors):
            raise SettingError(f"There are {len(vectors)} vectors, so from 1 to {len(vectors)} cells, not {count}.")
        self.vectors = vectors
        chosen = np.random.default_rng(seed).choice(len(vectors), size=count, replace=False)
        self.centres = vectors[chosen]
        for _ in range(rounds):
            home = _distances(vectors, self.centres).argmin(axis=1)  # (N,)
            full = np.unique(home)
            self.centres = self.centres.copy()
            self.centres[full] = [vectors[home == cell].mean(axis=0) for cell in full]
        home = _distances(vectors, self.centres).argmin(axis=1)
        self.members = [np.flatnonzero(home == cell) for cell in range(count)]

    def search(self, query: np.ndarray, probes: int, k: int) -> tuple[list[int], int]:
        """Return the rows of the k nearest vectors of the nearest cells, and how many vectors were looked at.

        Parameters
        ----------
        query
            Shape (D,).
        probes
            How many cells to open, at least 1.
        k
            How many rows to return, at least 1; fewer if the cells hold fewer.

        Raises
        ------
        ValueError
            If the query is of another dimension, or `probes` or `k` is below 1.
        """
        if min(probes, k) < 1:
            raise SettingError(f"Probes and k must be at least 1; they are {probes} and {k}.")
        if query.shape != self.vectors.shape[1:]:
            raise SettingError(f"The query has the shape {query.shape}, an indexed vector {self.vectors.shape[1:]}.")
        opened = _distances(query[None], self.centres)[0].argsort(kind="stable")[:probes]
        rows = np.concatenate([self.members[cell] for cell in opened])
        far = _distances(query[None], self.vectors[rows])[0]
        return [int(row) for row in rows[np.lexsort((rows, far))][:k]], len(rows)


def _distances(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return squared distances, (A, B), less what is the same along a row: the square of the row's own length."""
    return np.asarray((others**2).sum(axis=1) - 2 * some @ others.T)


def _stretched(scores: np.ndarray) -> np.ndarray:
    least, most = scores.min(), scores.max()
    return (scores - least) / (most - least) if most > least else np.zeros(len(scores))


def _some(passages: Sequence[str]) -> tuple[str, ...]:
    if isinstance(passages, str) or not passages:
        raise SettingError("An index needs a list with at least one passage.")
    return tuple(passages)


def _embedder(embedder: Embedder | str) -> Embedder:
    if not isinstance(embedder, str):
        return embedder
    from pocket.loading import load
    from pocket.minilm import Embedder

    found = load(embedder)
    if not isinstance(found, Embedder):
        raise UnsupportedModelError(f"{embedder} makes no vectors of texts; an index needs an embedder, as minilm is.")
    return found
