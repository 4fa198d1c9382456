"""The probes of exact match."""

from __future__ import annotations

from typing import Any

from autograder.draws import Rng
from autograder.probes.rag.chapter import chapter
from autograder.probes.rag.material import words
from autograder.proxy import Impl

match = chapter.function(
    "exact_match", title="Exact match", minutes=10, difficulty=1, oracle="torchmetrics' SQuAD, exact match"
)


def _both(impl: Impl, texts: list[tuple[str, str]]) -> dict[str, Any]:
    """Compare some pairs that match and some that do not, in one observation that names them."""
    return {f"{prediction!r} with {gold!r}": impl(prediction, [gold]) for prediction, gold in texts}


@match.probe(points=2)
def compares_whole_answers(impl: Impl, rng: Rng) -> Any:
    """In plain words, the gold answer matches, and one that is longer, shorter or in another order does not."""
    one, two, three = (str(word) for word in rng.permutation(["stone", "salt", "lake", "river", "song"])[:3])
    other = [f"{one} {two} {three}", f"{one}", f"{two} {one}", f"{one} {three}"][rng.case]
    return _both(impl, [(f"{one} {two}", f"{one} {two}"), (other, f"{one} {two}"), (f"{one} {two}", other)])


@match.probe(points=1)
def forgives_capitals_and_punctuation(impl: Impl, rng: Rng) -> Any:
    """Capitals and punctuation make no difference; punctuation leaves no gap behind."""
    one, two = words(rng, 2)
    apart, joined = [("'", "o"), ("-", "x"), (".", "9"), ("/", "q")][rng.case]
    return _both(
        impl,
        [
            (f"{one.capitalize()} {two.upper()}.", f'"{one}" {two}!'),
            (f"{joined}{apart}{one}", f"{joined}{one}"),
            (f"{joined}{apart}{one}", f"{joined} {one}"),
        ],
    )


@match.probe(points=1)
def forgives_articles(impl: Impl, rng: Rng) -> Any:
    """The words a, an and the make no difference, and only as words of their own."""
    (word,) = words(rng, 1)
    inside = ["theatre", "panther", "ana", "bathe"][rng.case]
    without = ["atre", "panr", "n", "ba"][rng.case]
    return _both(
        impl,
        [(f"the {word}", word), (f"{word} a an {word}", f"{word} {word}"), (inside, without), (inside, f"an {inside}")],
    )


@match.probe(points=1)
def takes_the_steps_in_order(impl: Impl, rng: Rng) -> Any:
    """Punctuation goes before articles: after it, a joined word is no article."""
    (word,) = words(rng, 1)
    joined = [f"the-{word}", f"a.{word}", f"an'{word}", f"{word}/the"][rng.case]
    plain = "".join(letter for letter in joined if letter.isalpha())
    return _both(impl, [(joined, word), (joined, plain), (f"t.h.e {word}", word)])


@match.probe(points=1)
def forgives_spacing(impl: Impl, rng: Rng) -> Any:
    """White space of any kind and length counts as one space, and none at the ends."""
    one, two = words(rng, 2)
    gap = ["  ", "\n", "\t ", " , "][rng.case]
    return _both(impl, [(f"{one}{gap}{two}", f"{one} {two}"), (f" {one}\n", one), (f"{one}{two}", f"{one} {two}")])


@match.probe(points=1)
def takes_any_gold(impl: Impl, rng: Rng) -> Any:
    """One matching gold answer among several is enough."""
    one, *others = (str(word) for word in rng.permutation(["stone", "salt", "lake", "river", "song"]))
    golds = others[: 1 + rng.case]
    last, none, first = impl(one, [*golds, one]), impl(one, golds), impl(golds[0], [*golds, one])
    return {"the last one matches": last, "none matches": none, "the first one matches": first}


@match.probe(points=0, gates=["takes_any_gold"], cases=2)
def refuses_no_golds(impl: Impl, rng: Rng) -> Any:
    """No gold answer at all raises ValueError."""
    return impl(["", words(rng, 1)[0]][rng.case], [])
