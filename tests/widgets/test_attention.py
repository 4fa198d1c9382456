"""The Attention widget measures what the weights say, stores them closely, and reads with the model that it is given."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import traitlets

from widgets import Attention
from widgets.attention import MEASURES, Reading, measures, packed, puzzle
from widgets.data import attention as generator

Call = Callable[[str, list[list[Any]]], list[Any]]

LAYERS, HEADS = 2, 3


def causal(size: int, seed: int = 0, sharpness: float = 2.0) -> np.ndarray:
    """Return random causal attention, (LAYERS, HEADS, size, size)."""
    generator = torch.Generator().manual_seed(seed)
    scores = sharpness * torch.randn(LAYERS, HEADS, size, size, generator=generator, dtype=torch.float64)
    mask = torch.ones(size, size, dtype=torch.bool).tril()
    return torch.softmax(scores.masked_fill(~mask, -math.inf), -1).numpy()


def uniform(size: int) -> np.ndarray:
    row = np.tril(np.ones((size, size)))
    return np.broadcast_to(row / row.sum(-1, keepdims=True), (LAYERS, HEADS, size, size)).copy()


def one_hot(size: int) -> np.ndarray:
    """Return heads that each look at one place: the first token, the token before, itself, in turn."""
    weights = np.zeros((LAYERS, HEADS, size, size))
    for head in range(HEADS):
        for query in range(size):
            weights[:, head, query, [0, max(0, query - 1), query][head]] = 1
    return weights


def oracle(weights: np.ndarray, tokens: list[str]) -> dict[str, np.ndarray]:
    """Return every measure of every head, from whole matrices."""
    size = len(tokens)
    flat = torch.tensor(weights).flatten(0, 1)  # (heads, T, T)
    alike = torch.tensor([[a == b for b in tokens] for a in tokens]).tril(-1)
    follows = torch.zeros_like(alike)
    follows[:, 1:] = alike[:, :-1]
    follows = follows.tril(-1)
    steps = torch.arange(size)
    far = (steps[:, None] - steps).double()

    def where(mask: torch.Tensor) -> torch.Tensor:
        some = mask.any(-1)
        return (flat * mask).sum(-1)[:, some].mean(-1)

    after_first = flat[:, 1:]
    found = {
        "previous": where(torch.eye(size).bool().roll(-1, 1).tril(-1)),
        "first": after_first[:, :, 0].mean(-1),
        "itself": flat.diagonal(dim1=1, dim2=2)[:, 1:].mean(-1),
        "same": where(alike),
        "after": where(follows),
        "entropy": torch.special.entr(after_first).sum(-1).mean(-1) / math.log(2),
        "distance": (after_first * far[1:]).sum(-1).mean(-1),
    }
    return {name: value.numpy() for name, value in found.items()}


def params(weights: np.ndarray, tokens: list[str]) -> dict[str, Any]:
    below = weights[:, :, *np.tril_indices(len(tokens))]
    return {"weights": below.reshape(-1).tolist(), "layers": LAYERS, "heads": HEADS, "tokens": tokens}


def letters(size: int) -> list[str]:
    return ["abcde"[place * place % 5] for place in range(size)]


CASES = {
    "soft": causal(12),
    "sharp": causal(40, seed=1, sharpness=30.0),
    "long": causal(128, seed=2),
    "two tokens": causal(2),
    "uniform": uniform(16),
    "one-hot": one_hot(9),
    "one token": np.ones((LAYERS, HEADS, 1, 1)),
}


@pytest.mark.parametrize("weights", CASES.values(), ids=CASES.keys())
def test_measures_are_those_of_whole_matrices(weights: np.ndarray, javascript: Call) -> None:
    tokens = letters(weights.shape[-1])
    (answer,) = javascript("attention", [["compute", params(weights, tokens)]])
    for name, want in oracle(weights, tokens).items():
        got = np.array([math.nan if value is None else value for value in answer[name]])
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("weights", CASES.values(), ids=CASES.keys())
def test_the_table_without_scripts_has_the_same_measures(weights: np.ndarray) -> None:
    tokens = letters(weights.shape[-1])
    want = oracle(weights, tokens)
    rows = [
        [row[: query + 1].tolist() for query, row in enumerate(head)]
        for head in weights.reshape(-1, *weights.shape[2:])
    ]
    for place, each in enumerate(rows):
        found = measures(each, tokens)
        assert list(found) == list(MEASURES)
        for name, value in found.items():
            assert value == pytest.approx(want[name][place], rel=1e-6, abs=1e-12, nan_ok=True)


def test_uniform_rows_have_the_entropy_of_their_length(javascript: Call) -> None:
    (answer,) = javascript("attention", [["compute", params(uniform(4), list("abcd"))]])
    assert answer["entropy"] == pytest.approx([(1 + math.log2(3) + 2) / 3] * LAYERS * HEADS)
    assert answer["same"] == [None] * LAYERS * HEADS


def test_the_scale_of_a_row_does_not_matter(javascript: Call) -> None:
    weights, tokens = causal(6), list("abacab")
    grown = weights * np.arange(1, 7)[:, None]
    plain, scaled = javascript("attention", [["compute", params(each, tokens)] for each in (weights, grown)])
    assert scaled["rows"] == pytest.approx(plain["rows"])


def test_habits_are_named(javascript: Call) -> None:
    (view,) = javascript("attention", [["compute", params(one_hot(9), letters(9))]])
    said = javascript("attention", [["habit", view, head] for head in range(HEADS)])
    assert said == ["mostly first token", "mostly token before", "mostly itself"]
    (flat,) = javascript("attention", [["compute", params(uniform(30), [str(place) for place in range(30)])]])
    assert javascript("attention", [["habit", flat, 0]]) == ["spread out"]


@pytest.mark.parametrize("weights", CASES.values(), ids=CASES.keys())
def test_bytes_keep_a_weight_within_half_a_percent(weights: np.ndarray) -> None:
    size = weights.shape[-1]
    reading = Reading("", "", tuple(letters(size)), "", packed(weights))
    assert len(reading.weights) == LAYERS * HEADS * size * (size + 1) // 2
    for place, head in enumerate(weights.reshape(-1, size, size)):
        for query in range(size):
            row = reading.row(place, query)
            assert sum(row) == pytest.approx(1)
            np.testing.assert_allclose(row, head[query, : query + 1], atol=0.005)


def test_the_stored_texts_are_short_and_contrast() -> None:
    widget = Attention.example()
    assert [len(each["tokens"]) <= 32 for each in widget.texts] == [True] * 3
    assert len(widget.weights) < 24_000
    assert [each["next"] for each in widget.texts] == ["bek", " the", " unknown"]
    assert not widget.live


def test_nothing_heavy_is_imported() -> None:
    code = "import sys; from widgets import Attention; repr(Attention.example()); print('torch' in sys.modules, 'pocket' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["False", "False"]


def test_the_question_is_about_the_head_that_copies() -> None:
    asked = Attention.example().asked
    assert asked["right"] == "“bek” (3)"
    assert asked["choices"].count(asked["right"]) == 1
    assert len(asked["choices"]) >= 4
    assert "92 %" in asked["question"]
    assert "induction" in asked["why"]


def test_other_answers_have_other_reasons() -> None:
    tokens = tuple("abcdef")
    heads = one_hot(6)
    first = puzzle(Reading("", "", tokens, "", packed(heads[:, :1])), 1)
    before = puzzle(Reading("", "", tokens, "", packed(heads[:, 1:2])), 1)
    assert (first["right"], before["right"]) == ("“a” (0)", "“e” (4)")
    assert "first token" in first["why"]
    assert "1 before" in before["why"]


@pytest.mark.parametrize("weights", [uniform(20), one_hot(6)[:, 2:], np.ones((LAYERS, HEADS, 1, 1))])
def test_no_question_is_asked_where_no_head_looks_hard_at_another_token(weights: np.ndarray) -> None:
    assert puzzle(Reading("", "", tuple(letters(weights.shape[-1])), "", packed(weights)), 1) == {}


@pytest.mark.parametrize(
    "kind",
    [
        lambda weights: weights,
        lambda weights: weights.tolist(),
        torch.tensor,
        lambda weights: tuple(torch.tensor(layer)[None].requires_grad_() for layer in weights),
        lambda weights: [torch.tensor(layer, dtype=torch.float16)[None] for layer in weights],
    ],
)
def test_weights_come_as_libraries_have_them(kind: Callable[[np.ndarray], Any]) -> None:
    weights = causal(7)
    widget = Attention.from_weights(kind(weights), list("abcdefg"))
    assert (widget.layers, widget.heads, widget.query) == (LAYERS, HEADS, 6)
    reading = Reading("", "", tuple("abcdefg"), "", widget.weights)
    np.testing.assert_allclose(reading.row(4, 5), weights[1, 1, 5, :6], atol=0.006)
    assert "layer 1, head 2" in repr(widget)


def spoiled(**changes: Any) -> np.ndarray:
    weights = causal(4)
    weights[0, 0, 3, int(changes.get("key", 0))] = changes["value"]
    return weights


@pytest.mark.parametrize(
    ("weights", "tokens", "words"),
    [
        (causal(4), "abc", "3 tokens but"),
        (causal(4)[0], "abcd", "expected"),
        (np.stack([causal(4), causal(4)], 1), "abcd", "expected"),
        (spoiled(value=math.nan), "abcd", "not finite"),
        (spoiled(value=math.inf), "abcd", "not finite"),
        (spoiled(value=-0.1), "abcd", "below 0"),
        (spoiled(value=2.0), "abcd", "token 3 sum to"),
        (np.full((1, 1, 4, 4), 0.25), "abcd", "causal"),
        (np.zeros((1, 0, 4, 4)), "abcd", "shape"),
        (uniform(161), "a" * 161, "at most 160"),
        ("words", "abcd", "not numbers"),
        ([], "abcd", "not numbers"),
        (np.broadcast_to(uniform(128)[:1, :1], (24, 24, 128, 128)), "a" * 128, "too many"),
    ],
)
def test_bad_weights_are_refused_in_words(weights: Any, tokens: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Attention.from_weights(weights, list(tokens))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"text": ""}, "empty"),
        ({"text": " \n "}, "empty"),
        ({"text": "a" * 10_001}, "10001 characters"),
        ({"preset": 3}, "0 to 2"),
        ({"model": object()}, "a text as well"),
        ({"model": object(), "text": "a"}, "give the tokenizer"),
        ({"tokenizer": object()}, "goes with a model"),
    ],
)
def test_bad_arguments_are_refused_in_words(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Attention(**arguments)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"text": "The river"}, "no model"),
        ({"text": " "}, "empty"),
        ({"chosen": 3}, "0 to 2"),
        ({"layer": 4}, "0 to 3"),
        ({"head": -1}, "0 to 5"),
        ({"query": 14}, "0 to 13"),
        ({"pinned": [0]}, "a layer and a head"),
        ({"pinned": [0, 6]}, "0 to 5"),
        ({"measure": "beauty"}, "one of previous"),
    ],
)
def test_bad_settings_are_refused_in_words(setting: dict[str, Any], words: str) -> None:
    widget = Attention.example()
    before = widget.state()
    for name, value in setting.items():
        with pytest.raises(traitlets.TraitError, match=words):
            setattr(widget, name, value)
    assert words in widget.problem
    assert widget.state() == before


def test_state_opens_the_same_view_again() -> None:
    first = Attention.example()
    first.chosen, first.query, first.pinned, first.measure = 1, 20, [2, 2], "entropy"
    again = Attention.example().load(json.loads(json.dumps(first.state())))
    assert again.state() == first.state()
    assert again.problem == ""


def test_a_shorter_text_takes_the_query_with_it() -> None:
    widget = Attention(preset=1)
    assert widget.query == 27
    widget.chosen = 0
    assert widget.query == 13


def test_a_page_has_no_kernel() -> None:
    widget = Attention(live=True)
    assert '"live": false' in widget.page("Attention")
    assert widget.live


def test_where_no_script_runs_there_is_a_picture() -> None:
    widget = Attention(preset=1)
    widget.layer, widget.head, widget.query = 3, 2, 27
    assert "masked: not yet written" in widget.picture()
    assert len(widget.picture()) < 16_000
    assert "token 27, ':', gives" in widget.describe()
    assert len(widget.numbers()[1]) == 24


class Reader:
    """Stands in for a language model: each head gives all its weight to the first token, of one letter each."""

    context = 1024
    device = "cpu"

    def __init__(self) -> None:
        self.model = self.tokenizer = self
        self.config = type("Config", (), {"_attn_implementation": "sdpa"})()
        self.training, self.used = True, []

    def encode(self, text: str) -> list[int]:
        return [ord(letter) for letter in text]

    def decode(self, ids: list[int]) -> str:
        return chr(ids[0])

    def convert_ids_to_tokens(self, number: int) -> str:
        return chr(number)

    def set_attn_implementation(self, name: str) -> None:
        self.config._attn_implementation = name

    def eval(self) -> None:
        self.training = False

    def train(self, mode: bool) -> None:
        self.training = mode

    def __call__(self, input_ids: torch.Tensor, **_: Any) -> Any:
        assert self.config._attn_implementation == "eager"
        assert not self.training
        if input_ids[0, 0] == ord("!"):
            raise RuntimeError("out of memory.")
        size = input_ids.shape[1]
        layer = torch.zeros(1, HEADS, size, size)
        layer[..., 0] = 1
        logits = torch.nn.functional.one_hot(input_ids[:, :], 128).float()
        return type("Output", (), {"attentions": (layer,) * LAYERS, "logits": logits})()


@pytest.fixture
def live() -> Attention:
    return Attention("abc", model=Reader())


def test_a_typed_text_is_read_and_chosen(live: Attention) -> None:
    assert (live.live, live.layers, live.heads, len(live.texts)) == (True, LAYERS, HEADS, 1)
    live.set_state({"text": "hello"})  # what a front end sends
    assert [each["text"] for each in live.texts] == ["abc", "hello"]
    assert (live.chosen, live.query, live.texts[1]["next"]) == (1, 4, "o")
    live.text = "again"
    assert [each["text"] for each in live.texts] == ["abc", "again"]
    assert len(live.weights) == LAYERS * HEADS * (6 + 15)


@pytest.mark.parametrize(("text", "words"), [("x" * 161, "161 tokens; 1 to 160"), ("!", "Out of memory")])
def test_a_text_that_cannot_be_read_leaves_the_last_picture(text: str, words: str, live: Attention) -> None:
    live.text = "hello"
    before = live.state(), live.weights
    live.set_state({"text": text})
    assert words in live.problem
    assert (live.state(), live.weights) == before
    live.text = "fine"
    assert live.problem == ""


def test_the_model_is_as_it_was_afterwards(live: Attention) -> None:
    reader = live._model
    assert (reader.config._attn_implementation, reader.training) == ("sdpa", True)


@pytest.mark.slow
def test_the_stored_weights_are_those_of_pocket_lm() -> None:
    fresh, widget = generator.make(), Attention.example()
    assert [each["tokens"] for each in fresh["texts"]] == [each["tokens"] for each in widget.texts]
    again = Attention(readings=_readings(fresh))
    for stored, made in zip(widget._readings, again._readings, strict=True):
        for place in range(24):
            for query in range(len(stored.tokens)):
                np.testing.assert_allclose(made.row(place, query), stored.row(place, query), atol=0.006)


def _readings(data: dict[str, Any]) -> Any:
    import base64

    rows = [
        (each["name"], each["text"], tuple(each["tokens"]), each["next"], base64.b64decode(each["weights"]))
        for each in data["texts"]
    ]
    return [Reading(*row) for row in rows], data["layers"], data["heads"]


@pytest.mark.slow
def test_a_live_widget_shows_what_transformers_computes() -> None:
    import pocket

    lm = pocket.load("pocket-lm")
    text = "The River Salbek rises on Mount Torga. " * 9
    widget = Attention(text, model=lm.model, tokenizer=lm.tokenizer)
    ids = lm.encode(text)
    assert len(ids) >= 96
    lm.model.set_attn_implementation("eager")
    with torch.no_grad():
        want = lm.model(input_ids=torch.tensor([ids]), output_attentions=True).attentions
    reading = widget._readings[0]
    assert "".join(reading.tokens) == text
    for layer, weights in enumerate(want):
        for query in (0, 1, len(ids) - 1):
            np.testing.assert_allclose(
                reading.row(layer * 6 + 5, query), weights[0, 5, query, : query + 1].numpy(), atol=0.006
            )
