"""Pictures of the pocket world: one to three coloured shapes on a light ground, with all that is true of them in words.

A scene is plain data. `caption`, `describe` and `questions` make its sentences, `painting.render` its pixels, so words
and pixels cannot disagree. Some pairs of a colour and a shape, `HELD_OUT_PAIRS`, never occur in a training scene: a
model that names them has learnt colours and shapes, not a list of pairs.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

RGB = tuple[int, int, int]
COLOURS: Final[dict[str, RGB]] = {
    "red": (214, 30, 36),
    "orange": (243, 120, 10),
    "yellow": (244, 212, 20),
    "green": (28, 145, 60),
    "blue": (30, 88, 214),
    "purple": (120, 40, 160),
    "pink": (247, 128, 190),
    "black": (26, 26, 30),
}
SHAPES: Final = ("circle", "square", "triangle", "star", "cross", "ring")
SIZES: Final = ("small", "large")
POSITIONS: Final = (  # in reading order: row by row, from the left
    "at the top left",
    "at the top",
    "at the top right",
    "on the left",
    "in the middle",
    "on the right",
    "at the bottom left",
    "at the bottom",
    "at the bottom right",
)
BACKGROUNDS: Final[dict[str, RGB]] = {
    "white": (255, 255, 255),
    "cream": (246, 241, 230),
    "mist": (228, 238, 245),
    "grey": (229, 229, 229),
}
ALL_PAIRS: Final = tuple((colour, shape) for colour in COLOURS for shape in SHAPES)
# Two of each shape, one or two of each colour: training still shows each shape in six colours, and each colour in four
# or five shapes.
HELD_OUT_PAIRS: Final = frozenset(
    {
        ("green", "circle"),
        ("orange", "circle"),
        ("blue", "square"),
        ("yellow", "square"),
        ("red", "triangle"),
        ("pink", "triangle"),
        ("green", "star"),
        ("purple", "star"),
        ("yellow", "cross"),
        ("black", "cross"),
        ("red", "ring"),
        ("blue", "ring"),
    }
)

GRID = 3  # positions a side
MOST_THINGS = 3

Kind = Literal["colour", "shape", "size", "position", "count"]


@dataclass(frozen=True, order=True)
class Thing:
    """One shape in a picture.

    Parameters
    ----------
    colour, shape, size, position : str
        One of `COLOURS`, `SHAPES`, `SIZES`, `POSITIONS`.

    Raises
    ------
    ValueError
        A word is none of these.
    """

    colour: str
    shape: str
    size: str
    position: str

    def __post_init__(self) -> None:
        for name, word, known in (
            ("colour", self.colour, COLOURS),
            ("shape", self.shape, SHAPES),
            ("size", self.size, SIZES),
            ("position", self.position, POSITIONS),
        ):
            if word not in known:
                raise ValueError(f"{name} {word!r} is not one of: {', '.join(known)}")

    @property
    def pair(self) -> tuple[str, str]:
        """Its colour and its shape."""
        return self.colour, self.shape


@dataclass(frozen=True)
class Scene:
    """What a picture shows.

    Parameters
    ----------
    things : tuple of Thing
        One or more, each at a position of its own.
    background : str
        One of `BACKGROUNDS`.
    seed : int
        Decides the small jitter of place, size and angle with which the things are drawn.

    Raises
    ------
    ValueError
        No thing, two at one position, or an unknown background.
    """

    things: tuple[Thing, ...]
    background: str = "white"
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.things:
            raise ValueError("a scene shows at least one thing")
        if len({thing.position for thing in self.things}) < len(self.things):
            raise ValueError("two things of a scene cannot be at one position")
        if self.background not in BACKGROUNDS:
            raise ValueError(f"background {self.background!r} is not one of: {', '.join(BACKGROUNDS)}")

    def in_order(self) -> tuple[Thing, ...]:
        """Give the things from top to bottom, and in a row from left to right."""
        return tuple(sorted(self.things, key=lambda thing: POSITIONS.index(thing.position)))


@dataclass(frozen=True)
class PictureQuestion:
    """A question about a scene with exactly one right answer, in a word or a few."""

    text: str
    answer: str
    kind: Kind


TRAIN_PAIRS: Final = tuple(pair for pair in ALL_PAIRS if pair not in HELD_OUT_PAIRS)
_HELD_OUT: Final = tuple(pair for pair in ALL_PAIRS if pair in HELD_OUT_PAIRS)  # a set's order is no one's to draw from


def draw_scene(rng: random.Random, held_out: bool, things: int | None = None) -> Scene:  # noqa: FBT001
    """Draw a scene whose things differ pairwise in colour or in shape.

    Parameters
    ----------
    rng : random.Random
        The only source of chance: the same state gives the same scene.
    held_out : bool
        False: every pair is a training pair. True: at least one is of `HELD_OUT_PAIRS`, the others are any.
    things : int, optional
        How many, 1 to 3; drawn evenly when left out.

    Returns
    -------
    Scene
        Its things in reading order.

    Raises
    ------
    ValueError
        `things` is not 1, 2 or 3.
    """
    count = rng.randint(1, MOST_THINGS) if things is None else things
    if not 1 <= count <= MOST_THINGS:
        raise ValueError(f"a scene has 1 to {MOST_THINGS} things, not {count}")
    if held_out:
        first = rng.choice(_HELD_OUT)
        pairs = [first, *rng.sample([pair for pair in ALL_PAIRS if pair != first], count - 1)]
        rng.shuffle(pairs)  # or the held-out pair would always be the topmost
    else:
        pairs = rng.sample(TRAIN_PAIRS, count)
    places = sorted(rng.sample(range(len(POSITIONS)), count))
    return Scene(
        things=tuple(
            Thing(colour, shape, rng.choice(SIZES), POSITIONS[place])
            for (colour, shape), place in zip(pairs, places, strict=True)
        ),
        background=rng.choice(tuple(BACKGROUNDS)),
        seed=rng.getrandbits(32),
    )


def caption(scene: Scene) -> str:
    """Say what a picture shows, top to bottom, then left to right.

    Returns
    -------
    str
        Such as "a large red circle at the top left and a small blue square at the bottom".
    """
    return _listed(_placed(thing) for thing in scene.in_order())


def captions(scene: Scene) -> list[str]:
    """Give four ways to say the same, `caption` first: the references for a score such as BLEU."""
    things = scene.in_order()
    return [
        caption(scene),
        _listed(f"{thing.position} a {_named(thing)}" for thing in things),
        f"there is {_listed(_placed(thing) for thing in reversed(things))}",
        f"a picture of {caption(scene)}",
    ]


def describe(scene: Scene, rng: random.Random) -> str:
    """Note down a scene for a model that reads only text, its things in a drawn order.

    Returns
    -------
    str
        Such as "top left: red circle, large; bottom: blue square, small."
    """
    things = rng.sample(scene.in_order(), len(scene.things))
    notes = (f"{thing.position.split('the ')[1]}: {thing.colour} {thing.shape}, {thing.size}" for thing in things)
    return "; ".join(notes) + "."


def questions(scene: Scene) -> list[PictureQuestion]:
    """Ask everything about a scene that has one right answer.

    The counts also ask for one colour and one shape that are absent, so that "0" is an answer too.

    Returns
    -------
    list of PictureQuestion
        In a fixed order; answers are words such as "red", "circle", "large", "at the top left", "2".
    """
    things = scene.in_order()
    colours = Counter(thing.colour for thing in things)
    shapes = Counter(thing.shape for thing in things)
    pairs = Counter(thing.pair for thing in things)
    asked: list[PictureQuestion] = []
    for thing in things:
        here = f"the thing {thing.position}"
        asked += [
            PictureQuestion(f"What colour is {here}?", thing.colour, "colour"),
            PictureQuestion(f"What shape is {here}?", thing.shape, "shape"),
            PictureQuestion(f"What size is {here}?", thing.size, "size"),
        ]
        # Each name that fits this thing alone, and what it leaves open to ask.
        if shapes[thing.shape] == 1:
            asked.append(PictureQuestion(f"What colour is the {thing.shape}?", thing.colour, "colour"))
            asked.append(PictureQuestion(f"Where is the {thing.shape}?", thing.position, "position"))
        if colours[thing.colour] == 1:
            asked.append(PictureQuestion(f"What shape is the {thing.colour} thing?", thing.shape, "shape"))
            asked.append(PictureQuestion(f"Where is the {thing.colour} thing?", thing.position, "position"))
        if pairs[thing.pair] == 1:
            name = " ".join(thing.pair)
            asked.append(PictureQuestion(f"What size is the {name}?", thing.size, "size"))
            asked.append(PictureQuestion(f"Where is the {name}?", thing.position, "position"))
    asked.append(PictureQuestion("How many things are there?", str(len(things)), "count"))
    for colour in (*colours, _next_absent(things[0].colour, colours, tuple(COLOURS))):
        asked.append(PictureQuestion(f"How many {colour} things are there?", str(colours[colour]), "count"))
    for shape in (*shapes, _next_absent(things[0].shape, shapes, SHAPES)):
        plural = f"{shape}es" if shape.endswith("s") else f"{shape}s"
        asked.append(PictureQuestion(f"How many {plural} are there?", str(shapes[shape]), "count"))
    return asked


def _next_absent(word: str, present: Counter[str], words: tuple[str, ...]) -> str:
    """Find the first of `words` after `word`, going round, that is not present."""
    start = words.index(word)
    return next(other for other in (*words[start:], *words[:start]) if other not in present)


def _named(thing: Thing) -> str:
    return f"{thing.size} {thing.colour} {thing.shape}"


def _placed(thing: Thing) -> str:
    return f"a {_named(thing)} {thing.position}"


def _listed(parts: Iterable[str]) -> str:
    """Join as one writes: "x", "x and y", "x, y and z"."""
    *rest, last = parts
    return f"{', '.join(rest)} and {last}" if rest else last
