"""What chapter 2 finds passages with: scores worked out by hand, the measures of scikit-learn, and bad input in a sentence."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

import pocket
from pocket.minilm import Embedder
from pocket.prose import load as load_prose
from pocket.retrieval import (
    Cells,
    DenseIndex,
    WordIndex,
    fused,
    maxsim,
    measures,
    ranking,
    reranked,
    token_vectors,
    weighted,
    words,
)

repeatable = settings(derandomize=True, deadline=None, max_examples=50)


class _Compass:
    """An embedder of two directions, so that similarities are known without a model."""

    name, context, dim = "compass", 256, 2

    def encode(self, texts: str | tuple[str, ...]) -> np.ndarray:
        several = [texts] if isinstance(texts, str) else texts
        angles = np.radians([float(text) for text in several])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


@pytest.fixture(scope="module")
def minilm() -> Any:
    return pocket.load("minilm", device="cpu", dtype="float32")


def compass(*angles: str) -> DenseIndex:
    return DenseIndex(angles, _Compass())  # type: ignore[arg-type]


# --- by vectors


def test_a_score_is_the_cosine_of_the_angle_between() -> None:
    scores = compass("0", "60", "90", "180").scores("0")
    assert scores == pytest.approx([1.0, 0.5, 0.0, -1.0], abs=1e-6)
    assert ranking(scores) == [0, 1, 2, 3]


def test_a_vector_may_be_asked_for_and_its_length_does_not_count() -> None:
    index = compass("0", "90")
    assert index.scores(np.array([0.0, 5.0])) == pytest.approx([0, 1], abs=1e-6)
    assert index.scores(np.zeros(2)).tolist() == [0.0, 0.0]
    assert index.scores("  ").tolist() == [0.0, 0.0]


def test_a_vector_of_another_dimension_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"shape \(3,\) and the index holds vectors of 2 numbers; both must come from"):
        compass("0").scores(np.ones(3))


@pytest.mark.parametrize("index", [WordIndex, DenseIndex])
@pytest.mark.parametrize("passages", [[], (), "one text"])
def test_an_index_of_nothing_is_refused_with_a_sentence(index: Any, passages: Any) -> None:
    with pytest.raises(ValueError, match="An index needs a list with at least one passage"):
        index(passages)


def test_an_unknown_model_is_refused_with_the_names_that_there_are() -> None:
    with pytest.raises(ValueError, match="minilm"):
        DenseIndex(["a tower"], "mini-lm")


def test_a_model_that_makes_no_vectors_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="pocket-lm makes no vectors of texts"):
        DenseIndex(["a tower"], "pocket-lm")


def test_minilm_finds_by_meaning_what_shares_no_word(minilm: Embedder) -> None:
    texts = ["The soup needs more salt.", "The steeple is 161 metres high.", "Trains leave at noon."]
    question = "What size has that tall building?"
    assert not set(words(question)) & set(words(texts[1]))
    assert ranking(DenseIndex(texts, minilm).scores(question))[0] == 1


# --- by words


def test_three_short_passages_by_hand() -> None:
    scores = WordIndex(["a b", "b b", "c d"]).scores("a")
    assert scores == pytest.approx([math.log(1 + 2.5 / 1.5) / 2.5, 0, 0])


def test_a_word_that_stands_everywhere_still_counts_a_little() -> None:
    scores = WordIndex(["tower a", "tower b", "tower c"]).scores("tower")
    assert (scores > 0).all()
    assert scores.max() < 0.1


def test_repetitions_saturate_and_length_counts() -> None:
    index = WordIndex(["tower river", "tower tower tower tower", "tower river salt lake song boat"])
    few, many, long = index.scores("tower")
    assert few < many < 4 * few
    assert long < few


def test_words_that_nobody_has_and_empty_texts_score_nothing() -> None:
    assert WordIndex(["a tower", ""]).scores("nowhere").tolist() == [0.0, 0.0]
    assert WordIndex(["", ""]).scores("tower").tolist() == [0.0, 0.0]
    assert WordIndex(["a tower", ""], b=1.0).scores("tower")[1] == 0.0
    assert WordIndex(["a tower"]).scores("").tolist() == [0.0]


@pytest.mark.parametrize(("k1", "b"), [(0, 0.75), (-1, 0.75), (1.5, -0.1), (1.5, 1.1), (math.nan, 0.75)])
def test_parameters_out_of_range_are_refused(k1: float, b: float) -> None:
    with pytest.raises(ValueError, match="k1 must be above 0 and b from 0 to 1"):
        WordIndex(["a tower"], k1, b)


# --- both


def test_a_ranking_keeps_the_order_of_equals_and_can_leave_out_what_scored_nothing() -> None:
    scores = np.array([0.0, 2.0, 1.0, 2.0])
    assert ranking(scores) == [1, 3, 2, 0]
    assert ranking(scores, above=0) == [1, 3, 2]


def test_a_weighted_mix_lies_between_the_two() -> None:
    dense, sparse = np.array([0.2, 0.6, 0.4]), np.array([12.0, 0.0, 0.0])
    assert weighted(dense, sparse, 1.0) == pytest.approx([0, 1, 0.5])
    assert weighted(dense, sparse, 0.0) == pytest.approx([1, 0, 0])
    assert weighted(dense, sparse) == pytest.approx([0.5, 0.5, 0.25])
    assert weighted(np.ones(2), np.zeros(2)).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(("weight", "count"), [(-0.1, 2), (1.1, 2), (0.5, 3)])
def test_a_mix_that_makes_no_sense_is_refused(weight: float, count: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        weighted(np.zeros(2), np.zeros(count), weight)


def test_fusion_by_hand() -> None:
    assert fused([[0, 1], [1, 2]], 4) == pytest.approx([1 / 61, 1 / 62 + 1 / 61, 1 / 62, 0])
    assert fused([], 2).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("row", [-1, 3])
def test_a_row_that_there_is_not_is_refused(row: int) -> None:
    with pytest.raises(ValueError, match="not among the 3"):
        fused([[row]], 3)


# --- word against word


def test_late_interaction_by_hand() -> None:
    query = np.array([[1.0, 0.0], [0.0, 1.0]])
    documents = [np.array([[0.9, 0.1], [0.8, 0.0]]), np.array([[0.5, 0.0], [0.0, 0.6]])]
    assert maxsim(query, documents) == pytest.approx([1.0, 1.1])


def test_token_vectors_have_length_one_and_fit_the_tokens(minilm: Embedder) -> None:
    texts = ["a tower", "The river is long."]
    found = token_vectors(texts, minilm)
    assert [len(each) for each in found] == [len(minilm.tokenizer.tokenize(text)) for text in texts]
    for each in found:
        np.testing.assert_allclose(np.linalg.norm(each, axis=1), 1)
    alone = token_vectors(texts[:1], minilm)[0]
    np.testing.assert_allclose(alone, found[0], atol=1e-4)  # what it is batched with does not count


@pytest.mark.parametrize(
    ("documents", "said"),
    [([], "at least one document"), ([np.zeros((0, 2))], "at least one token"), ([np.ones((1, 3))], "2 numbers")],
)
def test_documents_that_cannot_be_compared_are_refused(documents: list[np.ndarray], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        maxsim(np.ones((1, 2)), documents)


def test_reranking_touches_the_first_only() -> None:
    assert reranked([3, 1, 0, 2], np.array([5.0, 1.0, 9.0, 0.5]), 3) == [0, 1, 3, 2]
    with pytest.raises(ValueError, match="depth must be at least 1"):
        reranked([0], np.zeros(1), 0)


# --- measures

orders = st.permutations(range(8))


@repeatable
@given(st.lists(st.tuples(orders, st.sets(st.integers(0, 7), min_size=1)), min_size=1, max_size=5))
def test_the_measures_are_those_of_scikit_learn(drawn: list[tuple[list[int], set[int]]]) -> None:
    found = measures([order for order, _ in drawn], [wanted for _, wanted in drawn])
    truth = np.array([[row in wanted for row in range(8)] for _, wanted in drawn], dtype=int)
    scores = np.array([[-order.index(row) for row in range(8)] for order, _ in drawn], dtype=float)
    assert found["nDCG"] == pytest.approx(metrics.ndcg_score(truth, scores, k=5))
    for k in (1, 3, 5):
        cut = np.array([[order.index(row) < k for row in range(8)] for order, _ in drawn], dtype=int)
        assert found[f"recall@{k}"] == pytest.approx(metrics.recall_score(truth, cut, average="samples"))


def test_mrr_looks_at_the_first_that_is_relevant_and_at_nothing_else() -> None:
    found = measures([[4, 2, 1], [0, 5], [3]], [{1, 2}, {0}, {7}])
    assert found["MRR"] == pytest.approx((1 / 2 + 1 + 0) / 3)


@pytest.mark.parametrize(
    ("rankings", "relevant", "depths", "said"),
    [
        ([], [], (1,), "0 rankings"),
        ([[0]], [{0}, {1}], (1,), "1 rankings and 2 sets"),
        ([[0]], [set()], (1,), "no relevant passage"),
        ([[0]], [{0}], (0,), "k must be at least 1"),
    ],
)
def test_what_cannot_be_measured_is_refused(rankings: Any, relevant: Any, depths: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        measures(rankings, relevant, depths)


# --- cells


@pytest.mark.parametrize("probes", [1, 4, 20])
def test_what_a_search_in_cells_finds_is_the_nearest_of_what_it_looked_at(probes: int) -> None:
    draw = np.random.default_rng(1)
    vectors, cells = draw.normal(size=(400, 6)), 20
    index = Cells(vectors, cells)
    for query in draw.normal(size=(10, 6)):
        rows, looked = index.search(query, probes, 10)
        near = np.argsort(((index.centres - query) ** 2).sum(axis=1))[:probes]
        inside = {int(row) for cell in near for row in index.members[cell]}
        assert looked == len(inside)
        far = ((vectors - query) ** 2).sum(axis=1)
        assert rows == sorted(inside, key=lambda row: far[row])[:10]
        if probes == cells:
            assert looked == 400


def test_every_vector_is_in_the_cell_of_its_nearest_centre() -> None:
    vectors = np.random.default_rng(2).normal(size=(60, 3))
    index = Cells(vectors, 7)
    assert sorted(np.concatenate(index.members).tolist()) == list(range(60))
    far = ((vectors[:, None] - index.centres) ** 2).sum(axis=2)
    for cell, rows in enumerate(index.members):
        assert (far[rows].argmin(axis=1) == cell).all()


@pytest.mark.parametrize("count", [0, 4, -1])
def test_there_cannot_be_more_cells_than_vectors(count: int) -> None:
    with pytest.raises(ValueError, match="There are 3 vectors"):
        Cells(np.eye(3), count)


@pytest.mark.parametrize(("size", "probes", "k"), [(3, 0, 1), (3, 1, 0), (2, 1, 1)])
def test_a_search_that_makes_no_sense_is_refused(size: int, probes: int, k: int) -> None:
    with pytest.raises(ValueError, match=r"must be at least 1|has the shape"):
        Cells(np.eye(3), 2).search(np.ones(size), probes, k)


# --- on the shipped prose


@pytest.mark.slow
def test_each_way_to_search_finds_most_of_the_prose_among_its_first_five(minilm: Embedder) -> None:
    prose = load_prose()
    names, texts = list(prose.paragraphs), list(prose.paragraphs.values())
    dense, sparse = DenseIndex(texts, minilm), WordIndex(texts)
    relevant = [{names.index(name) for name in question.paragraphs} for question in prose.questions]
    for index, bound in ((dense, -np.inf), (sparse, 0.0)):
        rankings = [ranking(index.scores(question.text), above=bound) for question in prose.questions]
        assert measures(rankings, relevant)["recall@5"] >= 0.9
