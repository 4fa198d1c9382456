"""Chapter 1: what is asked of the student's code."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from autograder.draws import Rng
from autograder.exercise import Chapter
from autograder.proxy import Impl

chapter = Chapter("next_token", "A model predicts the next token")

# --- softmax_temperature

softmax = chapter.function(
    "softmax_temperature",
    title="Softmax with a temperature",
    minutes=15,
    difficulty=2,
    oracle="torch.softmax; transformers' TemperatureLogitsWarper",
)


def _logits(rng: Rng, *shape: int, scale: float = 2.0) -> Tensor:
    """Draw float32 logits, rounded so that a verdict can show them whole."""
    return torch.from_numpy(rng.normal(scale=scale, size=shape).round(1)).float()


def rows_are_distributions(probabilities: Any) -> str | None:
    """Law: every row of float32 logits gives a float32 distribution."""
    if not isinstance(probabilities, Tensor) or not probabilities.is_floating_point() or not probabilities.numel():
        return None  # the comparison says it better
    if probabilities.dtype is not torch.float32:
        return f"the logits are float32, and so should the result be; it is {str(probabilities.dtype)[6:]}"
    if probabilities.isnan().any():
        return "the result holds NaN"
    sums = probabilities.sum(dim=-1).reshape(-1)
    worst = int((sums - 1).abs().argmax())
    if abs(float(sums[worst]) - 1) > 1e-3:
        return f"each row should sum to 1; row {worst} sums to {float(sums[worst]):.4f}"
    return None


@softmax.probe(points=2, cases=6)
def follows_the_formula(impl: Impl, rng: Rng) -> Any:
    """One row of logits gives exp(z / T), divided by the sum."""
    logits = _logits(rng, 2 + rng.case)
    temperature = float(rng.choice([0.5, 0.7, 1.5, 2.0, 3.0]))
    return impl(logits, temperature)


@softmax.probe(points=2, law=rows_are_distributions)
def treats_rows_alone(impl: Impl, rng: Rng) -> Any:
    """With leading dimensions, every row is a distribution of its own."""
    shapes = [(2, 3), (3, 3), (2, 2, 4), (1, 3, 2, 5)]
    logits = _logits(rng, *shapes[rng.case])
    return impl(logits, float(rng.choice([0.5, 2.0])))


@softmax.probe(points=2, cases=4, rtol=1e-3)
def survives_large_logits(impl: Impl, rng: Rng) -> Any:
    """Logits of a thousand, and rows far apart, give finite probabilities."""
    base, gap = [(1000.0, 0.0), (-1000.0, 0.0), (1000.0, 2000.0), (-1000.0, 5000.0)][rng.case]
    near = _logits(rng, 2, 3) + base
    return impl(torch.stack([near[0], near[1] + gap]), 2.0 if gap else 0.5)


@softmax.probe(points=1)
def keeps_masked_tokens_out(impl: Impl, rng: Rng) -> Any:
    """A logit of -inf has probability 0, and the others share the whole."""
    logits = _logits(rng, 4 + rng.case)
    logits[torch.from_numpy(rng.permutation(4 + rng.case)[: 1 + rng.case % 3])] = -math.inf
    return impl(logits, float(rng.choice([0.5, 1.5])))


@softmax.probe(points=2)
def goes_to_the_limit(impl: Impl, rng: Rng) -> Any:
    """At T = 0 the largest logits share the probability equally."""
    logits = _logits(rng, 3 + rng.case)
    winners = torch.from_numpy(rng.permutation(3 + rng.case)[: [1, 2, 2, 3][rng.case]])
    logits[winners] = 7.5
    return impl(logits, 0.0)


@softmax.probe(points=0, gates=["goes_to_the_limit"], cases=3)
def refuses_bad_temperatures(impl: Impl, rng: Rng) -> Any:
    """A temperature below 0, or NaN, raises ValueError."""
    return impl(_logits(rng, 3), [-1.0, -0.01, math.nan][rng.case])


@softmax.probe(points=1, cases=3)
def leaves_logits_alone(impl: Impl, rng: Rng) -> Any:
    """The logits are the same after the call as before."""
    logits = _logits(rng, 3 + rng.case)
    probabilities, after = impl.keeping(logits, float(rng.choice([0.5, 2.0])))
    return {"probabilities": probabilities, "logits afterwards": after[0]}


@softmax.probe(points=1, cases=3, atol=1e-5)
def lets_gradients_through(impl: Impl, rng: Rng) -> Any:
    """The gradient with respect to the logits is that of the formula."""
    logits = _logits(rng, 2, 3 + rng.case)
    return impl.grad(logits, float(rng.choice([0.5, 2.0])), cotangent=_logits(rng, 2, 3 + rng.case))


# --- BPETokenizer

bpe = chapter.class_(
    "BPETokenizer",
    title="A byte-pair tokenizer",
    minutes=40,
    difficulty=3,
    oracle="tokenizers' BPE model and trainer",
    methods=("merge", "train", "encode", "decode"),
    attributes=("merges",),
)

_SYLLABLES = ["to", "wer", "ri", "ver", "the ", "is ", "na", "an", "ban", "ana", "a ", "é", "日本", "🗼"]


def _text(rng: Rng, syllables: int, *, ascii_only: bool = False) -> str:
    """Draw a text of frequent pieces, so that there is something to merge."""
    pieces = _SYLLABLES[:-3] if ascii_only else _SYLLABLES
    return "".join(str(piece) for piece in rng.choice(pieces, size=syllables))


def _merges(rng: Rng, ids: list[int], count: int, first: tuple[tuple[int, int], ...] = ()) -> list[tuple[int, int]]:
    """Draw merges of these ids that build on one another, as training would make them, behind the `first` ones."""
    ids = list(ids)
    merges = list(first)
    while len(merges) < len(first) + count:
        left, right = (int(number) for number in rng.choice(ids, size=2))
        if (left, right) not in merges:
            merges.append((left, right))
            ids.append(255 + len(merges))
    return merges


@bpe.probe(points=2, cases=6)
def merges_one_pair(impl: Impl, rng: Rng) -> Any:
    """`merge` replaces a pair from left to right, without overlap, and leaves the list alone."""
    ids = [int(number) for number in rng.choice([1, 2], size=3 + 2 * rng.case)]
    pair = (1, 1) if rng.case % 2 else (ids[0], ids[1])
    if rng.case == 1:
        ids = [1, 1, 1, 2]
    tokenizer = impl()
    merged, after = tokenizer.keeping("merge", ids, pair, 300)
    return {"merged": merged, "the list afterwards": after[0]}


@bpe.probe(points=3, cases=6)
def learns_frequent_pairs(impl: Impl, rng: Rng) -> Any:
    """`train` learns the most frequent pairs, in order; among equals the smallest, and none that occurs once."""
    text = ["abababc", "cabcab", "zyzyxx", None, None, None][rng.case]
    text = text or _text(rng, 4 * rng.case, ascii_only=True)
    tokenizer = impl()
    tokenizer.train(text, [10, 10, 10, 3, 8, 50][rng.case])
    return tokenizer.merges


@bpe.probe(points=1, cases=3)
def learns_from_bytes(impl: Impl, rng: Rng) -> Any:
    """`train` works on the UTF-8 bytes of any text."""
    text = _text(rng, 8 + 4 * rng.case) + "日本é日本é"
    tokenizer = impl()
    tokenizer.train(text, 4 + 4 * rng.case)
    return tokenizer.merges


@bpe.probe(points=1, cases=3)
def trains_afresh(impl: Impl, rng: Rng) -> Any:
    """Training again forgets the first training, and two tokenizers share nothing."""
    texts = [_text(rng, 6 + 4 * rng.case, ascii_only=True) for _ in range(3)]
    tokenizer, other = impl(), impl()
    tokenizer.train(texts[0], 5)
    other.train(texts[1], 5)
    tokenizer.train(texts[2], 5)
    return {"merges of the first": tokenizer.merges, "merges of the second": other.merges}


@bpe.probe(points=3, cases=6)
def encodes_in_order(impl: Impl, rng: Rng) -> Any:
    """`encode` applies `merges`, as they are now, in their order."""
    merges = [(98, 99), (97, 98)] if rng.case == 0 else _merges(rng, list(b"abc"), 2 + rng.case)
    text = "abcab" if rng.case == 0 else "".join(str(letter) for letter in rng.choice(list("abc"), 4 + 6 * rng.case))
    tokenizer = impl()
    tokenizer.merges = merges
    return tokenizer.encode(text)


@bpe.probe(points=1, cases=4)
def encodes_any_text(impl: Impl, rng: Rng) -> Any:
    """`encode` starts from UTF-8 bytes, whatever the text."""
    text = ["é", "日本", "", "a🗼b"][rng.case] + (_text(rng, 2 * rng.case) if rng.case != 2 else "")
    tokenizer = impl()
    tokenizer.merges = [(0xC3, 0xA9), (0xE6, 0x97)]
    return {"ids": tokenizer.encode(text), "ids of 'é'": tokenizer.encode("é")}


@bpe.probe(points=2, cases=5)
def decodes_what_was_encoded(impl: Impl, rng: Rng) -> Any:
    """`decode` expands merges, joins the bytes and turns them into text."""
    # First é, then 日 from its three bytes; what is drawn behind them joins whole characters only.
    whole = ((0xC3, 0xA9), (0xE6, 0x97), (257, 0xA5))
    merges = _merges(rng, [97, 256, 258], 1 + 2 * rng.case, whole)
    ids = [int(number) for number in rng.integers(258, 256 + len(merges), size=1 + rng.case)]
    tail = list("é日a".encode())
    tokenizer = impl()
    tokenizer.merges = merges
    return tokenizer.decode([*tail, *ids, *tail])


@bpe.probe(points=1, cases=4)
def decodes_broken_bytes(impl: Impl, rng: Rng) -> Any:
    """Bytes that are not valid UTF-8 become U+FFFD."""
    before, after = ([int(byte) for byte in rng.integers(97, 123, size=1 + rng.case)] for _ in range(2))
    broken = [[0xFF], [0xC3], [0xE6, 0x97], [0x80, 0xF0, 0x9F]][rng.case]
    tokenizer = impl()
    return tokenizer.decode([*before, *broken, *after])


@bpe.probe(points=0, gates=["decodes_what_was_encoded"], cases=3)
def refuses_unknown_ids(impl: Impl, rng: Rng) -> Any:
    """`decode` raises ValueError for an id that no merge has made, and for a negative one."""
    tokenizer = impl()
    tokenizer.merges = [(97, 98)]
    return tokenizer.decode([[257], [97, 1000], [97, -1]][rng.case])


# --- generate

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

    def written(self, prompt: list[int], count: int) -> list[int]:
        """Return what the loop writes without any stop token, without leaving a trace in the transcript."""
        ids = list(prompt)
        for _ in range(count):
            ids.append(self.choose(self.model(list(ids))))
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
