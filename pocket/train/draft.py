"""Train pocket-draft: a Llama a sixth of pocket-lm's size that guesses what pocket-lm would write.

It first learns from the same texts, then pocket-lm's whole distribution instead of the one token that came (Hinton and
others, 2015), since speculative decoding accepts a guess with the overlap of the two distributions.

python -m pocket.train.draft
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812
from transformers import LlamaConfig, LlamaForCausalLM

from pocket.evaluate.draft import overlap
from pocket.train import command
from pocket.train import tokenizer as tokenizers
from pocket.train.lm import batch_of, config, hidden_states, muon_and_adamw, publish
from pocket.train.loop import MODELS, Run, warmup_cosine
from pocket.train.texts import LESSONS, MIX

NAME = "pocket-draft"
STEPS, RATE = 4000, 4e-3
ALONE = 0.5  # of the training, how much is without the teacher
KEPT = 0.5  # of the tokens, how many enter the loss of a step


def draft_config(target: LlamaConfig) -> LlamaConfig:
    """Return the shape of pocket-draft: 2 layers, half as wide, one key-value head, the vocabulary of its target."""
    draft = LlamaConfig.from_dict(target.to_dict())
    draft.update(
        {
            "hidden_size": 96,
            "intermediate_size": 256,
            "num_hidden_layers": 2,
            "num_attention_heads": 3,
            "num_key_value_heads": 1,
            "head_dim": 32,
        }
    )
    return draft


def load_teacher(device: str) -> LlamaForCausalLM:
    """Return the finished pocket-lm."""
    model = LlamaForCausalLM.from_pretrained(MODELS / "pocket-lm", dtype=torch.float32)
    model.to(device)  # type: ignore[arg-type]
    return model


def train(*, seed: int, steps: int, device: str, fresh: bool) -> None:
    """Train from scratch, or go on after the last checkpoint, and publish the model."""
    tokenizer = tokenizers.load()
    torch.manual_seed(seed)
    model = LlamaForCausalLM(draft_config(config(tokenizer))).to(device)  # type: ignore[arg-type]
    optimisers = muon_and_adamw(model, RATE)
    run = Run(
        NAME,
        seed=seed,
        steps=steps,
        modules={"model": model},
        optimisers=optimisers,
        schedule=warmup_cosine(steps),
        resume=not fresh,
    )
    teacher: LlamaForCausalLM | None = None
    first = LESSONS[0]
    for step in run:
        taught = step >= ALONE * steps
        batch = batch_of(run.rng, first.mix if step < first.steps else MIX, tokenizer)
        generator = torch.Generator().manual_seed(run.rng.getrandbits(63))
        chosen = (batch.weights > 0) & (torch.rand(batch.weights.shape, generator=generator) < KEPT)
        chosen, batch = chosen[:, 1:].to(device), batch.to(device)
        logits = model.lm_head(hidden_states(model.model, batch)[:, :-1][chosen]).float()  # (N, V)
        if taught:
            teacher = teacher or load_teacher(device)
            with torch.no_grad():
                target = teacher.lm_head(hidden_states(teacher.model, batch)[:, :-1][chosen]).softmax(-1)
            loss = F.kl_div(logits.log_softmax(-1), target, reduction="batchmean")
            run.log(kl=loss.item(), overlap=overlap(target, logits.softmax(-1)).mean().item())
        else:
            loss = F.cross_entropy(logits, batch.ids[:, 1:][chosen])
            run.log(loss=loss.item())
        for optimiser in optimisers.values():
            optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimiser in optimisers.values():
            optimiser.step()
    publish(model, tokenizer, NAME)


def main() -> None:
    """Read the command line and train."""
    train(**vars(command.parser(__doc__, STEPS).parse_args()))


if __name__ == "__main__":
    main()
