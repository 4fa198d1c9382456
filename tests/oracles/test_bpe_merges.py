"""`bpe_merges` against the trainer of `tokenizers`, ties included.

Both settle a tie by the ids of the pieces, the left one first: ids go to characters in the order of their code points, and then to pieces as they are made.
"""

from __future__ import annotations

import json

import tokenizers
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import models, pre_tokenizers, trainers

from solutions.next_token import BPETokenizer, bpe_merges


def trained_by_tokenizers(word_counts: dict[str, int], num_merges: int) -> list[tuple[str, str]]:
    theirs = tokenizers.Tokenizer(models.BPE())
    theirs.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    alphabet = len(set("".join(word_counts)))
    trainer = trainers.BpeTrainer(vocab_size=alphabet + num_merges, min_frequency=2, show_progress=False)
    theirs.train_from_iterator((" ".join([word] * count) for word, count in word_counts.items()), trainer)
    return [(left, right) for left, right in json.loads(theirs.to_str())["model"]["merges"]]


words = st.text(st.sampled_from("abcdéß日🗼Z9"), min_size=1, max_size=8) | st.text("ab", min_size=1, max_size=10)
tables = st.dictionaries(words, st.integers(1, 9), max_size=12)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(tables, st.integers(0, 25))
@example({"aaaaaaa": 3, "aaaa": 2, "baab": 4}, 20)
@example({"cab": 2, "ab": 1, "abc": 2}, 5)
@example({}, 3)
def test_merges_are_those_of_tokenizers(word_counts: dict[str, int], num_merges: int) -> None:
    ours = bpe_merges(word_counts, num_merges)
    theirs = trained_by_tokenizers(word_counts, num_merges)
    # A text that is made twice takes no second id with `tokenizers`, so it may go on for as many merges more.
    twice = len(ours) - len({left + right for left, right in ours})
    assert theirs[: len(ours)] == ours
    assert len(theirs) <= len(ours) + twice


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.text("abc", max_size=40), st.integers(0, 15))
def test_of_a_single_word_they_are_those_of_the_byte_tokenizer(text: str, num_merges: int) -> None:
    tokenizer = BPETokenizer()
    tokenizer.train(text, num_merges)
    pieces = [chr(byte) for byte in range(256)]
    for left, right in tokenizer.merges:
        pieces.append(pieces[left] + pieces[right])
    spelled = [(pieces[left], pieces[right]) for left, right in tokenizer.merges]
    ours = bpe_merges({text: 1} if text else {}, num_merges)
    if len(set(map("".join, ours))) == len(ours):
        assert ours == spelled
