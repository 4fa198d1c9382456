"""The probes of the byte-pair tokenizer."""

from __future__ import annotations

from string import ascii_lowercase
from typing import Any

from autograder.draws import Rng
from autograder.probes.next_token.chapter import chapter
from autograder.proxy import Impl

bpe = chapter.class_(
    "BPETokenizer",
    title="A byte-pair tokenizer",
    minutes=40,
    difficulty=3,
    oracle="tokenizers' BPE model and trainer",
    methods=("merge", "train", "encode", "decode"),
    attributes=("merges",),
)

_SYLLABLES = ["to", "wer", "ri", "ver", "the ", "is ", "na", "an", "ban", "ana", "a ", "é", "日本", "🗼"]
#: As many merges as there are bytes, of bytes that stand in no text here: ids behind them begin at 512.
_UNUSED = tuple((left, right) for left in range(16) for right in range(16))


def _text(rng: Rng, syllables: int, *, ascii_only: bool = False) -> str:
    """Draw a text of frequent pieces, so that there is something to merge."""
    pieces = _SYLLABLES[:-3] if ascii_only else _SYLLABLES
    return "".join(str(piece) for piece in rng.choice(pieces, size=syllables))


def _twice(rng: Rng, letters: int, alphabet: str = ascii_lowercase) -> str:
    """Shuffle an alphabet as often as it takes and write that twice: nearly every pair is worth a merge."""
    rounds = range(0, letters, len(alphabet))
    shuffled = [str(letter) for _ in rounds for letter in rng.permutation(list(alphabet))]
    return "".join(shuffled[:letters]) * 2


def _merges(rng: Rng, ids: list[int], count: int, first: tuple[tuple[int, int], ...] = ()) -> list[tuple[int, int]]:
    """Draw merges of these ids that build on one another, as training would make them, behind the `first` ones."""
    ids = list(ids)
    merges = list(first)
    while len(merges) < len(first) + count:
        left, right = (int(number) for number in rng.choice(ids, size=2))
        if (left, right) not in merges:
            merges.append((left, right))
            ids.append(255 + len(merges))
    return merges


@bpe.probe(points=2, cases=6)
def merges_one_pair(impl: Impl, rng: Rng) -> Any:
    """`merge` replaces a pair from left to right, without overlap, and leaves the list alone."""
    ids = [int(number) for number in rng.choice([1, 2], size=3 + 2 * rng.case)]
    pair = (1, 1) if rng.case % 2 else (ids[0], ids[1])
    if rng.case == 1:
        ids = [1, 1, 1, 2]
    tokenizer = impl()
    merged, after = tokenizer.keeping("merge", ids, pair, 300)
    return {"merged": merged, "the list afterwards": after[0]}


@bpe.probe(points=3, cases=7)
def learns_frequent_pairs(impl: Impl, rng: Rng) -> Any:
    """`train` learns the most frequent pairs, in order; among equals the smallest, and none that occurs once."""
    text = ["abababc", "cabcab", "zyzyxxxx", None, None, None, None][rng.case]
    text = text or (_twice(rng, 320) if rng.case == 6 else _text(rng, 4 * rng.case, ascii_only=True))
    tokenizer = impl()
    tokenizer.train(text, [10, 10, 10, 3, 8, 50, 260][rng.case])
    merges = tokenizer.merges
    return {"merges learned": len(merges), "the last of them": merges[-4:]} if rng.case == 6 else merges


@bpe.probe(points=1, cases=4)
def learns_from_bytes(impl: Impl, rng: Rng) -> Any:
    """`train` works on the UTF-8 bytes of any text, the empty one too."""
    text = "" if rng.case == 3 else _twice(rng, 4 + 2 * rng.case, "aé日本🗼ünñ語")
    tokenizer = impl()
    tokenizer.train(text, 4 + 2 * rng.case)
    return tokenizer.merges


@bpe.probe(points=1, cases=3)
def trains_afresh(impl: Impl, rng: Rng) -> Any:
    """Training again forgets the first training, and two tokenizers share nothing."""
    texts = [_twice(rng, 6 + 4 * rng.case) for _ in range(3)]
    tokenizer, other = impl(), impl()
    tokenizer.train(texts[0], 5)
    other.train(texts[1], 5)
    tokenizer.train(texts[2], 5)
    return {"merges of the first": tokenizer.merges, "merges of the second": other.merges}


@bpe.probe(points=3, cases=7)
def encodes_in_order(impl: Impl, rng: Rng) -> Any:
    """`encode` applies `merges`, as they are now, in their order."""
    first = (*_UNUSED, (97, 97)) if rng.case == 6 else ()
    merges = [(98, 99), (97, 98)] if rng.case == 0 else _merges(rng, list(b"abc"), 2 + rng.case, first)
    drawn = "".join(str(letter) for letter in rng.choice(list("abc"), 4 + 6 * rng.case))
    text = drawn + "aaa" if rng.case else "abcab"
    tokenizer = impl()
    tokenizer.merges = merges
    return tokenizer.encode(text)


@bpe.probe(points=1, cases=4)
def encodes_any_text(impl: Impl, rng: Rng) -> Any:
    """`encode` starts from UTF-8 bytes, whatever the text."""
    text = ["é", "日本", "", "a🗼b"][rng.case] + (_text(rng, 2 * rng.case) if rng.case != 2 else "")
    tokenizer = impl()
    untrained = tokenizer.encode(text)
    tokenizer.merges = [(0xC3, 0xA9), (0xE6, 0x97)]
    return {"ids before any merge": untrained, "ids": tokenizer.encode(text), "ids of 'é'": tokenizer.encode("é")}


@bpe.probe(points=2, cases=5)
def decodes_what_was_encoded(impl: Impl, rng: Rng) -> Any:
    """`decode` expands merges, joins the bytes and turns them into text."""
    # First é, then 日 from its three bytes; what is drawn behind them joins whole characters only.
    whole = ((0xC3, 0xA9), (0xE6, 0x97), (257, 0xA5))
    merges = _merges(rng, [97, 256, 258], 1 + 2 * rng.case, whole)
    ids = [int(number) for number in rng.integers(258, 256 + len(merges), size=1 + rng.case)]
    tail = list("é日a\0".encode())  # \0 has the smallest id
    tokenizer = impl()
    tokenizer.merges = merges
    return tokenizer.decode([*tail, *ids, *tail])


@bpe.probe(points=1, cases=4)
def decodes_broken_bytes(impl: Impl, rng: Rng) -> Any:
    """Bytes that are not valid UTF-8 become U+FFFD."""
    before, after = ([int(byte) for byte in rng.integers(97, 123, size=1 + rng.case)] for _ in range(2))
    broken = [[0xFF], [0xC3], [0xE6, 0x97], [0x80, 0xF0, 0x9F]][rng.case]
    tokenizer = impl()
    return tokenizer.decode([*before, *broken, *after])


@bpe.probe(points=0, gates=["decodes_what_was_encoded"], cases=3)
def refuses_unknown_ids(impl: Impl, rng: Rng) -> Any:
    """`decode` raises ValueError for an id that no merge has made, and for a negative one."""
    tokenizer = impl()
    tokenizer.merges = [(97, 98)]
    return tokenizer.decode([[257], [97, 1000], [97, -1]][rng.case])
