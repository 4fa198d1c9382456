"""The probes of the generation loop."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from autograder.draws import Rng
from autograder.probes.next_token.chapter import chapter
from autograder.proxy import Impl

generate = chapter.function(
    "generate",
    title="The generation loop",
    minutes=20,
    difficulty=2,
    oracle="transformers' generate, greedy",
)

_PATIENCE = 60


class ScriptedModel:
    """A model whose logits follow a fixed rule, and a choice by another; both write down what they were asked.

    It stays on the checking side, so the transcript is the truth. The favourite next token depends on
    every id it is shown, in order, so showing it too few or too many changes the text.
    """

    def __init__(self, rng: Rng, vocabulary: int = 12) -> None:
        self.vocabulary = vocabulary
        self.table = torch.from_numpy(rng.normal(size=(vocabulary, vocabulary)).round(2)).float()
        self.rank = int(rng.integers(1, 3))
        self.shown: list[list[int]] = []
        self.chose_from: list[Tensor] = []

    def model(self, ids: list[int]) -> Tensor:
        """Return the logits after these ids, shape (vocabulary,)."""
        if type(ids) is not list or any(type(number) is not int for number in ids):
            raise TypeError("the model takes a list of integers")
        if len(self.shown) >= _PATIENCE:
            raise RuntimeError(f"the model was asked {_PATIENCE} times; does the loop end?")
        self.shown.append(ids)
        logits = torch.zeros(self.vocabulary)
        for place, number in enumerate(ids):
            logits = logits.roll(1) * 0.9 + self.table[(number + place) % self.vocabulary]
        return logits.round(decimals=2)

    def choose(self, logits: Tensor) -> int:
        """Return a token that is not the likeliest one: second or third by logit."""
        if not isinstance(logits, Tensor) or logits.shape != (self.vocabulary,):
            raise TypeError(f"`choose` takes the logits of the model, shape ({self.vocabulary},)")
        if len(self.chose_from) >= _PATIENCE:
            raise RuntimeError(f"`choose` was called {_PATIENCE} times; does the loop end?")
        self.chose_from.append(logits)
        return int(logits.sort(descending=True, stable=True).indices[self.rank])

    def written(self, prompt: list[int], count: int, context: int = 0) -> list[int]:
        """Return what the loop writes without any stop token, without leaving a trace in the transcript."""
        ids = list(prompt)
        for _ in range(count):
            ids.append(self.choose(self.model(ids[-context:])))
        self.shown.clear()
        self.chose_from.clear()
        return ids[len(prompt) :]


def _prompt(rng: Rng, length: int) -> list[int]:
    return [int(number) for number in rng.integers(0, 12, size=length)]


@generate.probe(points=2, cases=5)
def writes_token_by_token(impl: Impl, rng: Rng) -> Any:
    """Each new token joins what the model is shown next; the result is the new tokens only."""
    script = ScriptedModel(rng)
    prompt = _prompt(rng, 1 + rng.case)
    result = impl(script.model, prompt, 2 + rng.case, script.choose)
    return {"new tokens": result, "shown to the model": script.shown}


@generate.probe(points=2, cases=4)
def stops_at_stop_tokens(impl: Impl, rng: Rng) -> Any:
    """A stop token ends the text, is not part of it, and nothing is asked after it."""
    script = ScriptedModel(rng)
    prompt = _prompt(rng, 2)
    free = script.written(prompt, 8)
    stops = {0: [free[1]], 1: [free[0]], 2: [free[2], free[3]], 3: [free[5]]}[rng.case]
    result = impl(script.model, prompt, 12, script.choose, stop_tokens=stops)
    return {"new tokens": result, "times the model was asked": len(script.shown)}


@generate.probe(points=2, cases=4)
def shows_the_last_ids(impl: Impl, rng: Rng) -> Any:
    """With a `context`, the model is shown the last ids and no more."""
    script = ScriptedModel(rng)
    impl(script.model, _prompt(rng, 2 + rng.case), 5, script.choose, context=[1, 3, 4, 20][rng.case])
    return {"shown to the model": script.shown}


@generate.probe(points=1, cases=3)
def keeps_to_the_limit(impl: Impl, rng: Rng) -> Any:
    """The model is asked once for each new token up to the limit, and never at a limit of 0."""
    script, second = ScriptedModel(rng), ScriptedModel(rng)
    prompt = _prompt(rng, 2 + rng.case)
    impl(script.model, prompt, 0, script.choose)
    impl(second.model, prompt, 3 + rng.case, second.choose)
    return {"shown at limit 0": script.shown, f"shown at limit {3 + rng.case}": second.shown}


@generate.probe(points=1, cases=3)
def passes_the_logits_on(impl: Impl, rng: Rng) -> Any:
    """`choose` receives the model's logits as they are."""
    script = ScriptedModel(rng)
    impl(script.model, _prompt(rng, 2), 1 + rng.case, script.choose)
    return {"given to choose": list(script.chose_from)}


@generate.probe(points=1, cases=3)
def leaves_the_prompt_alone(impl: Impl, rng: Rng) -> Any:
    """The prompt is the same list after the call as before."""
    script = ScriptedModel(rng)
    _, after = impl.keeping(script.model, _prompt(rng, 2 + rng.case), 2 + rng.case, script.choose)
    return {"times the model was asked": len(script.shown), "the prompt afterwards": after[1]}


@generate.probe(points=0, gates=["keeps_to_the_limit"], cases=2)
def refuses_an_empty_prompt(impl: Impl, rng: Rng) -> Any:
    """An empty prompt raises ValueError."""
    script = ScriptedModel(rng)
    return impl(script.model, [], [3, 0][rng.case], script.choose)
