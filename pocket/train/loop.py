"""What every training script shares: seeded batches, a bar with the loss and the time left, checkpoints, the curve."""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.optim import Optimizer
from tqdm import tqdm

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "pocket" / "models"
POINTS = 200  # of a curve, however long the run

Schedule = Callable[[int], float]


def warmup_cosine(steps: int, *, warmup: int = 100, end: float = 0.02) -> Schedule:
    """Return the usual factor of the learning rate: it rises for `warmup` steps, then falls as a cosine to `end`."""

    def factor(step: int) -> float:
        progress = min(1.0, step / max(1, steps))
        return min(1.0, (step + 1) / warmup) * (end + (1 - end) * 0.5 * (1 + math.cos(math.pi * progress)))

    return factor


def batch_seed(seed: int, step: int) -> str:
    """Return what seeds the batch of a step, so that a resumed run draws the batches that it would have drawn."""
    return f"{seed}/{step}"


def write_weights(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Write weights in half precision; the same weights give the same bytes."""
    half = {name: tensor.detach().to("cpu", torch.float16).contiguous() for name, tensor in tensors.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(save(half, metadata={"format": "pt"}))


class Run:
    """A training run: iterate over it to get the steps that are left.

    Parameters
    ----------
    name
        The model's name; checkpoints lie in `build/training/<name>/`, the curve in
        `pocket/models/<name>/training.json`.
    seed
        Seeds torch at a fresh start and the batch of every step.
    steps
        How many steps the whole run has.
    modules, optimisers
        What a checkpoint holds, by name.
    schedule
        The factor of each optimiser's own learning rate at a step.
    resume
        Whether to go on after the last checkpoint, if there is one.
    checkpoint_seconds
        The time between two checkpoints.

    Attributes
    ----------
    rng
        The random numbers of the present step's batch.
    step
        The present step, from 0.
    """

    def __init__(
        self,
        name: str,
        *,
        seed: int,
        steps: int,
        modules: Mapping[str, nn.Module],
        optimisers: Mapping[str, Optimizer],
        schedule: Schedule,
        resume: bool = True,
        checkpoint_seconds: float = 300,
    ) -> None:
        self.name, self.seed, self.steps = name, seed, steps
        self.modules, self.optimisers, self.schedule = modules, optimisers, schedule
        self.checkpoint_seconds = checkpoint_seconds
        self.folder = ROOT / "build" / "training" / name
        self.step, self.seconds = 0, 0.0
        self.rng = random.Random(batch_seed(seed, 0))
        self.sums: dict[str, float] = {}
        self.counts: dict[str, int] = {}
        self.curve: list[dict[str, float]] = []
        self._bar: tqdm[int] | None = None
        self._base = {
            key: [float(group["lr"]) for group in optimiser.param_groups] for key, optimiser in optimisers.items()
        }
        if resume and self.checkpoint.is_file():
            self._restore()
        else:
            torch.manual_seed(seed)

    @property
    def checkpoint(self) -> Path:
        """The file that a stopped run goes on from."""
        return self.folder / "checkpoint.pt"

    def __iter__(self) -> Iterator[int]:
        every = max(1, self.steps // POINTS)
        saved = started = time.monotonic()
        before = self.seconds
        with tqdm(range(self.step, self.steps), initial=self.step, total=self.steps, desc=self.name) as self._bar:
            for step in self._bar:
                self.step = step
                self.rng = random.Random(batch_seed(self.seed, step))
                factor = self.schedule(step)
                for key, optimiser in self.optimisers.items():
                    for group, rate in zip(optimiser.param_groups, self._base[key], strict=True):
                        group["lr"] = rate * factor
                yield step
                now = time.monotonic()
                self.seconds = before + now - started
                if (step + 1) % every == 0 or step + 1 == self.steps:
                    self._point(step + 1)
                if now - saved > self.checkpoint_seconds or step + 1 == self.steps:
                    self.save(step + 1)
                    saved = now
        self._write_curve()

    def log(self, **values: float) -> None:
        """Put this step's measurements on the bar, and into the curve as means over a stretch of steps."""
        for key, value in values.items():
            self.sums[key] = self.sums.get(key, 0.0) + value
            self.counts[key] = self.counts.get(key, 0) + 1
        if self._bar is not None:
            self._bar.set_postfix({key: f"{value:.3f}" for key, value in values.items()}, refresh=False)

    def save(self, step: int) -> None:
        """Write a checkpoint after `step` steps; a run that is killed while writing keeps the one before."""
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.checkpoint.with_suffix(".partial")
        state = {
            "step": step,
            "seconds": self.seconds,
            "curve": self.curve,
            "sums": self.sums,
            "counts": self.counts,
            "modules": {key: module.state_dict() for key, module in self.modules.items()},
            "optimisers": {key: optimiser.state_dict() for key, optimiser in self.optimisers.items()},
            "torch": torch.get_rng_state(),
        }
        torch.save(state, partial)
        partial.replace(self.checkpoint)

    def _restore(self) -> None:
        state = torch.load(self.checkpoint, weights_only=True)
        self.step, self.seconds, self.curve = state["step"], state["seconds"], state["curve"]
        self.sums, self.counts = state["sums"], state["counts"]
        for key, module in self.modules.items():
            module.load_state_dict(state["modules"][key])
        for key, optimiser in self.optimisers.items():
            optimiser.load_state_dict(state["optimisers"][key])
        torch.set_rng_state(state["torch"])

    def _point(self, step: int) -> None:
        means = {key: round(self.sums[key] / self.counts[key], 5) for key in self.sums}
        self.curve.append({"step": step, "seconds": round(self.seconds, 1), **means})
        self.sums, self.counts = {}, {}

    def _write_curve(self) -> None:
        log = {"seed": self.seed, "steps": self.steps, "seconds": round(self.seconds), "curve": self.curve}
        path = MODELS / self.name / "training.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = ",\n  ".join(json.dumps(point) for point in self.curve)
        head = json.dumps({key: value for key, value in log.items() if key != "curve"})[1:-1]
        path.write_text(f'{{{head}, "curve": [\n  {rows}\n]}}\n', encoding="utf-8")
