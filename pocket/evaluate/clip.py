"""Measure whether pocket-clip names the colour and the shape of a thing, also in pairs that it never saw together."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import open_clip
import torch

from pocket.evaluate.measure import Measure, proportion
from pocket.world.painting import to_image
from pocket.world.pictures import ALL_PAIRS, HELD_OUT_PAIRS, POSITIONS, Scene, caption, draw_scene

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

FOLDER = Path(__file__).parents[1] / "models" / "pocket-clip"
BATCH = 100

Pair = tuple[str, str]


def prompt(pair: Pair) -> str:
    """Put a colour and a shape in the words of a caption, such as "a picture of an orange star"."""
    colour, shape = pair
    return f"a picture of {'an' if colour[0] in 'aeiou' else 'a'} {colour} {shape}"


class Towers:
    """Both towers of the model, loaded as any user of open_clip would load them; vectors have length 1."""

    def __init__(self, folder: Path) -> None:
        name = f"local-dir:{folder}"
        model, _, transform = open_clip.create_model_and_transforms(name)
        self.model: Any = model.eval()
        self.transform: Any = transform
        self.tokenizer: Any = open_clip.get_tokenizer(name)

    @torch.inference_mode()
    def read(self, sentences: Sequence[str]) -> Tensor:
        """Embed sentences, shape (sentences, width)."""
        batches = [self.tokenizer(list(sentences[at : at + BATCH])) for at in range(0, len(sentences), BATCH)]
        return torch.cat([self.model.encode_text(batch, normalize=True) for batch in batches])

    @torch.inference_mode()
    def see(self, scenes: Sequence[Scene]) -> Tensor:
        """Embed the pictures of scenes, shape (scenes, width)."""
        pictures = [self.transform(to_image(scene, 48)) for scene in scenes]
        batches = [torch.stack(pictures[at : at + BATCH]) for at in range(0, len(pictures), BATCH)]
        return torch.cat([self.model.encode_image(batch, normalize=True) for batch in batches])


def measure(folder: Path = FOLDER, *, n: int = 600, seed: int = 0) -> list[Measure]:
    """Measure zero-shot classification: the nearest of several sentences names what a picture shows.

    Parameters
    ----------
    folder : Path
        Where the model lies.
    n : int
        Pictures for each measure.
    seed : int
        Decides the pictures; training draws its own from other seeds.

    Returns
    -------
    list of Measure
        Pairs of a colour and a shape that training held out, among the prompts of all pairs and among their own; pairs
        seen in training; positions; and which of two things has which colour.
    """
    towers = Towers(folder)
    new, seen = (
        [draw_scene(rng, held_out, things=1) for _ in range(n)]
        for held_out in (True, False)
        for rng in [random.Random(f"evaluate/clip/{seed}/{held_out}")]
    )
    new_pictures, seen_pictures = towers.see(new), towers.see(seen)
    held_out_pairs = [pair for pair in ALL_PAIRS if pair in HELD_OUT_PAIRS]

    def named(pictures: Tensor, scenes: Sequence[Scene], pairs: Sequence[Pair]) -> int:
        nearest = (pictures @ towers.read([prompt(pair) for pair in pairs]).T).argmax(dim=1).tolist()
        return sum(pairs[index] == scene.things[0].pair for index, scene in zip(nearest, scenes, strict=True))

    places = (new_pictures @ towers.read([f"a thing {position}" for position in POSITIONS]).T).argmax(dim=1).tolist()
    placed = sum(POSITIONS[index] == scene.things[0].position for index, scene in zip(places, new, strict=True))
    among = f"among the prompts of {len(ALL_PAIRS)} pairs"
    own = f"among the prompts of these {len(held_out_pairs)} pairs"
    return [
        proportion(f"pocket-clip: unseen pairs, {among}", named(new_pictures, new, ALL_PAIRS), n, at_least=0.9),
        proportion(f"pocket-clip: unseen pairs, {own}", named(new_pictures, new, held_out_pairs), n, at_least=0.9),
        proportion(f"pocket-clip: seen pairs, {among}", named(seen_pictures, seen, ALL_PAIRS), n, at_least=0.95),
        proportion(f"pocket-clip: position, among {len(POSITIONS)}, unseen pairs", placed, n),
        proportion("pocket-clip: caption against the same with two colours swapped", bound(towers, n, seed), n),
    ]


def bound(towers: Towers, n: int, seed: int) -> int:
    """Count the pictures of two things that are nearer to their caption than to it with the colours swapped.

    Half is chance. All pairs, the swapped ones too, are seen in training, so only the binding is asked for.
    """
    drawn = two_things(random.Random(f"evaluate/clip/{seed}/bound"))
    scenes, swapped = zip(*(next(drawn) for _ in range(n)), strict=True)
    pictures = towers.see(scenes)
    right, wrong = (
        (pictures * towers.read([caption(scene) for scene in some])).sum(dim=1) for some in (scenes, swapped)
    )
    return int((right > wrong).sum())


def two_things(rng: random.Random) -> Iterator[tuple[Scene, Scene]]:
    """Draw scenes of two things that differ in colour and in shape, each with the scene of the swapped colours."""
    while True:
        scene = draw_scene(rng, held_out=False, things=2)
        one, other = scene.things
        swapped = replace(one, colour=other.colour), replace(other, colour=one.colour)
        if one.colour == other.colour or one.shape == other.shape or HELD_OUT_PAIRS & {thing.pair for thing in swapped}:
            continue
        yield scene, replace(scene, things=swapped)
