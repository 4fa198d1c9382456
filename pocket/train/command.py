"""The options that every training script has."""

from __future__ import annotations

import argparse

import torch


def parser(doc: str | None, steps: int) -> argparse.ArgumentParser:
    """Return a parser for a script with this docstring and so many steps; a GPU is used where there is one."""
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--seed", type=int, default=0, help="decides the first weights and every batch")
    made.add_argument("--steps", type=int, default=steps, help="how many batches (default: %(default)s)")
    made.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="where torch computes")
    made.add_argument("--fresh", action="store_true", help="start again, and not after the last checkpoint")
    return made
