"""What pocket-clip learns from: pictures, each with a sentence that is true of it and a record of what both say."""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from pocket.world.painting import render
from pocket.world.pictures import (
    BACKGROUNDS,
    COLOURS,
    HELD_OUT_PAIRS,
    POSITIONS,
    RGB,
    SHAPES,
    SIZES,
    Scene,
    captions,
    draw_scene,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

PIXELS = 48  # a side
THINGS = (1, 1, 2, 3)  # how many a training picture shows, drawn evenly
WHOLE = 0.4  # of the sentences for pictures in named colours are whole captions
SHORT = 0.5  # of the mentions in the others say only a colour, a shape or both

# Half of the pictures are painted in colours that have no name here, and their sentences say no colour. Without them
# the model learns each shape once for each colour it has seen it in, and fails on the pairs held out.
NAMELESS = 0.5
FAR = 60.0  # a nameless colour's least distance in RGB from the named ones and the backgrounds

PARTS: Final = tuple(  # of what is known of a thing: every choice of fields but none
    part for size in range(1, 5) for part in itertools.combinations(range(4), size)
)

# What a sentence says of one thing: as much of its size, colour, shape and position as it mentions.
Mention = tuple[str | None, str | None, str | None, str | None]
WORDS: Final[tuple[Sequence[str], ...]] = (SIZES, tuple(COLOURS), SHAPES, POSITIONS)


def nameless_colours() -> dict[str, list[RGB]]:
    """Sort the colours that have no name by the named colour that each is nearest to."""
    nearest: dict[str, list[RGB]] = {name: [] for name in COLOURS}
    for red, green, blue in itertools.product(range(0, 256, 15), repeat=3):
        away = {name: math.dist((red, green, blue), rgb) for name, rgb in (COLOURS | BACKGROUNDS).items()}
        name = min(COLOURS, key=away.__getitem__)
        if min(away.values()) >= FAR:
            nearest[name].append((red, green, blue))
    return nearest


PAINTS: Final = nameless_colours()


def draw_paints(scene: Scene, rng: random.Random) -> dict[str, RGB]:
    """Draw a nameless colour in place of each of a scene's colours.

    No shape is painted in a colour that is nearest to one that it is held out in: what is held out is not shown under
    another name.
    """
    paints = {}
    for colour in sorted({thing.colour for thing in scene.things}):
        shapes = [thing.shape for thing in scene.things if thing.colour == colour]
        near = [name for name in COLOURS if not HELD_OUT_PAIRS & {(name, shape) for shape in shapes}]
        paints[colour] = rng.choice(PAINTS[rng.choice(near)])
    return paints


@dataclass(frozen=True)
class Example:
    """A picture and a sentence that is true of it, with what each holds.

    Parameters
    ----------
    picture : numpy.ndarray
        RGB, shape (48, 48, 3), dtype uint8.
    sentence : str
        Such as "there is an orange ring and a small thing".
    shown : list of Mention
        All that can be said of the picture's things.
    said : list of Mention
        What the sentence says.
    """

    picture: NDArray[np.uint8]
    sentence: str
    shown: list[Mention]
    said: list[Mention]


def draw_example(rng: random.Random) -> Example:
    """Draw a picture, in named colours or in nameless ones, and a sentence that is true of it."""
    scene = draw_scene(rng, held_out=False, things=rng.choice(THINGS))
    named = rng.random() >= NAMELESS
    paints = COLOURS if named else draw_paints(scene, rng)
    shown: list[Mention] = [
        (thing.size, thing.colour if named else None, thing.shape, thing.position) for thing in scene.things
    ]
    picture = render(scene, PIXELS, paints)
    if named and rng.random() < WHOLE:
        return Example(picture, rng.choice(captions(scene)), shown, shown)
    said = [draw_mention(thing, rng) for thing in rng.sample(shown, rng.randint(1, len(shown)))]
    start = rng.choice(("", "there is ", "a picture of "))
    return Example(picture, start + " and ".join(phrase(mention) for mention in said), shown, said)


def draw_mention(known: Mention, rng: random.Random) -> Mention:
    """Draw what a sentence says of a thing: often just its colour, its shape or both, else any part of what is known.

    So each word also has to mean something by itself.
    """
    parts = [(1, 2), (1,), (2,)] if rng.random() < SHORT else PARTS
    kept = rng.choice([part for part in parts if any(known[field] for field in part)])
    words = [known[field] if field in kept else None for field in range(4)]
    return words[0], words[1], words[2], words[3]


def phrase(mention: Mention) -> str:
    """Put a mention in words, such as "an orange thing at the top"."""
    size, colour, shape, position = mention
    words = [word for word in (size, colour, shape or "thing", position) if word]
    return f"{'an' if words[0][0] in 'aeiou' else 'a'} {' '.join(words)}"


def numbers(mention: Mention) -> list[int]:
    """Give the number of each word of a mention, -1 where it says nothing."""
    return [-1 if word is None else words.index(word) for words, word in zip(WORDS, mention, strict=True)]


def truth(examples: Sequence[Example]) -> Tensor:
    """Tell which sentences may be true of which pictures: everything they mention can be found there.

    A nameless colour is never called red, nor called not red: it fits any.

    Returns
    -------
    torch.Tensor
        Of bool, shape (sentences, pictures).
    """
    shown = np.full((len(examples), max(len(example.shown) for example in examples), 4), -2)  # -2: no such thing
    said = np.full((len(examples), max(len(example.said) for example in examples), 4), -1)  # -1: fits anything
    for i, example in enumerate(examples):
        shown[i, : len(example.shown)] = [numbers(mention) for mention in example.shown]
        said[i, : len(example.said)] = [numbers(mention) for mention in example.said]
    fits = np.ones((*said.shape[:2], *shown.shape[:2]), dtype=bool)  # each mention of each sentence, each thing
    for field in range(4):
        left, right = said[:, :, None, None, field], shown[None, None, :, :, field]
        fits &= (left == -1) | (right == -1) | (left == right)
    return torch.from_numpy(np.all(np.any(fits, axis=3), axis=1))
