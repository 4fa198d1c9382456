"""The numbers of the Temperature widget are the course's own, and its Python side keeps them exact."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import traitlets

from solutions.next_token import softmax_temperature
from widgets import Temperature
from widgets.base import stored, texts_from_json, texts_to_json
from widgets.temperature import next_token_probabilities

Call = Callable[[str, list[list[Any]]], list[Any]]

INF = math.inf
ROWS = {
    "a small vocabulary": [4.1, 3.4, 2.6, 2.2, 1.1, 0.7, 0.2, -0.9],
    "equal logits": [0.5, 0.5, 0.5],
    "two share the top": [1.0, 3.0, 3.0, 2.0],
    "logits of 1000": [1000.0, 999.0, 0.0, -1000.0],
    "logits of -1000": [-1000.0, -1001.0],
    "a token that cannot come": [1.0, -INF, 0.0],
    "one token": [7.0],
    "many tokens": torch.randn(500, dtype=torch.float64, generator=torch.Generator().manual_seed(4)).tolist(),
}
TEMPERATURES = [0.0, 1e-320, 1e-9, 0.05, 0.5, 1.0, 3.0, 1e6]


def params(
    logits: list[float], temperature: float = 1.0, top_k: int | None = None, top_p: float = 1.0, min_p: float = 0.0
) -> dict[str, Any]:
    settings = {"temperature": temperature, "top_k": top_k or len(logits), "top_p": top_p, "min_p": min_p}
    return {"logits": logits, **settings}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_probabilities_are_those_of_the_exercise(row: list[float], javascript: Call) -> None:
    answers = javascript("temperature", [["compute", params(row, t)] for t in TEMPERATURES])
    for temperature, answer in zip(TEMPERATURES, answers, strict=True):
        want = softmax_temperature(torch.tensor(row, dtype=torch.float64), temperature)
        got = torch.tensor(answer["probs"], dtype=torch.float64)
        torch.testing.assert_close(got, want, rtol=1e-6, atol=0)


def test_the_limit_at_zero_is_exact(javascript: Call) -> None:
    zero, tiny = javascript("temperature", [["compute", params(ROWS["two share the top"], t)] for t in (0.0, 1e-300)])
    assert zero["probs"] == tiny["probs"] == [0.0, 0.5, 0.5, 0.0]
    assert (zero["entropy"], zero["effective"], zero["possible"]) == (1.0, 2.0, 2)


def test_entropy_of_equal_tokens_counts_them(javascript: Call) -> None:
    (answer,) = javascript("temperature", [["compute", params([2.0] * 8)]])
    assert answer["entropy"] == pytest.approx(3)
    assert answer["effective"] == pytest.approx(8)


def test_the_token_that_crosses_p_is_kept(javascript: Call) -> None:
    logits = [math.log(weight) for weight in (5.0, 3.0, 2.0)]
    exact, above, below = javascript("temperature", [["compute", params(logits, top_p=p)] for p in (0.5, 0.51, 0.01)])
    assert exact["kept"] == below["kept"] == [1, 0, 0]
    assert above["probs"] == pytest.approx([5 / 8, 3 / 8, 0])


def test_p_counts_the_mass_of_what_k_left(javascript: Call) -> None:
    logits = [math.log(weight) for weight in (4.0, 3.0, 3.0)]
    (answer,) = javascript("temperature", [["compute", params(logits, top_k=2, top_p=0.5)]])
    assert answer["kept"] == [1, 0, 0]


def test_a_kept_token_of_no_probability_is_not_called_cut(javascript: Call) -> None:
    (answer,) = javascript("temperature", [["compute", params([1.0, 0.0], temperature=0.0)]])
    assert answer["kept"] == [1, 1]
    assert answer["possible"] == 1


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_cuts_agree_with_transformers_and_with_the_still_picture(row: list[float], javascript: Call) -> None:
    from transformers.generation.logits_process import MinPLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

    settings = [
        (t, min(k, len(row)), p, m) for t in (0.5, 2.0) for k in (1, 2, 5) for p in (0.3, 0.8, 1.0) for m in (0.0, 0.3)
    ]
    answers = javascript("temperature", [["compute", params(row, *setting)] for setting in settings])
    for (temperature, top_k, top_p, min_p), answer in zip(settings, answers, strict=True):
        got = torch.tensor(answer["probs"], dtype=torch.float64)
        still = torch.tensor(next_token_probabilities(row, temperature, top_k, top_p, min_p), dtype=torch.float64)
        torch.testing.assert_close(got, still, rtol=1e-12, atol=0)
        scores = torch.tensor([row], dtype=torch.float64) / temperature
        for warper in (TopKLogitsWarper(top_k), TopPLogitsWarper(top_p), MinPLogitsWarper(min_p)):
            scores = warper(None, scores)
        if len(set(row)) == len(row):  # among equal logits transformers keeps all, we keep the first
            torch.testing.assert_close(got, torch.softmax(scores, -1)[0], rtol=1e-6, atol=0)


def test_min_p_is_a_share_of_the_likeliest(javascript: Call) -> None:
    logits = [math.log(weight) for weight in (6.0, 3.0, 1.0)]
    half, more, all_of_it = javascript("temperature", [["compute", params(logits, min_p=m)] for m in (0.5, 0.51, 1.0)])
    assert half["probs"] == pytest.approx([2 / 3, 1 / 3, 0])
    assert more["kept"] == all_of_it["kept"] == [1, 0, 0]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("1, 2;-0.5\n4e2", [1.0, 2.0, -0.5, 400.0]),
        ("1 -inf", [1.0, -INF]),
        ("1, two", "Number 2 of your logits is not a finite number"),
        ("1, NaN", "Number 2 of your logits is not a finite number"),
        ("Infinity", "Number 1 of your logits is not a finite number"),
        (" , ", "at least one finite"),
        ("1 " * 51, "At most 50"),
        ("-inf -inf", "at least one finite"),
    ],
)
def test_typed_logits_are_read_or_refused_in_words(text: str, read: list[float] | str, javascript: Call) -> None:
    (got,) = javascript("temperature", [["typed", text]])
    if isinstance(read, str):
        assert read in got
    else:
        assert [-INF if value is None else value for value in got] == read  # JSON has no infinity


def test_the_slider_of_k_offers_few_values_of_a_large_vocabulary(javascript: Call) -> None:
    few, many = javascript("temperature", [["stops", 7], ["stops", 50_000]])
    assert few == [1, 2, 3, 4, 5, 6, 7]
    assert many[:20] == list(range(1, 21))
    assert many[-1] == 50_000
    assert all(low < high <= 1.14 * low + 1 for low, high in itertools.pairwise(many))
    assert len(many) < 120


def test_draws_repeat_and_never_show_what_cannot_come(javascript: Call) -> None:
    probs = [0.7, 0.0, 0.3, 0.0]
    once, again, other = javascript("temperature", [["sample", probs, 1000, seed] for seed in (1, 1, 2)])
    assert once == again != other
    assert sum(once) == 1000
    assert once[1] == once[3] == 0
    assert once[0] == pytest.approx(700, abs=73)  # five standard deviations


def test_the_question_has_one_right_choice_and_it_is_the_square(javascript: Call) -> None:
    (asked,) = javascript("temperature", [["puzzle", [math.log(3), 0.0], ["tower", "river"]]])
    assert asked["right"] == "9.0 times"
    assert asked["choices"].count(asked["right"]) == 1
    assert len(asked["choices"]) >= 4


@pytest.mark.parametrize("row", [[1.0, 1.0], [2.0], [1000.0, 0.0]])
def test_no_question_is_asked_where_the_answer_would_be_dull(row: list[float], javascript: Call) -> None:
    assert javascript("temperature", [["puzzle", row, ["a"] * len(row)]]) == [None]


@pytest.mark.parametrize(
    "kind", [list, tuple, np.array, torch.tensor, lambda row: torch.tensor(row, requires_grad=True)]
)
def test_logits_come_in_any_kind_of_row(kind: Callable[[list[float]], Any]) -> None:
    widget = Temperature(kind([0.25, -INF, 1000.0]), ("a", "b", "c"))
    assert widget.logits == (0.25, -INF, 1000.0)
    assert (widget.temperature, widget.top_k, widget.top_p) == (1.0, 3, 1.0)


@pytest.mark.parametrize(
    ("logits", "tokens", "words"),
    [
        ([1.0, 2.0], ["a"], "2 logits but 1 tokens"),
        ([], [], "at least one finite"),
        ([-INF], ["a"], "at least one finite"),
        ([1.0, math.nan], ["a", "b"], "logit 1 is nan"),
        ([1.0, INF], ["a", "b"], "logit 1 is inf"),
        ([[1.0], [2.0]], ["a", "b"], "more than one dimension"),
    ],
)
def test_bad_logits_are_refused_in_words(logits: list[Any], tokens: list[str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Temperature(logits, tokens)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"temperature": -1}, "0 or larger"),
        ({"temperature": math.nan}, "0 or larger"),
        ({"top_k": 0}, "1 to 2"),
        ({"top_k": 3}, "1 to 2"),
        ({"top_p": 0.0}, "above 0"),
        ({"top_p": 1.5}, "above 0"),
        ({"min_p": -0.1}, "min_p must be 0 to 1"),
        ({"min_p": math.nan}, "min_p must be 0 to 1"),
    ],
)
def test_bad_settings_are_refused_in_words(setting: dict[str, float], words: str) -> None:
    with pytest.raises(traitlets.TraitError, match=words):
        Temperature([1.0, 0.0], ["a", "b"], **setting)


def test_a_bad_setting_later_keeps_the_last_one_and_is_said_in_the_widget() -> None:
    widget = Temperature([1.0, 0.0], ["a", "b"], 0.5)
    with pytest.raises(traitlets.TraitError, match="0 or larger"):
        widget.temperature = -1
    assert widget.temperature == 0.5
    assert widget.problem == "Temperature must be 0 or larger and finite, not -1.0."
    widget.temperature = 2
    assert widget.problem == ""
    with pytest.raises(traitlets.TraitError, match="logit 1 is nan"):
        widget.logits = [1.0, math.nan]
    assert widget.logits == (1.0, 0.0)
    assert "logit 1 is nan" in widget.problem.lower()


def test_a_bad_setting_from_the_browser_is_said_and_not_taken() -> None:
    widget = Temperature([1.0, 0.0], ["a", "b"], 0.5)
    widget.set_state({"temperature": -1.0})
    assert widget.temperature == 0.5
    assert widget.problem == "Temperature must be 0 or larger and finite, not -1.0."
    widget.set_state({"temperature": 1.5})
    assert (widget.temperature, widget.problem) == (1.5, "")


def test_state_opens_the_same_view_again() -> None:
    first = Temperature([1.0, 0.0], ["a", "b"], 0.5, 1, 0.9, 0.1)
    first.pinned, first.draws, first.seed, first.prediction = [2.0, 2, 1.0, 0.0], 3, 7, "9.0 times"
    again = Temperature([1.0, 0.0], ["a", "b"]).load(json.loads(json.dumps(first.state())))
    assert again.state() == first.state()
    assert again.problem == ""


def test_a_state_of_another_version_is_taken_as_far_as_it_is_understood() -> None:
    widget = Temperature([1.0, 0.0], ["a", "b"])
    widget.load({"version": 0, "temperature": 0.5, "top_k": 9, "heat": 1})
    assert (widget.temperature, widget.top_k) == (0.5, 2)
    assert widget.problem == (
        "Not all of the saved state was taken: it was saved by another version; top_k must be 1 to 2, not 9; "
        "heat is not known."
    )


def test_a_terminal_gets_the_numbers_as_text() -> None:
    said = repr(Temperature([1.0, 0.0], ["<tower>", "river"], caption="Then the"))
    assert "'<tower>'" in said
    assert "Then the" in said
    assert "0.7311" in said  # e / (e + 1)


def test_a_contrast_must_fit_too() -> None:
    with pytest.raises(ValueError, match="1 logits but 2 tokens"):
        Temperature([1.0, 0.0], ["a", "b"], contrast=([1.0], ["a", "b"], "flat"))
    assert Temperature([1.0], ["a"], contrast=([1.0, 0.0], ["a", "b"], "flat")).top_k == 2


@pytest.mark.slow
def test_the_stored_logits_are_those_of_the_model() -> None:
    from widgets.data import temperature

    made, kept = temperature.rows(), stored("temperature")
    assert made["tokens"] == kept["tokens"]
    for name in temperature.PROMPTS:
        assert made[name]["logits"] == pytest.approx(kept[name]["logits"], abs=0.021)


@pytest.mark.parametrize("texts", [[], [""], ["", ""], ["a", "", "b|c", "¡"], ['"', "\\", "\n", "␣", "𝛾"]], ids=str)
def test_texts_are_sent_as_one_and_read_back(texts: list[str]) -> None:
    assert texts_from_json(texts_to_json(texts)) == texts
    assert len(texts_to_json(texts)) == len("".join(texts)) + len(texts)


def test_a_token_cannot_end_the_page(tmp_path: Path) -> None:
    page = Temperature([1.0, 0.0], ["</script><script>alert(1)</script>", "b"]).to_html(tmp_path / "page.html")
    assert "<script>alert" not in page.read_text(encoding="utf-8")
