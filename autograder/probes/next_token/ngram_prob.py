"""The probes of the n-gram probability."""

from __future__ import annotations

from typing import Any

from autograder.draws import Rng
from autograder.probes.next_token.chapter import chapter
from autograder.proxy import Impl

ngram = chapter.function(
    "ngram_prob",
    title="The probability of the next word, by counting",
    minutes=15,
    difficulty=1,
    oracle="scikit-learn's MultinomialNB, whose smoothing is the same",
)

#: Short, so that a verdict can show a text whole; none of them is part of another.
_WORDS = ["sea", "oak", "elm", "bay", "fen", "ash", "ivy", "ore", "eel", "owl"]


def _named(rng: Rng, *patterns: str) -> list[list[str]]:
    """Write patterns such as "ABA" with drawn words in place of the letters: what is counted hangs on the pattern."""
    words = [str(word) for word in rng.permutation(_WORDS)]
    return [[words["ABCDEFGHIJ".index(letter)] for letter in pattern] for pattern in patterns]


def _size(rng: Rng) -> int:
    return int(rng.integers(20, 60))


@ngram.probe(points=2, cases=4)
def counts_what_follows(impl: Impl, rng: Rng) -> Any:
    """With k = 0, the probability is the share of the places where this word follows the context."""
    pattern, context, word = [
        ("ABACB", "A", "B"),
        ("CABCABCAD", "A", "D"),
        ("ABCABDABEBA", "B", "D"),
        ("ABCA", "B", "A"),
    ][rng.case]
    words, before, (after,) = _named(rng, pattern, context, word)
    return impl(words, before, after, _size(rng))


@ngram.probe(points=2, cases=4)
def reads_the_whole_context(impl: Impl, rng: Rng) -> Any:
    """A context of several words counts only where all of them stand, in this order."""
    pattern, context, word = [
        ("ABCDBCABDABCD", "AB", "C"),
        ("CABDCABEDABE", "CAB", "E"),
        ("BADABCBADBAC", "BA", "C"),
        ("ABCDEBCDFACDEABCDEG", "ABCD", "F"),
    ][rng.case]
    words, before, (after,) = _named(rng, pattern, context, word)
    return impl(words, before, after, _size(rng))


@ngram.probe(points=1, cases=3)
def knows_the_empty_context(impl: Impl, rng: Rng) -> Any:
    """After no context at all, the probability is the word's share of the text."""
    pattern, word = [("ABACA", "A"), ("ABACABB", "B"), ("CABABBCD", "D")][rng.case]
    words, (after,) = _named(rng, pattern, word)
    return impl(words, [], after, _size(rng))


@ngram.probe(points=2, cases=4)
def adds_k_to_every_word(impl: Impl, rng: Rng) -> Any:
    """With k > 0, each of the V words has been seen k times more, those that never came too."""
    pattern, context, word = [("ABACAB", "A", "B"), ("ABACAB", "A", "D"), ("ABCABD", "AB", "C"), ("ABCA", "B", "D")][
        rng.case
    ]
    words, before, (after,) = _named(rng, pattern, context, word)
    return impl(words, before, after, _size(rng), float(rng.choice([0.25, 0.5, 2.0])))


@ngram.probe(points=2, cases=4)
def has_an_answer_after_any_context(impl: Impl, rng: Rng) -> Any:
    """After a context that nothing followed, each of the V words has the same probability."""
    pattern, context = [("ABCAB", "D"), ("ABABC", "C"), ("AB", "ABC"), ("", "A")][rng.case]
    words, before, (after,) = _named(rng, pattern, context, "A")
    size, k = _size(rng), float(rng.choice([0.25, 0.5, 2.0]))
    return {"k = 0": impl(words, before, after, size), f"k = {k}": impl(words, before, after, size, k)}


@ngram.probe(points=1, cases=3)
def leaves_the_last_word_out(impl: Impl, rng: Rng) -> Any:
    """Where the text ends with the context, nothing follows, and nothing is counted."""
    pattern, context, word = [("ABACA", "A", "B"), ("ABCDABDAB", "AB", "C"), ("ABACABA", "A", "B")][rng.case]
    words, before, (after,) = _named(rng, pattern, context, word)
    return impl(words, before, after, _size(rng))


@ngram.probe(points=1, cases=3)
def counts_overlaps(impl: Impl, rng: Rng) -> Any:
    """Occurrences of a context may overlap."""
    pattern, context, word = [("AAAABC", "AA", "A"), ("ABABABAC", "ABA", "B"), ("AABAAABAAB", "AA", "B")][rng.case]
    words, before, (after,) = _named(rng, pattern, context, word)
    return impl(words, before, after, _size(rng))


@ngram.probe(points=1, cases=3)
def compares_whole_words(impl: Impl, rng: Rng) -> Any:
    """A word is not met where it is only a part of a longer one."""
    more = [str(word) for word in rng.permutation(_WORDS)[:2]]
    words = [
        ["an", "ana", "an", "a", "an", more[0]],
        ["ban", "a", "an", "a", "an", more[1], more[0]],
        ["the", "sea", "bathe", "seas", "the", "seal", more[0], "the", more[1]],
    ][rng.case]
    context, word = [("an", "a"), ("an", "a"), ("the", "sea")][rng.case]
    return impl(words, [context], word, _size(rng))


@ngram.probe(points=0, gates=["adds_k_to_every_word"], cases=2)
def refuses_a_negative_k(impl: Impl, rng: Rng) -> Any:
    """A k below 0 raises ValueError."""
    words, before, (after,) = _named(rng, "ABACAB", "A", "B")
    return impl(words, before, after, _size(rng), [-1.0, -0.01][rng.case])
