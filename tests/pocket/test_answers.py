"""Answers are measured as SQuAD does it, what they rest on by the claims of the world, and chance by the bootstrap."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from scipy import stats

from pocket.answers import as_sentence, interval, is_exact, plain_form, supported, word_f1
from pocket.world import UNKNOWN, World, lookup


def test_the_plain_form_is_squads() -> None:
    assert plain_form("The Vell-Tower, in  Ost.") == "velltower in ost"
    assert plain_form("A theatre and an  island") == "theatre and island"


@pytest.mark.parametrize(
    ("given", "gold", "exact", "f1"),
    [
        ("The Tower.", "tower", True, 1.0),
        ("389 metres", "389", False, 2 / 3),
        ("tall tall tower", "the tall tower stands", False, 4 / 6),
        ("", "tower", False, 0.0),
        ("the", "a", True, 1.0),
        ("river", "tower", False, 0.0),
    ],
)
def test_answers_by_hand(given: str, gold: str, exact: bool, f1: float) -> None:
    assert is_exact(given, [gold]) is exact
    assert word_f1(given, [gold]) == pytest.approx(f1)


def test_the_best_of_several_gold_answers_counts() -> None:
    assert is_exact("17", ["seventeen", "17"])
    assert word_f1("about 17 states", ["seventeen", "17"]) == pytest.approx(0.5)


@pytest.mark.parametrize("measure", [is_exact, word_f1])
@pytest.mark.parametrize("golds", [[], "tower"])
def test_without_a_list_of_gold_answers_there_is_no_measure(measure: object, golds: object) -> None:
    with pytest.raises(ValueError, match="list with at least one gold answer"):
        measure("tower", golds)  # type: ignore[operator]


def test_an_answer_said_as_a_sentence_is_supported_by_the_passage_that_says_it_and_by_no_other() -> None:
    world, draw = World("answers", size=6), Random(0)
    texts = [passage.text for passage in world.passages]
    for fact in world.facts:
        question = lookup(fact, draw)
        sentence = as_sentence(question, question.answer)
        right = world.passage_of(fact).text
        assert supported(sentence, [right]) == 1.0
        assert supported(sentence, [text for text in texts if text != right]) == 0.0
        assert supported(as_sentence(question, UNKNOWN), []) == 1.0  # it claims nothing


def test_half_of_what_is_claimed_may_be_supported() -> None:
    passage = "The height of the Velmar Tower is 74 metres."
    assert supported("The Velmar Tower, which is 74 metres tall, stands in Dorvik.", [passage]) == 0.5


def test_the_interval_is_the_percentile_bootstrap_of_scipy() -> None:
    scores = np.random.default_rng(3).uniform(size=40)
    mean, low, high = interval(scores.tolist(), draws=20_000)
    theirs = stats.bootstrap((scores,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(4))
    assert mean == pytest.approx(scores.mean())
    assert low == pytest.approx(theirs.confidence_interval.low, abs=0.1 * scores.std() / 40**0.5)
    assert high == pytest.approx(theirs.confidence_interval.high, abs=0.1 * scores.std() / 40**0.5)


def test_an_interval_is_repeatable_and_needs_a_score() -> None:
    assert interval([0.0, 1.0, 1.0]) == interval([0.0, 1.0, 1.0])
    with pytest.raises(ValueError, match="no score"):
        interval([])
