"""The probes of cutting a text into chunks."""

from __future__ import annotations

from typing import Any

from autograder.draws import Rng
from autograder.probes.rag.chapter import chapter
from autograder.proxy import Impl

chunks = chapter.function(
    "chunk_tokens",
    title="Cut a text into chunks",
    minutes=10,
    difficulty=1,
    oracle="numpy's sliding_window_view; more-itertools' rule for windows, written out",
)


def _tokens(rng: Rng, count: int) -> list[int]:
    return [int(token) for token in rng.integers(10, 100, size=count)]


@chunks.probe(points=2, cases=5)
def cuts_side_by_side(impl: Impl, rng: Rng) -> Any:
    """Without overlap, every token stands in one chunk, and only the last chunk may be shorter."""
    count, size = [(6, 3), (7, 3), (5, 2), (11, 4), (9, 1)][rng.case]
    return impl(_tokens(rng, count), size, 0)


@chunks.probe(points=2, cases=5)
def repeats_the_overlap(impl: Impl, rng: Rng) -> Any:
    """Each chunk begins with the last tokens of the one before it."""
    count, size, overlap = [(7, 3, 1), (8, 4, 2), (13, 5, 1), (9, 5, 4), (18, 8, 3)][rng.case]
    return impl(_tokens(rng, count), size, overlap)


@chunks.probe(points=1, cases=4)
def keeps_the_rest(impl: Impl, rng: Rng) -> Any:
    """With an overlap too, the tokens that fill no chunk make a shorter last one."""
    count, size, overlap = [(5, 3, 2), (8, 5, 1), (9, 4, 2), (12, 6, 3)][rng.case]
    return impl(_tokens(rng, count + (rng.case > 0)), size, overlap)


@chunks.probe(points=2, cases=5)
def handles_short_texts(impl: Impl, rng: Rng) -> Any:
    """A text that fits into one chunk is one chunk, and a text without tokens has none."""
    tokens = _tokens(rng, [1, 3, 4, 5, 0][rng.case])
    result, after = impl.keeping(tokens, 5, [1, 2, 3, 4, 2][rng.case])
    return {"chunks": result, "the tokens afterwards": after[0]}


@chunks.probe(points=0, gates=["repeats_the_overlap"], cases=3)
def refuses_bad_overlaps(impl: Impl, rng: Rng) -> Any:
    """An overlap below 0, or not less than the size, raises ValueError."""
    return impl(_tokens(rng, 6), 3, [3, 5, -1][rng.case])
