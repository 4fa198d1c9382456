"""RetrievalMap's cosines are those of whole vectors, its BM25 that of the course and of bm25s, its data that of MiniLM."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import traitlets

from pocket.prose import load
from solutions.rag import bm25_scores
from widgets import RetrievalMap
from widgets.base import stored
from widgets.data import retrieval_map as generator
from widgets.retrieval_map import Measured

Call = Callable[[str, list[list[Any]]], list[Any]]
Array = np.ndarray[Any, np.dtype[np.float64]]

PASSAGES, QUESTIONS = 12, 4
NEAR: dict[str, Any] = {"rtol": 1e-6, "atol": 1e-12}


def unit(rows: Array) -> Array:
    out: Array = rows / np.linalg.norm(rows, axis=-1, keepdims=True)
    return out


def vectors(dim: int = 16, seed: int = 0) -> tuple[Array, Array]:
    """Return random vectors of passages and questions, of all lengths."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(PASSAGES, dim)) * 3, rng.normal(size=(QUESTIONS, dim)) * 0.2


def names() -> list[str]:
    return [f"p{number}" for number in range(PASSAGES)]


def made(dim: int = 16, **settings: Any) -> RetrievalMap:
    passages = {name: f"{name} tells of the river" for name in names()}
    questions = [(f"question {number}?", [f"p{number}", "p9"]) for number in range(QUESTIONS)]
    return RetrievalMap(passages, questions, vectors(dim), **settings)


def params(
    known: Measured, a: int = 0, b: int = 1, mix: float = 0.0, place: list[float] | None = None
) -> dict[str, Any]:
    values = {name: list(getattr(known, name)) for name in ("similar", "alike", "spots")}
    count = len(known.similar) // round(math.sqrt(len(known.alike)))
    return {**values, "count": count, "question_a": a, "question_b": b, "mix": mix, "place": place or []}


def axes_of(passages: Array) -> Array:
    """Return the first two principal components, (2, D), from the covariance and not by an SVD."""
    _, found = np.linalg.eigh(np.cov(unit(passages).T))
    axes: Array = found[:, ::-1][:, :2].T
    return axes


def query_of(dim: int, a: int, b: int, mix: float, place: list[float] | None) -> tuple[Array, Array]:
    """Return the query's whole vector and the passages' vectors, all of length 1, from the words of the docstring."""
    passages, questions = (unit(rows) for rows in vectors(dim))
    query = unit((1 - mix) * questions[a] + mix * questions[b])
    if place:
        axes = axes_of(passages)
        # The widget's axes have the sign that makes their largest number positive.
        axes = axes * np.sign(axes[[0, 1], np.abs(axes).argmax(1)])[:, None]
        rest = query - axes.T @ (axes @ query)
        query = axes.T @ np.array(place) + math.sqrt(1 - math.hypot(*place) ** 2) * unit(rest)
        assert np.linalg.norm(query) == pytest.approx(1)
    return query, passages


QUERIES = [
    (0, 1, 0.0, None),
    (2, 1, 1.0, None),
    (3, 0, 0.5, None),
    (1, 1, 0.3, None),
    (0, 2, 1e-9, None),
    (0, 1, 0.0, [0.0, 0.0]),
    (3, 2, 0.4, [0.6, -0.7]),
    (1, 0, 0.0, [-0.9999, 0.0]),
    (2, 3, 1.0, [1e-6, 0.3]),
]


@pytest.mark.parametrize("dim", [3, 16, 384])
def test_cosines_are_those_of_the_whole_vectors(dim: int, javascript: Call) -> None:
    known = Measured.of(*vectors(dim))
    answers = javascript("retrieval_map", [["compute", params(known, *query)] for query in QUERIES])
    for (a, b, mix, place), answer in zip(QUERIES, answers, strict=True):
        query, passages = query_of(dim, a, b, mix, place)
        np.testing.assert_allclose(answer["cosine"], passages @ query, rtol=1e-6, atol=1e-9)
        assert answer["order"] == np.argsort(-(passages @ query), kind="stable").tolist()
        widget = made(dim, question_a=a, question_b=b)
        widget.mix, widget.place = mix, place or []
        np.testing.assert_allclose(widget.cosines(), answer["cosine"], rtol=1e-9, atol=1e-12)


def test_the_query_lies_where_it_was_dragged_to_and_the_nearest_on_the_map_is_by_distance(javascript: Call) -> None:
    known = Measured.of(*vectors())
    moved, still = javascript(
        "retrieval_map", [["compute", params(known, 0, 1, 0.0, place)] for place in ([0.2, -0.1], [])]
    )
    spots = np.array(known.spots).reshape(-1, 2)
    assert moved["spot"] == [0.2, -0.1]
    assert still["spot"] == pytest.approx(spots[PASSAGES].tolist())
    for answer in (moved, still):
        away = np.linalg.norm(spots[:PASSAGES] - answer["spot"], axis=1)
        np.testing.assert_allclose(answer["away"], away, **NEAR)
        assert answer["near"] == np.argsort(away).tolist()


def test_a_drag_to_where_the_query_is_changes_nothing(javascript: Call) -> None:
    known = Measured.of(*vectors())
    (still,) = javascript("retrieval_map", [["compute", params(known, 2)]])
    (again,) = javascript("retrieval_map", [["compute", params(known, 2, place=still["spot"])]])
    np.testing.assert_allclose(again["cosine"], still["cosine"], **NEAR)


def test_equal_cosines_keep_the_order_of_the_passages(javascript: Call) -> None:
    known = Measured.of([[1.0, 0.0], [0.0, 2.0], [3.0, 0.0], [0.0, -1.0]], [[1.0, 0.0], [-2.0, 0.0]])
    one, other = javascript("retrieval_map", [["compute", params(known, a)] for a in (0, 1)])
    assert (one["order"], one["cosine"]) == ([0, 2, 1, 3], [1, 0, 1, 0])
    assert other["order"] == [1, 3, 0, 2]


def test_half_way_between_opposite_questions_there_is_no_direction_and_no_number_is_lost(javascript: Call) -> None:
    known = Measured.of(np.eye(3), [[1.0, 1.0, 0.0], [-1.0, -1.0, 0.0]])
    (answer,) = javascript("retrieval_map", [["compute", params(known, mix=0.5)]])
    assert answer["cosine"] == [0, 0, 0]
    assert answer["order"] == [0, 1, 2]


@pytest.mark.parametrize("dim", [5, 384])
def test_the_map_is_sklearn_s_pca(dim: int) -> None:
    from sklearn.decomposition import PCA

    passages, questions = (unit(rows) for rows in vectors(dim))
    pca = PCA(2, svd_solver="full").fit(passages)
    known = Measured.of(passages, questions)
    np.testing.assert_allclose(known.shares, pca.explained_variance_ratio_, **NEAR)
    spots = np.array(known.spots).reshape(-1, 2)
    theirs = pca.transform(np.vstack([passages, questions])) * np.sign(
        pca.components_[[0, 1], np.abs(pca.components_).argmax(1)]
    )
    np.testing.assert_allclose(spots - spots[:PASSAGES].mean(0), theirs, rtol=1e-6, atol=1e-9)


def test_precision_and_recall_are_counts_of_each_beginning(javascript: Call) -> None:
    order, relevant = [4, 2, 0, 3, 1], [0, 4, 1]
    (answer,) = javascript("retrieval_map", [["curves", order, relevant]])
    for k in range(1, 6):
        found = len(set(order[:k]) & set(relevant))
        assert answer["hits"][k - 1] == found
        assert answer["precision"][k - 1] == pytest.approx(found / k)
        assert answer["recall"][k - 1] == pytest.approx(found / 3)


def bags(javascript: Call) -> tuple[list[list[str]], list[list[str]]]:
    """Return the words of the prose and of its questions, as the widget finds them."""
    prose = load()
    texts = [
        *prose.paragraphs.values(),
        *(question.text for question in prose.questions),
        "",
        "Ärger, 1/299,792,458: été_2!",
    ]
    words = javascript("retrieval_map", [["wordsOf", text] for text in texts])
    assert words == [re.findall(r"\w+", text.lower()) for text in texts]
    return words[:50], words[50:]


def test_bm25_is_that_of_the_exercise_and_of_bm25s(javascript: Call) -> None:
    documents, queries = bags(javascript)
    answers = javascript("retrieval_map", [["bm25", documents, [[query, 1]]] for query in queries])
    for query, answer in zip(queries, answers, strict=True):
        np.testing.assert_allclose(answer["scores"], bm25_scores(query, documents), **NEAR)
        assert answer["order"] == np.argsort(-np.array(answer["scores"]), kind="stable").tolist()
        assert answer["sizes"] == [len(document) for document in documents]
    bm25s = pytest.importorskip("bm25s")
    retriever = bm25s.BM25(method="lucene", k1=1.5, b=0.75, dtype="float64", backend="numpy")
    retriever.index(documents, show_progress=False)
    for query, answer in zip(queries, answers, strict=True):
        known = [word for word in query if word in retriever.vocab_dict]
        theirs = retriever.get_scores(known) if known else np.zeros(len(documents))
        np.testing.assert_allclose(answer["scores"], theirs, **NEAR)


def test_between_two_questions_bm25_weighs_the_words_of_both(javascript: Call) -> None:
    documents, (one, other, *_) = bags(javascript)
    (answer,) = javascript("retrieval_map", [["bm25", documents, [[one, 0.25], [other, 0.75]]]])
    want = 0.25 * bm25_scores(one, documents) + 0.75 * bm25_scores(other, documents)
    np.testing.assert_allclose(answer["scores"], want, **NEAR)


def test_bm25_of_texts_without_words_is_zero(javascript: Call) -> None:
    (answer,) = javascript("retrieval_map", [["bm25", [["a"], [], ["b"]], [[["c", "c"], 1], [[], 1], [["a"], 0]]]])
    assert answer["scores"] == [0, 0, 0]
    assert answer["order"] == [0, 1, 2]


def test_the_question_is_about_the_map_and_its_answer_about_all_dimensions(javascript: Call) -> None:
    widget = RetrievalMap.example()
    known = Measured(**stored("retrieval_map")["measured"])
    (answer,) = javascript("retrieval_map", [["compute", params(known, widget.question_a, widget.question_b)]])
    (asked,) = javascript("retrieval_map", [["puzzle", answer, widget.names, sum(widget.shares), widget.dim]])
    near = answer["near"][0]
    rank = answer["order"].index(near) + 1
    assert rank > 10  # so that a map that is taken at its word answers wrongly
    assert asked["right"] == f"rank {rank}"
    assert asked["choices"].count(asked["right"]) == 1
    assert "rank 1" in asked["choices"]
    assert widget.names[near] in asked["question"]


@pytest.mark.parametrize("size", [3, 4, 12])
def test_a_question_about_few_passages_has_no_rank_that_there_is_not(size: int, javascript: Call) -> None:
    passages, questions = vectors()
    known = Measured.of(passages[:size], questions)
    (answer,) = javascript("retrieval_map", [["compute", params(known)]])
    (asked,) = javascript("retrieval_map", [["puzzle", answer, names()[:size], 0.5, 16]])
    ranks = [int(choice.removeprefix("rank ")) for choice in asked["choices"]]
    assert ranks == sorted(set(ranks))
    assert ranks[-1] <= size
    assert asked["right"] in asked["choices"]


# --- Python


def test_the_example_has_a_question_for_each_retriever_that_the_other_misses() -> None:
    widget = RetrievalMap.example()
    words = [text.lower().replace("?", "").replace(".", "").replace(",", " ").split() for text in widget.passages]
    better: set[tuple[bool, bool]] = set()
    for place, question in enumerate(widget.questions):
        widget.question_a, widget.question_b = place, (place + 1) % len(widget.questions)
        dense = {row[1] for row in widget.numbers()[1][:5]}
        sparse = np.argsort(-bm25_scores(question["text"].lower().strip("?").split(), words), kind="stable")[:5]
        relevant = question["relevant"]
        found = [len({widget.names[at] for at in relevant} & dense), len(set(relevant) & set(sparse.tolist()))]
        better |= {(found[0] > 0, found[1] > 0)}
    assert better >= {(True, False), (False, True)}


def test_making_the_example_imports_neither_torch_nor_numpy() -> None:
    code = (
        "import sys; from widgets import RetrievalMap; w = RetrievalMap.example(); w.picture(); repr(w); "
        "print([name for name in ('torch', 'transformers', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_numbers_are_the_passages_of_the_largest_cosine() -> None:
    widget = made()
    query, passages = query_of(16, 0, 1, 0.0, None)
    head, rows = widget.numbers()
    assert head == ["rank", "passage", "cosine", "relevant", "text"]
    order = np.argsort(-(passages @ query))
    assert [row[1] for row in rows] == [f"p{at}" for at in order[:10]]
    assert rows[0][2] == f"{(passages @ query)[order[0]]:.3f}"
    assert {row[1] for row in rows if row[3] == "yes"} <= {"p0", "p9"}


def test_what_is_relevant_is_what_answers_the_nearer_question() -> None:
    widget = made(question_a=1, question_b=2)
    assert widget.relevant() == [1, 9]
    widget.mix = 0.5
    assert widget.relevant() == [1, 9]
    widget.mix = 0.51
    assert widget.relevant() == [2, 9]
    assert "51 % of the way from “question 1?” to “question 2?”" in widget.describe()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"questions": [("a?", ["p0"])]}, "two questions at least"),
        ({"questions": [("a?", ["p0"]), ("b?", ["p99"])]}, "'p99' is no passage"),
        ({"questions": [("a?", ["p0"]), ("b?", [])]}, "none is given"),
        ({"questions": [("a?", ["p0"]), ("b?", ["p1"]), ("c?", ["p1"])]}, "12 passages and 3 questions"),
        ({"passages": {"p0": "a", "p1": "b", "p2": "c"}}, "3 passages and"),
        ({"passages": {**dict.fromkeys(map(str, range(11)), "a"), "far too long": "b"}}, "at most 6 characters"),
        ({"vectors": (np.ones((12, 4)), np.ones((2, 4)))}, "the same vector"),
        ({"vectors": (np.eye(12), np.ones((2, 4)))}, "the same number of columns"),
        ({"vectors": (np.eye(12)[:2], np.ones((2, 12)))}, "at least 3 passages"),
        ({"vectors": (np.ones((12, 1)), np.ones((2, 1)))}, "at least 2"),
        ({"vectors": (np.ones(12), np.ones((2, 1)))}, "1 dimensions"),
        ({"vectors": (np.eye(12), np.zeros((2, 12)))}, "the vector of question 0 has no direction"),
        ({"vectors": (np.eye(12) * math.nan, np.ones((2, 12)))}, "the vector of passage 0 has no direction"),
    ],
)
def test_arguments_that_do_not_go_together_are_refused_in_words(change: dict[str, Any], words: str) -> None:
    given = {
        "passages": dict.fromkeys(names(), "text"),
        "questions": [("a?", ["p0"]), ("b?", ["p1"])],
        "vectors": (vectors()[0], vectors()[1][:2]),
        **change,
    }
    with pytest.raises(ValueError, match=words):
        RetrievalMap(**given)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("question_a", 4, "question_a must be 0 to 3, not 4"),
        ("question_b", -1, "question_b must be 0 to 3"),
        ("mix", 1.1, "mix must be 0 to 1"),
        ("mix", math.nan, "mix must be 0 to 1"),
        ("place", [0.1], "place must be empty, or two numbers"),
        ("place", [1.0, 0.0], "less than 1 from the origin"),
        ("place", [math.nan, 0.0], "place must be"),
        ("k", 0, "k must be 1 to 12"),
        ("k", 13, "k must be 1 to 12"),
        ("chosen", 12, "chosen must be -1 to 11"),
    ],
)
def test_a_bad_setting_keeps_the_last_one_and_is_said(name: str, value: Any, words: str) -> None:
    widget = made()
    before = getattr(widget, name)
    with pytest.raises(traitlets.TraitError, match=words):
        setattr(widget, name, value)
    assert getattr(widget, name) == before
    assert words.split(maxsplit=1)[0].lower() in widget.problem.lower()
    with pytest.raises((traitlets.TraitError, TypeError)):
        made(**{name: value})


def test_state_opens_the_same_view_again() -> None:
    first = made()
    first.question_a, first.question_b, first.mix, first.place, first.k, first.chosen = 2, 3, 0.4, [0.1, -0.2], 7, 3
    again = made().load(json.loads(json.dumps(first.state())))
    assert again.state() == first.state()
    assert again.problem == ""
    assert again.cosines() == first.cosines()


def test_the_stored_data_are_small_and_of_the_shipped_prose() -> None:
    data = stored("retrieval_map")
    prose = load()
    texts = [question["text"] for question in data["questions"]]
    assert data["digest"] == generator.digest([*prose.paragraphs.values(), *texts])
    relevant = {question["text"]: tuple(question["relevant"]) for question in data["questions"]}
    assert relevant == generator.QUESTIONS | {question.text: question.paragraphs for question in prose.questions}
    assert Path(generator.__file__).with_suffix(".json").stat().st_size <= 16 * 1024


@pytest.mark.slow
def test_the_stored_cosines_are_minilm_s_and_rank_as_its_whole_vectors_do(javascript: Call) -> None:
    import pocket

    fresh, data = generator.make(), stored("retrieval_map")
    assert fresh["questions"] == data["questions"]
    for name in ("similar", "alike", "spots", "shares"):
        np.testing.assert_allclose(data["measured"][name], fresh["measured"][name], atol=3e-6)
    minilm = pocket.load("minilm", device="cpu", dtype="float32")
    passages = minilm.encode(list(load().paragraphs.values())).astype(float)
    questions = minilm.encode([question["text"] for question in data["questions"]]).astype(float)
    known = Measured(**data["measured"])
    calls: list[list[Any]] = [
        ["compute", params(known, a, (a + 3) % len(questions), mix)]
        for a in range(len(questions))
        for mix in (0.0, 0.3, 0.5)
    ]
    for (_, given), answer in zip(calls, javascript("retrieval_map", calls), strict=True):
        query = (1 - given["mix"]) * questions[given["question_a"]] + given["mix"] * questions[given["question_b"]]
        cosines = unit(passages) @ unit(query)
        np.testing.assert_allclose(answer["cosine"], cosines, atol=3e-6)
        assert answer["order"] == np.argsort(-cosines, kind="stable").tolist()
