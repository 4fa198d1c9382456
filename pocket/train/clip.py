"""Train pocket-clip: a picture and a sentence that is true of it get vectors that point the same way.

The loss is CLIP's (Radford et al., 2021, https://arxiv.org/abs/2103.00020): in a batch, each picture has to find its
sentence and each sentence its picture. Here we know the scenes, so we know which *other* sentences of the batch are
true of a picture as well ("a red thing" is true of many); those are left out instead of counted as wrong.

    python -m pocket.train.clip
"""

from __future__ import annotations

import itertools
import json
import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import open_clip
import torch
from safetensors.torch import save
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from torch.nn import functional as F  # noqa: N812
from transformers import PreTrainedTokenizerFast

from pocket.train import command
from pocket.train.loop import MODELS, Run, warmup_cosine
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
    render,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

NAME = "pocket-clip"
FOLDER: Final = MODELS / NAME
STEPS = 1400
BATCH = 128
RATE = 2e-3  # of learning, at its peak
DECAY = 0.05
WARMUP = 100
HIGHEST_SCALE = 100.0  # of the logits, as in the paper
THINGS = (1, 1, 2, 3)  # how many a training picture shows, drawn evenly
WHOLE = 0.4  # of the sentences for pictures in named colours are whole captions
SHORT = 0.5  # of the mentions in the others say only a colour, a shape or both

# Half of the pictures are painted in colours that have no name here, and their sentences say no colour. Without them
# the model learns each shape once for each colour it has seen it in, and fails on the pairs held out.
NAMELESS = 0.5
FAR = 60.0  # a nameless colour's least distance in RGB from the named ones and the backgrounds

MEAN, STD = 0.9, 0.25  # about those of the pictures: their ground is near zero, and the things stand out
# The vectors that say where a patch is start this much longer than open_clip makes them. At their usual length they
# drown in what the patch shows, and the model learns no positions.
PLACES = 8.0

START, END, PAD = "<start>", "<end>", "<pad>"  # the tokens 0, 1 and 2
LARGEST_VOCABULARY = 512  # merges stop earlier, when every word of the captions is one token
CONFIG: Final[dict[str, Any]] = {
    "model_cfg": {
        "embed_dim": 128,
        "vision_cfg": {
            "image_size": 48,
            "patch_size": 8,
            "width": 128,
            "head_width": 32,
            "layers": 4,
            "mlp_ratio": 3.0,
        },
        "text_cfg": {
            "context_length": 32,
            "width": 96,
            "heads": 3,
            "layers": 2,
            "mlp_ratio": 3.0,
            "pool_type": "eos",
            "eos_id": 1,
            "pad_id": 2,
            "hf_tokenizer_name": NAME,  # any name: open_clip then reads the tokenizer beside this file
        },
    },
    "preprocess_cfg": {"mean": [MEAN] * 3, "std": [STD] * 3},
}

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
    picture = render(scene, CONFIG["model_cfg"]["vision_cfg"]["image_size"], paints)
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


def contrastive_loss(pictures: Tensor, sentences: Tensor, scale: Tensor, true: Tensor) -> tuple[Tensor, Tensor]:
    """Ask each picture for its sentence and each sentence for its picture.

    Parameters
    ----------
    pictures, sentences : torch.Tensor
        Unit vectors, shape (batch, width); row i of the one belongs to row i of the other.
    scale : torch.Tensor
        One over the temperature.
    true : torch.Tensor
        Of bool, shape (batch, batch): sentence i is true of picture j, or may be.

    Returns
    -------
    torch.Tensor, torch.Tensor
        The loss, and the share of pictures that found their sentence.
    """
    logits = scale * pictures @ sentences.T  # (pictures, sentences)
    right = torch.arange(len(logits), device=logits.device)
    also_true = true.T & ~torch.eye(len(logits), dtype=torch.bool, device=logits.device)
    logits = logits.masked_fill(also_true, -torch.inf)
    loss = (F.cross_entropy(logits, right) + F.cross_entropy(logits.T, right)) / 2
    return loss, (logits.argmax(dim=1) == right).float().mean()


def pixels(pictures: Sequence[NDArray[np.uint8]]) -> Tensor:
    """Turn pictures into what the model takes, as its `preprocess_cfg` says: shape (pictures, 3, 48, 48)."""
    return (torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255 - MEAN) / STD


def train_tokenizer() -> PreTrainedTokenizerFast:
    """Make the byte-level BPE: words of captions are one token each, anything else falls apart into bytes."""
    rng = random.Random(0)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=LARGEST_VOCABULARY,
        special_tokens=[START, END, PAD],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator([draw_example(rng).sentence for _ in range(2000)], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {END}", special_tokens=[(START, 0), (END, 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=START,
        eos_token=END,
        pad_token=PAD,
        model_max_length=CONFIG["model_cfg"]["text_cfg"]["context_length"],
    )


def write_description(folder: Path) -> None:
    """Write all that open_clip needs but the weights: the configuration and the tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = train_tokenizer()
    tokenizer.save_pretrained(folder)
    config = json.loads(json.dumps(CONFIG))
    config["model_cfg"]["text_cfg"]["vocab_size"] = len(tokenizer)
    (folder / "open_clip_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def build(folder: Path) -> Any:
    """Build the untrained model that a folder's configuration describes."""
    config = json.loads((folder / "open_clip_config.json").read_text(encoding="utf-8"))
    model = open_clip.CLIP(**config["model_cfg"])
    with torch.no_grad():
        model.visual.positional_embedding.mul_(PLACES)
    return model


def train(*, seed: int = 0, steps: int = STEPS, device: str = "cpu", fresh: bool = False) -> None:
    """Train the model and write it to `pocket/models/pocket-clip`, weights in half precision.

    Parameters
    ----------
    seed : int
        Decides the first weights and every batch.
    steps : int
        Batches of 128 pictures.
    device : str
        Where torch computes.
    fresh : bool
        Start again, even where a checkpoint could be gone on from.
    """
    write_description(FOLDER)
    tokenize = open_clip.get_tokenizer(f"local-dir:{FOLDER}")
    torch.manual_seed(seed)
    model = build(FOLDER).to(device).train()
    matrices = [weight for weight in model.parameters() if weight.ndim > 1]
    others = [weight for weight in model.parameters() if weight.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=RATE, betas=(0.9, 0.98))
    run = Run(
        name=NAME,
        seed=seed,
        steps=steps,
        modules={"model": model},
        optimisers={"adamw": optimiser},
        schedule=warmup_cosine(steps, warmup=WARMUP),
        resume=not fresh,
    )
    for _ in run:
        examples = [draw_example(run.rng) for _ in range(BATCH)]
        pictures = pixels([example.picture for example in examples]).to(device)
        words = tokenize([example.sentence for example in examples]).to(device)
        seen, read, scale = model(pictures, words)
        loss, accuracy = contrastive_loss(seen, read, scale, truth(examples).to(device))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        with torch.no_grad():
            model.logit_scale.clamp_(max=np.log(HIGHEST_SCALE))
        run.log(loss=loss.item(), accuracy=accuracy.item())
    weights = {name: value.half().cpu().contiguous() for name, value in model.state_dict().items()}
    (FOLDER / "open_clip_model.safetensors").write_bytes(save(weights))


def main() -> None:
    """Read the command line and train."""
    train(**vars(command.parser(__doc__, STEPS).parse_args()))


if __name__ == "__main__":
    main()
