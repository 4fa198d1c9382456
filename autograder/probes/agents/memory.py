"""The probes of the memory. Summaries and similarities are made here, so what was asked for is known."""

from __future__ import annotations

from typing import Any

from autograder.draws import Rng
from autograder.probes.agents.chapter import chapter
from autograder.probes.agents.drawn import words
from autograder.proxy import Impl

memory = chapter.class_(
    "Memory",
    title="Three tiers of memory",
    minutes=30,
    difficulty=2,
    oracle="a list that keeps everything; sorted",
    methods=("add", "recall", "context"),
    attributes=("messages", "summary", "archive"),
)


class Helpers:
    """A summary that writes down all it is given, and a similarity by a table."""

    def __init__(self, scores: dict[str, float] | None = None) -> None:
        self.scores = scores or {}
        self.asked: list[list[Any]] = []

    def summarise(self, summary: str, messages: list[str]) -> str:
        """Return a text that depends on the old summary, the messages and their order."""
        self.asked.append([summary, list(messages)])
        return f"({summary}|{','.join(messages)})"

    def similarity(self, query: str, message: str) -> float:
        """Return what the table says; the query must be the one that was asked."""
        return self.scores.get(message, 0.0) if query == "what?" else -1.0


def _filled(impl: Impl, helpers: Helpers, window: int, keep: int, messages: list[str]) -> Any:
    made = impl(window, keep, helpers.summarise, helpers.similarity)
    for message in messages:
        made.add(message)
    return made


_SIZES = [(3, 2), (2, 1), (4, 4), (5, 2), (1, 1)]


@memory.probe(points=2, cases=5)
def holds_a_window(impl: Impl, rng: Rng) -> Any:
    """The window holds the latest messages; when it overflows, the last `keep` of them stay."""
    messages = words(rng, 12)
    made = impl(*_SIZES[rng.case], Helpers().summarise, Helpers().similarity)
    seen = []
    for message in messages:
        made.add(message)
        seen.append(made.messages)
    return {"window after each message": seen}


@memory.probe(points=3, cases=5)
def summarises_the_overflow_at_once(impl: Impl, rng: Rng) -> Any:
    """What leaves the window is summarised in one call, with the summary so far; the result is the new summary."""
    helpers, messages = Helpers(), words(rng, 12)
    made = _filled(impl, helpers, *_SIZES[rng.case], messages)
    return {"asked of summarise": helpers.asked, "summary": made.summary}


@memory.probe(points=1, cases=3)
def begins_empty(impl: Impl, rng: Rng) -> Any:
    """As long as nothing overflows, nothing is summarised or archived, and the context is the window."""
    helpers, messages = Helpers(), words(rng, 4)[: 1 + rng.case]
    made = _filled(impl, helpers, len(messages), 1, messages)
    return {
        "summary": made.summary,
        "archive": made.archive,
        "asked of summarise": helpers.asked,
        "context": made.context("what?", 3),
    }


@memory.probe(points=1, cases=4)
def archives_what_has_left(impl: Impl, rng: Rng) -> Any:
    """Each message that has left the window is in the archive, word for word, the oldest first."""
    made = _filled(impl, Helpers(), *_SIZES[rng.case], words(rng, 11))
    return {"archive": made.archive, "window": made.messages}


def _scores(rng: Rng, messages: list[str]) -> dict[str, float]:
    """Score the messages: the first two far apart, then two equals, one in between, one at 0 and one below."""
    low = float(rng.integers(1, 5))
    return dict(zip(messages, (low, low + 9, low + 5, low + 5, low + 2.5, 0.0, -low), strict=False))


@memory.probe(points=3, cases=4)
def recalls_what_is_alike(impl: Impl, rng: Rng) -> Any:
    """The `k` most similar messages of the archive come back, the most similar first, among equals the older."""
    messages = words(rng, 9)
    made = _filled(impl, Helpers(_scores(rng, messages)), 2, 1, messages)
    return {"recalled": made.recall("what?", [1, 3, 4, 2][rng.case])}


@memory.probe(points=1, cases=2)
def leaves_out_what_is_not_alike(impl: Impl, rng: Rng) -> Any:
    """What has a similarity of 0 or less is not recalled, even if fewer than `k` are left."""
    messages = words(rng, 9)
    made = _filled(impl, Helpers(_scores(rng, messages)), 2, 1, messages)
    return {"recalled": made.recall("what?", 6 + rng.case)}


@memory.probe(points=1, cases=2)
def recalls_nothing_from_the_window(impl: Impl, rng: Rng) -> Any:
    """What is still in the window is not recalled: it is in the context anyway."""
    messages = words(rng, 5)
    helpers = Helpers({messages[1]: 1.0, messages[3]: 2.0, messages[4]: 3.0})
    made = _filled(impl, helpers, 4 - rng.case, 2, messages)
    return {"recalled": made.recall("what?", 5)}


@memory.probe(points=2, cases=3)
def puts_the_context_together(impl: Impl, rng: Rng) -> Any:
    """The context is the summary, then what is recalled, then the window."""
    messages = words(rng, 9)
    made = _filled(impl, Helpers(_scores(rng, messages)), 3, 2, messages)
    return {"context": made.context("what?", 1 + rng.case)}


@memory.probe(points=1, cases=2)
def shares_nothing(impl: Impl, rng: Rng) -> Any:
    """Two memories share nothing."""
    messages = words(rng, 6)
    one, other = (impl(2, 1, Helpers().summarise, Helpers().similarity) for _ in range(2))
    for message in messages[: 3 + rng.case]:
        one.add(message)
    other.add(messages[5])
    return {"window": other.messages, "summary": other.summary, "archive": other.archive}
