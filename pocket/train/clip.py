"""Train pocket-clip: a picture and a sentence that is true of it get vectors that point the same way.

The loss is CLIP's (Radford et al., 2021, https://arxiv.org/abs/2103.00020): in a batch, each picture has to find its
sentence and each sentence its picture. Here we know the scenes, so we know which *other* sentences of the batch are
true of a picture as well ("a red thing" is true of many); those are left out instead of counted as wrong.

    python -m pocket.train.clip
"""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import open_clip
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from torch.nn import functional as F  # noqa: N812
from transformers import PreTrainedTokenizerFast

from pocket.train import command
from pocket.train.captioned import PIXELS, draw_example, truth
from pocket.train.loop import MODELS, Run, warmup_cosine, write_weights

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
            "image_size": PIXELS,
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
    write_weights(model.state_dict(), FOLDER / "open_clip_model.safetensors")


def main() -> None:
    """Read the command line and train."""
    train(**vars(command.parser(__doc__, STEPS).parse_args()))


if __name__ == "__main__":
    main()
