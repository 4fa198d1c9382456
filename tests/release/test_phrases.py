"""Looking for very many phrases at once finds the same as looking for one after another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.release import phrases as module
from autograder.release.phrases import Phrases

#: Few letters, so that phrases overlap, share beginnings and lie in each other.
words = st.text("ab\0", min_size=8, max_size=20).map(str.encode)


@given(st.lists(words, max_size=6), st.lists(words | st.binary(max_size=3), max_size=8), st.integers(1, 4))
def test_as_one_after_another(wanted: list[bytes], parts: list[bytes], step: int) -> None:
    text = b"".join(parts + wanted[1:])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_STEP", 8 * step)
        found = Phrases(wanted).found_in(text)
    assert found == {phrase for phrase in wanted if phrase in text}


@pytest.mark.parametrize("at", [0, 1, 7, 2**23 - 9, 2**23 - 1, 2**23, 2**23 + 5, 2**24 - 12])
def test_at_the_seams_of_a_long_text(at: int) -> None:
    phrase = b"a secret one"
    text = bytearray(2**24)
    text[at : at + len(phrase)] = phrase
    assert Phrases([phrase, b"another one"]).found_in(bytes(text)) == {phrase}


def test_a_phrase_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="needs 8 bytes or more, and one has 7"):
        Phrases([b"long enough", b"too lit"])
