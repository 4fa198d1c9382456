"""Train pocket-lm: a Llama that answers from passages, follows ReAct and goes on with text, about names it never saw.

python -m pocket.train.lm
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from pocket.train import command
from pocket.train import tokenizer as tokenizers
from pocket.train.loop import MODELS, Run, warmup_cosine
from pocket.train.packing import Batch, pack
from pocket.train.texts import ANSWER, LONG_MIX, MIX, WRITE, Draw, Text, draw, lesson_of, worlds

STEPS, RATE = 10_000, 2e-3
ROWS, LENGTH = 12, 384
LONG_ROWS, LONG_LENGTH = 4, 1024
LONG_SHARE = 1 / 8  # of the batches after the first lessons, how many have texts as long as the context
READ_KEPT = 0.25  # of the tokens that are only read, how many enter the loss of a step, with more weight each
SPACE = "\u0120"  # how a byte-level tokenizer writes a space

Tokens = tuple[list[int], list[float]]


def config(tokenizer: PreTrainedTokenizerFast) -> LlamaConfig:
    """Return the shape of pocket-lm: 1.84 million parameters, grouped-query attention with two queries a key."""
    return LlamaConfig(
        vocab_size=tokenizers.VOCABULARY,
        hidden_size=192,
        intermediate_size=512,
        num_hidden_layers=4,
        num_attention_heads=6,
        num_key_value_heads=3,
        max_position_embeddings=tokenizers.CONTEXT,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def tokens(text: Text, tokenizer: PreTrainedTokenizerFast) -> Tokens:
    """Return a text's tokens and the weight of each in the loss.

    An answer's first token has the answer's weight; if that is the space before a number, so has the first digit.
    """
    ids: list[int] = []
    weights: list[float] = []
    for piece in text:
        encoded = tokenizer.backend_tokenizer.encode(piece.text)
        ids += encoded.ids
        first = 2 if encoded.tokens[:1] == [SPACE] else 1
        weights += [piece.weight if place < first else min(piece.weight, WRITE) for place in range(len(encoded.ids))]
    return ids, weights


def batch_of(rng: Random, mix: Mapping[Draw, float], tokenizer: PreTrainedTokenizerFast) -> Batch:
    """Draw a batch of a mix, or a long one beside `MIX`; a text longer than a row is drawn again."""
    rows, length = ROWS, LENGTH
    if mix is MIX and rng.random() < LONG_SHARE:
        mix, rows, length = LONG_MIX, LONG_ROWS, LONG_LENGTH
    drawn_worlds = worlds(rng)

    def one() -> Tokens:
        while len((drawn := tokens(draw(rng, mix, rng.choice(drawn_worlds)), tokenizer))[0]) > length:
            pass
        return drawn

    return pack(one, rows, length)


def muon_and_adamw(model: nn.Module, rate: float) -> dict[str, torch.optim.Optimizer]:
    """Return Muon for the matrices in the layers (K. Jordan and others, 2024) and AdamW for embeddings and norms."""
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    inside = {id(matrix) for matrix in matrices}
    rest = [p for p in model.parameters() if id(p) not in inside]
    return {
        "muon": torch.optim.Muon(matrices, lr=rate, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
        "adamw": torch.optim.AdamW(rest, lr=rate, weight_decay=0.0, betas=(0.9, 0.98)),
    }


def kept(weights: Tensor, rng: Random) -> Tensor:
    """Return the weights of one step: what is written, and a drawn part of what is read, scaled up."""
    generator = torch.Generator().manual_seed(rng.getrandbits(63))
    drawn = torch.rand(weights.shape, generator=generator) < READ_KEPT
    read = (weights > 0) & (weights < WRITE)
    return torch.where(read, weights / READ_KEPT * drawn, weights)


def hidden_states(body: Callable[..., Any], batch: Batch) -> Tensor:
    """Run the layers on a batch; returns the last hidden states, shape (B, T, d)."""
    outputs = body(input_ids=batch.ids, position_ids=batch.positions, attention_mask=batch.mask, use_cache=False)
    states = outputs.last_hidden_state
    assert isinstance(states, Tensor)
    return states


def publish(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, name: str) -> None:
    """Write the checkpoint that `from_pretrained` loads, in half precision."""
    folder = MODELS / name
    model.half().save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)  # readable by all, like every other file of a checkout
    tokenizer.save_pretrained(folder)


def train(
    *, seed: int, steps: int, rate: float, device: str, fresh: bool, compiled: bool, name: str = "pocket-lm"
) -> None:
    """Train from scratch, or go on after the last checkpoint, and publish the model."""
    tokenizer = tokenizers.load()
    torch.manual_seed(seed)
    model = LlamaForCausalLM(config(tokenizer)).to(device)  # type: ignore[arg-type]
    body = torch.compile(model.model, dynamic=False) if compiled else model.model
    optimisers = muon_and_adamw(model, rate)
    run = Run(
        name,
        seed=seed,
        steps=steps,
        modules={"model": model},
        optimisers=optimisers,
        schedule=warmup_cosine(steps),
        resume=not fresh,
    )
    for step in run:
        batch = batch_of(run.rng, lesson_of(step), tokenizer)
        weights = kept(batch.weights, run.rng)[:, 1:].to(device)
        batch = batch.to(device)
        chosen = weights > 0
        logits = model.lm_head(hidden_states(body, batch)[:, :-1][chosen])  # (N, V)
        targets, weights = batch.ids[:, 1:][chosen], weights[chosen]
        losses = F.cross_entropy(logits.float(), targets, reduction="none")
        loss = (losses * weights).sum() / weights.sum()
        for optimiser in optimisers.values():
            optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimiser in optimisers.values():
            optimiser.step()
        right = (logits.argmax(-1) == targets).float()
        chosen_answers = weights == ANSWER
        run.log(
            loss=loss.item(),
            written=losses[weights >= WRITE].mean().item(),
            **({"answers": right[chosen_answers].mean().item()} if chosen_answers.any() else {}),
        )
    publish(model, tokenizer, name)


def main() -> None:
    """Read the command line and train."""
    parser = command.parser(__doc__, STEPS)
    parser.add_argument("--rate", type=float, default=RATE, help="the highest learning rate (default: %(default)s)")
    parser.add_argument("--compiled", action="store_true", help="compile the layers first (needs a C++ compiler)")
    train(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
