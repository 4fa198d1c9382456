"""How quickly a pocket model is there, and how quickly it writes: on one thread, in fresh processes.

    python benchmarks/pocket_speed.py [--json] [--runs 5] [--random]

Start: the imports of torch and of transformers on their own, then `pocket.load` after them (the median over fresh
processes). Speed: 200 new tokens through transformers' `generate`, greedy, the stop token suppressed, with its cache
and, as the peer, without; both in one process, by turns. `--random` measures a random model of pocket-lm's shape.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
NEW_TOKENS = 200
PROMPTS = (20, 400)
SHAPE: dict[str, Any] = {
    "vocab_size": 1280,
    "hidden_size": 192,
    "intermediate_size": 512,
    "num_hidden_layers": 4,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "max_position_embeddings": 1024,
    "tie_word_embeddings": True,
    "pad_token_id": 0,
    "eos_token_id": 1,
    "bos_token_id": None,
}


def start(models: Path) -> dict[str, float]:
    """Return the seconds that imports and the load take, in a process that has imported nothing yet."""
    sys.path.insert(0, str(ROOT))
    seconds = {}

    def lap(name: str, since: float) -> float:
        seconds[name] = time.perf_counter() - since
        return time.perf_counter()

    at = time.perf_counter()
    import pocket
    from pocket import catalogue

    at = lap("import pocket", at)
    import torch

    torch.set_num_threads(1)
    at = lap("import torch", at)
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM  # noqa: F401

    at = lap("import transformers", at)
    import pocket.language

    at = lap("import pocket.language", at)
    catalogue.FOLDER = models
    pocket.load("pocket-lm", device="cpu")
    at = lap("load pocket-lm, first", at)
    pocket.load("pocket-lm", device="cpu")
    lap("load pocket-lm, again", at)
    return seconds


def speed(models: Path, runs: int) -> dict[str, list[float]]:
    """Return the tokens a second of each run, with and without the cache, for each prompt length."""
    sys.path.insert(0, str(ROOT))
    import torch

    import pocket
    from pocket import catalogue

    torch.set_num_threads(1)
    catalogue.FOLDER = models
    lm = pocket.load("pocket-lm", device="cpu", dtype="float32")
    draws = torch.Generator().manual_seed(0)
    rates: dict[str, list[float]] = {}
    for length in PROMPTS:
        ids = torch.randint(2, lm.model.config.vocab_size, (1, length), generator=draws)

        def write(*, cache: bool, ids: torch.Tensor = ids) -> float:
            began = time.perf_counter()
            written = lm.model.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=NEW_TOKENS,
                min_new_tokens=NEW_TOKENS,
                do_sample=False,
                use_cache=cache,
            )
            taken = time.perf_counter() - began
            assert written.shape[1] == ids.shape[1] + NEW_TOKENS
            return NEW_TOKENS / taken

        write(cache=True)  # the first call sets things up
        for _ in range(runs):
            rates.setdefault(f"prompt of {length}, cache", []).append(write(cache=True))
            rates.setdefault(f"prompt of {length}, no cache", []).append(write(cache=False))
    return rates


def random_models(folder: Path) -> Path:
    """Write a random pocket-lm with its tokenizer into a folder, and record it; return the folder of the models."""
    sys.path.insert(0, str(ROOT))
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    from pocket.integrity import write_record
    from pocket.quiet import quiet

    target = folder / "pocket" / "models"
    torch.manual_seed(0)
    vocabulary = ["<pad>", "<eos>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE({piece: number for number, piece in enumerate(vocabulary)}, []))
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    with quiet():
        model: Any = LlamaForCausalLM(LlamaConfig(**SHAPE))
        model.half().save_pretrained(target / "pocket-lm")
    special = {"pad_token": "<pad>", "eos_token": "<eos>"}
    wrapped: Any = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)  # type: ignore[no-untyped-call]
    wrapped.save_pretrained(target / "pocket-lm")
    write_record(target)
    return target


def in_fresh_process(part: str, models: Path, runs: int) -> Any:
    """Run one part of this file in a process of its own, on one thread and offline; return what it measured."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, __file__, "--part", part, "--models", str(models), "--runs", str(runs)]
    done = subprocess.run(command, check=True, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def measure(models: Path, runs: int) -> dict[str, float]:
    """Return all figures: seconds, tokens a second, and ratios."""
    starts = [in_fresh_process("start", models, runs) for _ in range(runs)]
    figures = {f"seconds: {name}": statistics.median(one[name] for one in starts) for name in starts[0]}
    rates = in_fresh_process("speed", models, runs)
    figures |= {f"tokens/s: {name}": statistics.median(values) for name, values in rates.items()}
    for length in PROMPTS:
        both = (figures[f"tokens/s: prompt of {length}, {which}"] for which in ("cache", "no cache"))
        figures[f"ratio: cache / no cache, prompt of {length}"] = next(both) / next(both)
    imports = sum(value for name, value in figures.items() if name.startswith("seconds: import"))
    figures["ratio: all imports / first load"] = imports / figures["seconds: load pocket-lm, first"]
    return figures


def main() -> None:
    """Print the figures and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print a JSON object")
    parser.add_argument("--runs", type=int, default=5, help="runs of each part")
    parser.add_argument("--random", action="store_true", help="measure a random model of pocket-lm's shape")
    parser.add_argument("--models", type=Path, default=ROOT / "pocket" / "models", help=argparse.SUPPRESS)
    parser.add_argument("--part", choices=("start", "speed"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        part = start(arguments.models) if arguments.part == "start" else speed(arguments.models, arguments.runs)
        print(json.dumps(part))
        return
    with tempfile.TemporaryDirectory() as folder:
        models = random_models(Path(folder)) if arguments.random else arguments.models
        figures = measure(models, arguments.runs)
    if arguments.json:
        print(json.dumps(figures, indent=1))
        return
    units = {"seconds": (1000, "ms"), "tokens/s": (1, "tokens/s"), "ratio": (1, "x")}
    for name, value in figures.items():
        kind, _, what = name.partition(": ")
        scale, unit = units[kind]
        print(f"{what:<40} {scale * value:8.1f} {unit}")


if __name__ == "__main__":
    main()
