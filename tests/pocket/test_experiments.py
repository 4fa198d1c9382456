"""What the experiments ask is the same for everybody, new to the models, and answered by what there is to read."""

from __future__ import annotations

import pytest

from pocket.answers import as_sentence, supported
from pocket.experiments import MOST_QUESTIONS, reading_test
from pocket.world import World
from pocket.world.facts import fill
from pocket.world.questions import Question


def test_fewer_questions_are_the_first_of_more_about_the_same_passages() -> None:
    ten, hundred = reading_test(), reading_test(MOST_QUESTIONS)
    assert (len(ten.questions), len(hundred.questions)) == (10, 100)
    assert hundred.questions[:10] == ten.questions
    assert hundred.golds[:10] == ten.golds
    assert hundred.passages == ten.passages
    assert reading_test(1).questions == ten.questions[:1]


def test_fifty_passages_and_no_question_twice() -> None:
    test = reading_test(MOST_QUESTIONS)
    assert len(set(test.passages)) == 50
    assert len(set(test.questions)) == len(test.questions) == len(test.golds)


def test_each_answer_is_that_of_the_world_and_one_passage_says_it() -> None:
    test = reading_test(MOST_QUESTIONS)
    about = {
        fill(wording, e=fact.entity): fact for fact in World("chapter 2").facts for wording in fact.relation.questions
    }
    for text, (answer,) in zip(test.questions, test.golds, strict=True):
        assert about[text].answer == answer
        said = as_sentence(Question(text, answer, (about[text],), "lookup"), answer)
        assert [supported(said, [passage]) for passage in test.passages].count(1) == 1, text


@pytest.mark.parametrize("count", [0, -1, MOST_QUESTIONS + 1])
def test_there_are_not_as_many_questions(count: int) -> None:
    with pytest.raises(ValueError, match=f"has 1 to 100 questions, not {count}"):
        reading_test(count)
