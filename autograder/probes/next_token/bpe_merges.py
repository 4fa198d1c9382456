"""The probes of byte-pair merges, learned from words and their counts."""

from __future__ import annotations

from string import ascii_lowercase
from typing import Any

from autograder.draws import Rng
from autograder.probes.next_token.chapter import chapter
from autograder.proxy import Impl

merges = chapter.function(
    "bpe_merges",
    title="Learn the merges of byte-pair encoding",
    minutes=35,
    difficulty=3,
    oracle="tokenizers' BpeTrainer",
)


def _named(rng: Rng, counts: dict[str, int]) -> dict[str, int]:
    """Put drawn letters in the place of A, B, C ..., in the same order, so that every tie is settled as before."""
    letters = sorted(str(letter) for letter in rng.choice(list(ascii_lowercase), size=9, replace=False))
    names = dict(zip("ABCDEFGHI", letters, strict=True))
    return {"".join(names[letter] for letter in word): count for word, count in counts.items()}


@merges.probe(points=2, cases=3)
def learns_frequent_pairs(impl: Impl, rng: Rng) -> Any:
    """Each round merges the pair that is most frequent now, and the words are counted anew."""
    counts, most = [
        ({"CABDAB": 1}, 1),
        ({"ABABCABAB": 3}, 2),
        ({"ABCDABCEABCABDAB": 1}, 5),
    ][rng.case]
    return impl(_named(rng, counts), most)


@merges.probe(points=2, cases=4)
def weighs_words_by_their_counts(impl: Impl, rng: Rng) -> Any:
    """A pair counts as often as its word occurs, not once for each word in the table."""
    counts, most = [
        ({"AB": 2, "CD": 5}, 1),
        ({"ABE": 1, "ABF": 1, "ABG": 1, "CD": 4}, 1),
        ({"ABC": 3, "DBC": 2, "ABD": 6}, 3),
        ({"ABCD": 2, "ABE": 3, "CDE": 8, "CDF": 4}, 4),
    ][rng.case]
    return impl(_named(rng, counts), most)


@merges.probe(points=2, cases=5)
def settles_ties_by_age(impl: Impl, rng: Rng) -> Any:
    """Among equally frequent pairs the older left piece wins, then the older right piece."""
    counts, most = [
        ({"CD": 3, "AB": 3}, 1),
        ({"BC": 4, "BA": 4, "CA": 4}, 2),
        ({"CAB": 3, "ABD": 4, "ABC": 3}, 4),  # the pieces C and AB: the character is the older one
        ({"DABE": 2, "CDE": 5, "DAB": 5, "EAB": 2, "EC": 2}, 6),
        ({"BCA": 4, "ABC": 4, "CAB": 4, "BC": 3, "AB": 2, "CA": 1}, 6),
    ][rng.case]
    return impl(_named(rng, counts), most)


@merges.probe(points=1, cases=3)
def keeps_to_the_words(impl: Impl, rng: Rng) -> Any:
    """No pair reaches from one word into the next."""
    counts, most = [
        ({"CA": 5, "BD": 5}, 3),
        ({"B": 7, "CA": 3, "AD": 2}, 3),
        ({"AB": 3, "A": 9, "B": 9, "CD": 4}, 4),
    ][rng.case]
    return impl(_named(rng, counts), most)


@merges.probe(points=1, cases=3)
def counts_every_position(impl: Impl, rng: Rng) -> Any:
    """A pair counts at every position of a word, overlapping ones too, and is replaced without overlap."""
    counts, most = [
        ({"BBBB": 2, "AC": 5}, 3),
        ({"ABABAB": 2, "CD": 5, "BA": 1}, 3),
        ({"BBBBB": 4, "ABB": 3, "AC": 14}, 4),
    ][rng.case]
    return impl(_named(rng, counts), most)


@merges.probe(points=1, cases=3)
def merges_whole_pieces(impl: Impl, rng: Rng) -> Any:
    """Only a piece that is the left or right one of the pair is merged, not one that ends or begins like it."""
    counts, most = [
        ({"DAB": 8, "AB": 1, "DA": 6, "CB": 2}, 3),
        ({"AB": 9, "CABD": 4, "CAB": 3, "BD": 8, "CABDE": 2}, 6),
        ({"BCA": 5, "CA": 3, "BC": 9, "CAD": 5, "AD": 6}, 6),
    ][rng.case]
    return impl(_named(rng, counts), most)


@merges.probe(points=1, cases=5)
def stops_in_time(impl: Impl, rng: Rng) -> Any:
    """Learning ends at the limit, or when no pair counts at least 2."""
    counts, most = [
        ({"ABCD": 5}, 2),
        ({"AB": 2, "CD": 1}, 10),
        ({"ABCDE": 1, "CD": 1, "A": 9}, 10),
        ({}, 3),
        ({"AB": 3, "BC": 2}, 0),
    ][rng.case]
    return impl(_named(rng, counts), most)


@merges.probe(points=1, cases=3)
def reads_any_character(impl: Impl, rng: Rng) -> Any:
    """Characters are pieces as they are, ordered by code point, whatever the script; the table is left as it was."""
    table = [{"éa": 3, "az": 3, "日本": 3}, {"über": 4, "Über": 4, "bar": 2}, {"🗼日": 5, "日本": 5, "本🗼": 5}][
        rng.case
    ]
    times = int(rng.integers(1, 5))
    found, after = impl.keeping({word: count * times for word, count in table.items()}, 2)
    return {"merges": found, "the table afterwards": after[0]}
