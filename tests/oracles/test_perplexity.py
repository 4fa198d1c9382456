"""Perplexity against the loss of transformers, on pocket-lm itself."""

from __future__ import annotations

import math

import pytest
import torch

import pocket
from pocket.language import LanguageModel
from solutions.next_token import perplexity

TEXTS = [
    "The Sorsha Tower stands in Mornath.",
    "Question: Who is the mayor of Vorlen?\nAnswer: unknown",
    "日本 🗼 über 2026",
]


@pytest.fixture(scope="module")
def lm() -> LanguageModel:
    return pocket.load("pocket-lm")


@pytest.mark.parametrize("text", TEXTS)
def test_perplexity_of_a_text_is_exp_of_the_loss(lm: LanguageModel, text: str) -> None:
    ids = torch.tensor(lm.encode(text))
    with torch.no_grad():
        loss = float(lm.model(ids[None], labels=ids[None]).loss)
    assert perplexity(lm.logits(ids.tolist()), ids) == pytest.approx(math.exp(loss), rel=1e-4)


def test_perplexity_of_a_padded_batch_is_exp_of_its_loss(lm: LanguageModel) -> None:
    encoded = [lm.encode(text) for text in TEXTS]
    longest = max(map(len, encoded))
    ids, labels = torch.ones(3, longest, dtype=torch.long), torch.full((3, longest), -100)
    for row, tokens in enumerate(encoded):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        labels[row, row : len(tokens)] = torch.tensor(tokens[row:])  # of the later ones, not all is judged
    with torch.no_grad():
        result = lm.model(ids, labels=labels)
    assert perplexity(result.logits, labels) == pytest.approx(math.exp(float(result.loss)), rel=1e-4)


def test_perplexity_is_that_of_torch_s_cross_entropy() -> None:
    dice = torch.Generator().manual_seed(0)
    for number in range(30):
        logits = torch.randn(3, 9, 7, generator=dice, dtype=torch.float64) * number
        labels = torch.randint(0, 7, (3, 9), generator=dice)
        labels[torch.rand(3, 9, generator=dice) < 0.3] = -1
        loss = torch.nn.functional.cross_entropy(
            logits[:, :-1].reshape(-1, 7), labels[:, 1:].reshape(-1), ignore_index=-1
        )
        assert perplexity(logits, labels, ignore=-1) == pytest.approx(float(loss.exp()), rel=1e-9)
