"""What several probes of this chapter draw: words that mean nothing, so that nothing can be guessed."""

from __future__ import annotations

from autograder.draws import Rng

_STARTS = [f"{consonant}{vowel}" for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]
_ENDS = [f"{start}{end}" for start in _STARTS for end in "lmnrs"]


def words(rng: Rng, count: int) -> list[str]:
    """Draw words of three syllables, no two alike and none the beginning of another, in no order."""
    first = rng.choice(_STARTS, size=count, replace=False)
    return [f"{start}{rng.choice(_STARTS)}{rng.choice(_ENDS)}" for start in first]


def phrase(rng: Rng, count: int = 3) -> str:
    """Draw some words and write them as one text."""
    return " ".join(words(rng, count))
