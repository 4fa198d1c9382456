"""The probes of token F1."""

from __future__ import annotations

from typing import Any

from autograder.draws import Rng
from autograder.probes.rag.chapter import chapter
from autograder.probes.rag.material import WORDS
from autograder.proxy import Impl

f1 = chapter.function("token_f1", title="Token F1", minutes=10, difficulty=2, oracle="torchmetrics' SQuAD, F1")


def _pool(rng: Rng) -> list[str]:
    return [str(word) for word in rng.permutation(list(WORDS))]


@f1.probe(points=2)
def balances_precision_and_recall(impl: Impl, rng: Rng) -> Any:
    """It is 2PR / (P + R) of the words in common, in any order."""
    pool = _pool(rng)
    common, ours, theirs = [(1, 1, 2), (2, 3, 0), (3, 1, 2), (2, 0, 4)][rng.case]
    answer = [*pool[:common], *pool[4 : 4 + ours]]
    gold = [*pool[:common][::-1], *pool[8 : 8 + theirs]]
    return impl(" ".join(answer[place] for place in rng.permutation(len(answer))), [" ".join(gold)])


@f1.probe(points=2)
def counts_repetitions(impl: Impl, rng: Rng) -> Any:
    """A word that stands several times is in common as often as both have it."""
    one, two, three, *_ = _pool(rng)
    answer, gold = [
        ([one, one], [one, two]),
        ([one, one, two], [one, one, three]),
        ([one, two, two, two], [two, two]),
        ([one, two], [one, one, two, two, three]),
    ][rng.case]
    return impl(" ".join(answer), [" ".join(gold)])


@f1.probe(points=1)
def takes_the_best_gold(impl: Impl, rng: Rng) -> Any:
    """Among several gold answers, the one with the largest F1 counts."""
    pool = _pool(rng)
    golds = [" ".join(pool[start : start + 3]) for start in (6, 1, 0)[: 2 + rng.case % 2]]
    return impl(" ".join(pool[: 2 + rng.case]), [*golds, pool[11]])


@f1.probe(points=1)
def reaches_its_ends(impl: Impl, rng: Rng) -> Any:
    """The same words give 1, no word in common gives 0."""
    pool = _pool(rng)
    gold = [pool[: 1 + rng.case], pool[6:8], pool[:3], pool[5:]][rng.case]
    return impl(" ".join(reversed(pool[: 1 + rng.case])), [" ".join(gold)])


@f1.probe(points=1)
def handles_texts_without_words(impl: Impl, rng: Rng) -> Any:
    """Two texts without words have 1; if only one has none, it is 0."""
    (word, *_) = _pool(rng)
    answer, golds = [("", [""]), ("", [word]), (word, [" "]), ("  ", [word, ""])][rng.case]
    return impl(answer, golds)


@f1.probe(points=1)
def asks_for_the_tokens(impl: Impl, rng: Rng) -> Any:
    """Texts are turned into words by the function that is passed in."""
    pool = _pool(rng)

    def tokens(text: str) -> list[str]:
        return [word for word in text.lower().replace("-", " ").split() if word != "the"]

    answer = "-".join(pool[: 2 + rng.case])
    return impl(answer.upper(), [f"the {pool[0]} {pool[1]}", f"{pool[1]} the {pool[5]}"], tokens)


@f1.probe(points=0, gates=["takes_the_best_gold"], cases=2)
def refuses_no_golds(impl: Impl, rng: Rng) -> Any:
    """No gold answer at all raises ValueError."""
    return impl(["", _pool(rng)[0]][rng.case], [])
