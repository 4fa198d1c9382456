"""What the probes of this chapter draw: names of documents, words, and vectors, some of them exact in any sum."""

from __future__ import annotations

import numpy as np

from autograder.draws import Rng

WORDS = ("tower", "river", "mayor", "bridge", "stone", "salt", "harbour", "castle", "market", "song", "boat", "lake")


def names(rng: Rng, count: int) -> list[str]:
    """Draw different names of documents, in random order."""
    return [f"d{number}" for number in rng.choice(np.arange(10, 100), size=count, replace=False)]


def words(rng: Rng, count: int, among: int = 12) -> list[str]:
    """Draw words, with repetitions."""
    return [str(word) for word in rng.choice(list(WORDS[:among]), size=count)]


def vectors(rng: Rng, *shape: int) -> np.ndarray:
    """Draw vectors, rounded so that a verdict can show them whole."""
    drawn: np.ndarray = rng.normal(size=shape).round(2)
    return drawn


def signs(rng: Rng, count: int) -> np.ndarray:
    """Draw vectors of four entries 1 and -1: their lengths and products are exact, so equal means equal."""
    drawn: np.ndarray = rng.choice([-1.0, 1.0], size=(count, 4))
    return drawn
