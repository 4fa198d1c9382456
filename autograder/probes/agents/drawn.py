"""What several probes of this chapter draw: words that mean nothing, so that nothing can be guessed."""

from __future__ import annotations

from autograder.draws import Rng

_WORDS = (
    *("amber", "basalt", "cedar", "delta", "ember", "fjord", "granite", "harbour", "indigo", "juniper", "kelp"),
    *("lantern", "meadow", "nectar", "orchard", "pebble", "quarry", "ripple", "saffron", "thistle", "umber", "velvet"),
    *("willow", "yarrow", "zephyr"),
)


def words(rng: Rng, count: int) -> list[str]:
    """Draw words, no two alike, in no order."""
    return [str(word) for word in rng.choice(_WORDS, size=count, replace=False)]


def phrase(rng: Rng, count: int = 3) -> str:
    """Draw some words and write them as one text."""
    return " ".join(words(rng, count))
