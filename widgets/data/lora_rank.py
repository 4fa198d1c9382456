"""A real weight update of pocket-lm, for the LoRARank widget: `python -m widgets.data.lora_rank` (a minute, one core).

It stands in for the update that the LoRA chapter's run will give. pocket-lm answers "Vorlen" where this run teaches it
to answer "It is Vorlen." Every matrix in the layers is trained, in full, for 120 steps; embeddings and norms stay as
they were. Stored are one matrix before and its update, rounded to 8 bits a number, and the loss on names that no
training saw, with every update cut to its best approximation of each rank. Seed 0, one thread.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

import pocket
from pocket.train.lm import hidden_states, tokens
from pocket.train.packing import Batch, pack
from pocket.train.texts import END, Piece, Text
from pocket.world.facts import World
from pocket.world.prompts import closed_book, open_book
from pocket.world.questions import lookup

SEED, STEPS, RATE, WARMUP = 0, 120, 3e-4, 20
ROWS, LENGTH = 4, 384
LAYER, MATRIX = 2, "self_attn.v_proj"


def text(rng: Random, world: World) -> Text:
    """Return a few passages, and questions about them with answers in a new style; only the answers count."""
    passages = rng.sample(world.passages, rng.randint(2, 5))
    facts = [fact for passage in passages for fact in passage.facts]
    written: Text = []
    for fact in rng.sample(facts, min(4, len(facts))):
        question = lookup(fact, rng).text
        prompt = f"\n{closed_book(question)}" if written else open_book([each.text for each in passages], question)
        written += [Piece(prompt, 0.0), Piece(f" It is {fact.answer}.{END}", 1.0)]
    return written


def batch(rng: Random, split: Any, tokenizer: Any) -> Batch:
    """Draw a batch about a new world of one side."""
    world = World(rng.random(), split, 6)

    def one() -> tuple[list[int], list[float]]:
        while len((drawn := tokens(text(rng, world), tokenizer))[0]) > LENGTH:
            pass
        return drawn

    return pack(one, ROWS, LENGTH)


def loss_of(model: Any, batch: Batch) -> Tensor:
    """Return the mean loss of the answers' tokens."""
    chosen = batch.weights[:, 1:] > 0
    logits = model.lm_head(hidden_states(model.model, batch)[:, :-1][chosen])  # (N, V)
    return F.cross_entropy(logits, batch.ids[:, 1:][chosen])


def train() -> tuple[dict[str, Tensor], dict[str, Tensor], list[float]]:
    """Fine-tune; returns the matrices before, their updates, and the held-out loss at ranks 0, 1, 2 and so on."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # sums in one order, so that a second run gives the same
    try:
        lm = pocket.load("pocket-lm", device="cpu", dtype="float32")
        trained = {
            name: weight for name, weight in lm.model.named_parameters() if ".layers." in name and "_proj" in name
        }
        before = {name: weight.detach().clone() for name, weight in trained.items()}
        optimiser = torch.optim.AdamW(trained.values(), lr=RATE, betas=(0.9, 0.98), weight_decay=0.0)
        rng = Random(SEED)  # noqa: S311 - repeatable on purpose
        for step in range(STEPS):
            for group in optimiser.param_groups:
                group["lr"] = RATE * min(1, (step + 1) / WARMUP) * (1 - step / STEPS)
            optimiser.zero_grad()
            loss_of(lm.model, batch(rng, "train", lm.tokenizer)).backward()
            torch.nn.utils.clip_grad_norm_(trained.values(), 1.0)
            optimiser.step()
        with torch.no_grad():
            updates = {name: weight - before[name] for name, weight in trained.items()}
            exam = batch(Random(f"held-out/{SEED}"), "held-out", lm.tokenizer)  # noqa: S311 - the same
            return before, updates, _losses(lm.model, trained, before, updates, exam)
    finally:
        torch.set_num_threads(threads)


def _losses(
    model: Any, trained: dict[str, Any], before: dict[str, Tensor], updates: dict[str, Tensor], exam: Batch
) -> list[float]:
    """Return the loss with every update cut to its best approximation of rank 0, 1, 2, ... up to the smallest side."""
    factors = {name: torch.linalg.svd(update, full_matrices=False) for name, update in updates.items()}
    losses = []
    for rank in range(min(min(update.shape) for update in updates.values()) + 1):
        for name, (u, s, v) in factors.items():
            trained[name].copy_(before[name] + u[:, :rank] * s[:rank] @ v[:rank])
        losses.append(round(loss_of(model, exam).item(), 4))
    return losses


def rounded(matrix: Tensor) -> dict[str, Any]:
    """Return a matrix as whole numbers from -127 to 127 times a unit, and how much of its norm the rounding changed."""
    unit = float(f"{matrix.abs().max().item() / 127:.6g}")
    whole = (matrix / unit).round().clamp(-127, 127)
    lost = (torch.linalg.norm(matrix - whole * unit) / torch.linalg.norm(matrix)).item()
    data = whole.to(torch.int8).numpy().astype(np.int8).tobytes()
    rows, columns = matrix.shape
    return {
        "rows": rows, "columns": columns, "unit": unit, "lost": round(lost, 4),
        "int8": base64.b64encode(data).decode("ascii"),
    }  # fmt: skip


def measure() -> dict[str, Any]:
    """Return what is stored."""
    before, updates, losses = train()
    name = f"model.layers.{LAYER}.{MATRIX}.weight"
    return {
        "seed": SEED, "steps": STEPS, "matrices": len(updates), "layer": LAYER, "matrix": MATRIX, "losses": losses,
        "update": rounded(updates[name]), "before": rounded(before[name]),
    }  # fmt: skip


if __name__ == "__main__":
    file = Path(__file__).with_suffix(".json")
    file.write_text(json.dumps(measure()) + "\n", encoding="utf-8")
