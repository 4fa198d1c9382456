"""Train pocket-llava: a projector from pocket-clip's patches to pocket-lm's embeddings, then pocket-lm with it.

The two phases are the paper's (Liu and others, 2023, section 4.2). In phase 1 the vision tower and the language model
are frozen, and only the projector learns. In phase 2 the language model learns too. The paper updates all of it; here
the update is of low rank (LoRA), so that the model can be stored as a small difference from pocket-lm. The vision tower
is frozen throughout.

python -m pocket.train.llava
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

import numpy as np
import open_clip
import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from pocket.llava import CONFIG, PROJECTOR, PatchFeatures, Projector, picture_prompt
from pocket.train import command
from pocket.train import tokenizer as tokenizers
from pocket.train.lm import tokens
from pocket.train.loop import MODELS, Run, warmup_cosine, write_weights
from pocket.train.texts import END, READ, WRITE, Piece, Text
from pocket.world.painting import render
from pocket.world.pictures import Scene, caption, draw_scene, questions
from pocket.world.prompts import closed_book

NAME, LANGUAGE, VISION = "pocket-llava", "pocket-lm", "pocket-clip"
STEPS, BATCH, RATE = 2000, 32, 2e-3
PHASE_1 = 0.3  # of the training
MOST_QUESTIONS = 5
ADAPTER = "adapter_model.safetensors"  # the name that PEFT looks for
LORA: dict[str, Any] = {
    "r": 16,
    "lora_alpha": 32,
    "target_modules": ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
    "task_type": "CAUSAL_LM",
}


def about(scene: Scene, rng: Random) -> Text:
    """Return what is said after a picture: its caption, and questions with their answers, in drawn order."""
    asked = questions(scene)
    parts = [(f"\n{closed_book(question.text)}", question.answer) for question in rng.sample(asked, MOST_QUESTIONS)]
    parts.insert(rng.choice((0, 0, 0, rng.randint(0, MOST_QUESTIONS))), ("\nCaption:", caption(scene)))
    return [piece for prompt, answer in parts for piece in (Piece(prompt, READ), Piece(f" {answer}{END}", WRITE))]


def batch_of(rng: Random, tokenizer: PreTrainedTokenizerFast) -> tuple[Tensor, Tensor, Tensor]:
    """Draw pictures and what is said of them: bytes (B, H, W, 3), tokens (B, T), and which tokens are to be learned."""
    scenes = [draw_scene(rng, held_out=False) for _ in range(BATCH)]
    pixels = torch.from_numpy(np.stack([render(scene) for scene in scenes]))
    said = [tokens(about(scene, rng), tokenizer) for scene in scenes]
    length = max(len(ids) for ids, _ in said)
    ids = torch.full((BATCH, length), tokenizer.pad_token_id)
    learned = torch.zeros(BATCH, length, dtype=torch.bool)
    for row, (row_ids, weights) in enumerate(said):
        ids[row, : len(row_ids)] = torch.tensor(row_ids)
        learned[row, : len(row_ids)] = torch.tensor(weights) == WRITE
    return pixels, ids, learned


def normalised(pixels: Tensor, vision: PatchFeatures) -> Tensor:
    """Return bytes (B, H, W, 3) as the tower's own preprocessing gives them, (B, 3, H, W)."""
    mean, deviation = (
        torch.tensor(values, device=pixels.device) for values in (vision.tower.image_mean, vision.tower.image_std)
    )
    return ((pixels / 255 - mean) / deviation).permute(0, 3, 1, 2)


def train(*, seed: int, steps: int, device: str, fresh: bool) -> None:
    """Train from scratch, or go on after the last checkpoint, and write projector and adapter."""
    tokenizer = tokenizers.load()
    torch.manual_seed(seed)
    clip, _ = open_clip.create_model_from_pretrained(f"local-dir:{MODELS / VISION}")
    vision = PatchFeatures(clip.visual).to(device).eval()
    base = LlamaForCausalLM.from_pretrained(MODELS / LANGUAGE, dtype=torch.float32)
    language = get_peft_model(base, LoraConfig(**LORA)).to(device)
    projector = Projector(clip.visual.transformer.width, base.config.hidden_size).to(device)
    adapters = [parameter for parameter in language.parameters() if parameter.requires_grad]
    optimisers = {
        "projector": torch.optim.AdamW(projector.parameters(), lr=RATE, weight_decay=0.0),
        "adapter": torch.optim.AdamW(adapters, lr=RATE, weight_decay=0.0),
    }
    run = Run(
        NAME,
        seed=seed,
        steps=steps,
        modules={"projector": projector, "adapter": nn.ParameterList(adapters)},
        optimisers=optimisers,
        schedule=warmup_cosine(steps),
        resume=not fresh,
    )
    before = torch.tensor(picture_prompt(tokenizer, "")[0], device=device).expand(BATCH, -1)
    embed = base.get_input_embeddings()
    for step in run:
        second_phase = step >= PHASE_1 * steps
        pixels, ids, learned = (tensor.to(device) for tensor in batch_of(run.rng, tokenizer))
        seen = projector(vision(normalised(pixels, vision)))  # (B, P, d)
        embeddings = torch.cat([embed(before), seen, embed(ids)], dim=1)
        states = base.model(inputs_embeds=embeddings, use_cache=False).last_hidden_state
        states = states[:, -ids.shape[1] - 1 : -1][learned]  # the state before each learned token, (N, d)
        logits, targets = base.lm_head(states), ids[learned]
        loss = F.cross_entropy(logits, targets)
        loss.backward()
        nn.utils.clip_grad_norm_([*projector.parameters(), *adapters], 1.0)
        optimisers["projector"].step()
        if second_phase:
            optimisers["adapter"].step()
        for optimiser in optimisers.values():
            optimiser.zero_grad()
        run.log(loss=loss.item(), accuracy=(logits.argmax(-1) == targets).float().mean().item())
    folder = MODELS / NAME
    write_weights(projector.state_dict(), folder / PROJECTOR)
    write_weights(get_peft_model_state_dict(language), folder / ADAPTER)
    adapter = {"peft_type": "LORA", "base_model_name_or_path": LANGUAGE, "inference_mode": True, **LORA}
    parts = {"language_model": LANGUAGE, "vision_tower": VISION}
    for name, settings in (("adapter_config.json", adapter), (CONFIG, parts)):
        (folder / name).write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Read the command line and train."""
    train(**vars(command.parser(__doc__, STEPS).parse_args()))


if __name__ == "__main__":
    main()
