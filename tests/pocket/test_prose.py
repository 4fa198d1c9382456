"""The shipped prose is what chapter 2 measures on: fifty paragraphs, ten questions, every answer where it is said to stand."""

from __future__ import annotations

import pytest

from pocket import SettingError
from pocket.prose import load


def test_there_are_fifty_paragraphs_of_a_few_sentences_each() -> None:
    paragraphs = load().paragraphs
    assert list(paragraphs) == [f"m{number:02}" for number in range(1, 51)]
    assert len(set(paragraphs.values())) == 50
    for text in paragraphs.values():
        assert 20 <= len(text.split()) <= 70, text
        assert text == " ".join(text.split())
        assert text.endswith(".")


def test_there_are_ten_questions_and_each_answer_stands_in_a_paragraph_named_for_it() -> None:
    prose = load()
    assert len(prose.questions) == 10
    for question in prose.questions:
        assert question.text.endswith("?")
        assert set(question.paragraphs) <= set(prose.paragraphs)
        for name in question.paragraphs:
            text = prose.paragraphs[name].lower()
            words = {word for answer in question.answers for word in answer.lower().split()} - {"and"}
            assert any(answer.lower() in text for answer in question.answers) or len(words & set(text.split())) >= 2


def test_another_subject_is_refused_with_the_list_of_those_there_are() -> None:
    with pytest.raises(SettingError, match="there is no prose 'tides'; there is: metric"):
        load("tides")
