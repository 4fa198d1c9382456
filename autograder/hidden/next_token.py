"""Chapter 1: hidden probes. They ask nothing that the docstrings do not promise."""

from __future__ import annotations

from typing import Any

import torch

from autograder.draws import Rng
from autograder.exercise import hidden_probe
from autograder.probes.next_token.bpe_tokenizer import bpe
from autograder.probes.next_token.generate import ScriptedModel, generate
from autograder.probes.next_token.softmax_temperature import softmax
from autograder.proxy import Impl


@hidden_probe(softmax, points=1, rtol=1e-9, atol=1e-12)
def keeps_double_precision(impl: Impl, rng: Rng) -> Any:
    """Logits of 64 bits give probabilities of 64 bits."""
    logits = torch.from_numpy(rng.normal(scale=5.0, size=(2, 3 + rng.case)))
    return impl(logits, float(rng.uniform(0.3, 3.0)))


@hidden_probe(softmax, points=1)
def shares_ties_by_row(impl: Impl, rng: Rng) -> Any:
    """At T = 0 every row of a batch has its own winners, and a masked token is none of them."""
    logits = torch.from_numpy(rng.integers(-2, 2, size=(3, 2, 5 + rng.case))).float()
    logits[0, 0, 0] = float("-inf")
    return impl(logits, 0.0)


@hidden_probe(bpe, points=2, cases=3)
def survives_a_whole_page(impl: Impl, rng: Rng) -> Any:
    """Train on a longer text, encode another, decode it again."""
    # Each word once in every ten, so that all of their pairs occur often; then letters, for no merge ends at a word.
    words = ["tower", "river", "bridge", "naïve", "café", "über", "2026", "the", "a", "\n"]
    page = " ".join(str(word) for _ in range(6) for word in rng.permutation(words))
    other = "".join(str(letter) for letter in rng.choice(list("aeivrtowbdgh "), size=300)) + "日本"
    tokenizer = impl()
    tokenizer.train(page, 28 + rng.case)
    ids = tokenizer.encode(other)
    return {"merges": tokenizer.merges, "ids": ids, "text": tokenizer.decode(ids)}


@hidden_probe(generate, points=1, cases=3)
def everything_at_once(impl: Impl, rng: Rng) -> Any:
    """A context, stop tokens that also stand in the prompt, and a limit together."""
    script = ScriptedModel(rng)
    prompt = [int(number) for number in rng.integers(0, 12, size=3 + rng.case)]
    free = script.written(prompt, 6, context=3)
    stops = {prompt[0], free[3 + rng.case]}
    result = impl(script.model, prompt, 12, script.choose, sorted(stops), 3)
    return {"new tokens": result, "shown to the model": script.shown}
