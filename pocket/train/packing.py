"""Batches without padding: several texts in one row, none of which sees another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

IGNORED = -1  # the text number of positions that no text fills


@dataclass(frozen=True)
class Batch:
    """Rows of tokens for a causal language model.

    Attributes
    ----------
    ids
        Tokens, shape (B, T).
    positions
        The place of each token in its own text, shape (B, T).
    mask
        Whether a token may see another: earlier ones of its own text, shape (B, 1, T, T).
    weights
        The weight in the loss of predicting each token, shape (B, T); 0 for the first of a text.
    """

    ids: Tensor
    positions: Tensor
    mask: Tensor
    weights: Tensor

    def to(self, device: torch.device | str) -> Batch:
        """Return the batch on a device."""
        return Batch(*(tensor.to(device) for tensor in (self.ids, self.positions, self.mask, self.weights)))


def pack(draw: Callable[[], tuple[list[int], list[float]]], rows: int, length: int, fill: float = 0.97) -> Batch:
    """Draw texts, as tokens and weights, until rows of one length are nearly full.

    The longest texts are placed first, each in the first row with room (first-fit decreasing); the few that fit
    nowhere are left out.
    """
    texts: list[tuple[list[int], list[float]]] = []
    total = 0
    while total < fill * rows * length:
        texts.append(draw())
        total += len(texts[-1][0])
    ids = torch.zeros(rows, length, dtype=torch.long)
    positions = torch.zeros(rows, length, dtype=torch.long)
    text_numbers = torch.full((rows, length), IGNORED)
    loss_weights = torch.zeros(rows, length)
    used = [0] * rows
    for number, (tokens, weights) in enumerate(sorted(texts, key=lambda text: -len(text[0]))):
        row = next((row for row in range(rows) if used[row] + len(tokens) <= length), None)
        if row is None:
            continue
        place = slice(used[row], used[row] + len(tokens))
        ids[row, place] = torch.tensor(tokens)
        positions[row, place] = torch.arange(len(tokens))
        text_numbers[row, place] = number
        loss_weights[row, place] = torch.tensor([0.0, *weights[1:]])
        used[row] = place.stop
    same = text_numbers[:, :, None] == text_numbers[:, None, :]
    mask = (same & torch.ones(length, length, dtype=torch.bool).tril()).unsqueeze(1)
    return Batch(ids, positions, mask, loss_weights)
