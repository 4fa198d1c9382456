"""The numbers of the LoRARank widget are those of numpy and PEFT, and its Python side refuses what has no singular values."""

from __future__ import annotations

import base64
import io
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import traitlets

from widgets import LoRARank
from widgets.base import stored
from widgets.lora_rank import MODELS, shapes
from widgets.module import compose

Call = Callable[[str, list[list[Any]]], list[Any]]

DRAW = np.random.default_rng(5).standard_normal
MATRICES = {
    "wide": DRAW((5, 9)),
    "tall": DRAW((9, 5)),
    "square": DRAW((24, 24)),
    "rank 1": np.outer(DRAW(6), DRAW(8)),
    "rank 2 of 7": DRAW((7, 2)) @ DRAW((2, 7)),
    "repeated singular values": np.linalg.qr(DRAW((6, 6)))[0] * 3,
    "identity": np.eye(4),
    "one row": DRAW((1, 6)),
    "one column": DRAW((6, 1)),
    "one number": np.array([[-2.0]]),
    "a row of zeros": np.array([[0.0, 0.0], [3.0, 4.0]]),
    "numbers of 1e150": DRAW((4, 6)) * 1e150,
    "numbers of 1e-150": DRAW((4, 6)) * 1e-150,
    "a spectrum of 12 decades": np.linalg.qr(DRAW((6, 6)))[0] * 10.0 ** -np.arange(0, 12, 2),
}
each_matrix = pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES.keys())

LLAMA, MISTRAL, POCKET = ({"sizes": list(MODELS[name])} for name in ("Llama-2-7B", "Mistral-7B", "pocket-lm"))


def sent(matrix: np.ndarray[Any, Any]) -> dict[str, Any]:
    rows, cols = matrix.shape
    return {"values": matrix.ravel().tolist(), "rows": rows, "cols": cols}


def best(matrix: np.ndarray[Any, Any], rank: int) -> np.ndarray[Any, Any]:
    u, s, v = np.linalg.svd(matrix, full_matrices=False)
    return np.asarray(u[:, :rank] * s[:rank] @ v[:rank])


@each_matrix
def test_singular_values_are_those_of_numpy(matrix: np.ndarray[Any, Any], javascript: Call) -> None:
    (answer,) = javascript("lora_rank", [["svd", sent(matrix)]])
    want = np.linalg.svd(matrix, compute_uv=False)
    np.testing.assert_allclose(answer["s"], want, rtol=1e-6, atol=1e-13 * want[0])


@each_matrix
def test_singular_vectors_are_at_right_angles_and_give_the_matrix_back(
    matrix: np.ndarray[Any, Any], javascript: Call
) -> None:
    (answer,) = javascript("lora_rank", [["svd", sent(matrix)]])
    s = np.array(answer["s"])
    u, v = (np.array(answer[side]).reshape(len(s), -1) for side in "uv")
    there = s > 0
    for side in (u, v):
        np.testing.assert_allclose(side[there] @ side[there].T, np.eye(there.sum()), atol=1e-9)
    np.testing.assert_allclose(u.T * s @ v, matrix, atol=1e-9 * s[0])


@each_matrix
def test_the_approximation_of_each_rank_is_that_of_numpy(matrix: np.ndarray[Any, Any], javascript: Call) -> None:
    u, s, v = np.linalg.svd(matrix, full_matrices=False)
    ranks = range(1, len(s) + 1)
    factors = {"u": u.T.ravel().tolist(), "s": s.tolist(), "v": v.ravel().tolist()}
    answers = javascript("lora_rank", [["compute", {**factors, "rank": rank}] for rank in ranks])
    norm = np.linalg.norm(matrix / s[0])
    for rank, answer in zip(ranks, answers, strict=True):
        low = np.array(answer["low"]).reshape(matrix.shape)
        np.testing.assert_allclose(low, best(matrix, rank), rtol=1e-6, atol=1e-9 * s[0])
        left = (matrix - low) / s[0]
        assert answer["frobenius"] == pytest.approx(np.linalg.norm(left) / norm, rel=1e-6, abs=1e-9)
        assert answer["spectral"] == pytest.approx(np.linalg.norm(left, 2), rel=1e-6, abs=1e-9)
        assert answer["energy"] == pytest.approx(1 - answer["frobenius"] ** 2, rel=1e-6)
    assert (answers[-1]["energy"], answers[-1]["frobenius"], answers[-1]["spectral"]) == (1, 0, 0)


def test_factors_of_the_browser_give_the_residuals_of_torch(javascript: Call) -> None:
    matrix = MATRICES["square"]
    (factors,) = javascript("lora_rank", [["svd", sent(matrix)]])
    (answer,) = javascript("lora_rank", [["compute", {**factors, "rank": 7}]])
    s = torch.linalg.svdvals(torch.tensor(matrix))
    assert answer["frobenius"] == pytest.approx(((s[7:] ** 2).sum() / (s**2).sum()).sqrt().item(), rel=1e-6)
    assert answer["spectral"] == pytest.approx((s[7] / s[0]).item(), rel=1e-6)


def test_a_matrix_of_rank_one_is_whole_at_rank_one(javascript: Call) -> None:
    (factors,) = javascript("lora_rank", [["svd", sent(MATRICES["rank 1"])]])
    assert factors["s"][1:] == [0] * 5
    (answer,) = javascript("lora_rank", [["compute", {**factors, "rank": 1}]])
    assert (answer["energy"], answer["frobenius"]) == (1, 0)


def test_nothing_but_zeros_gets_a_sentence(javascript: Call) -> None:
    with pytest.raises(AssertionError, match="all zeros: there is nothing to approximate"):
        javascript("lora_rank", [["svd", sent(np.zeros((3, 4)))]])


@pytest.mark.parametrize(
    ("setting", "lora", "share"),
    [
        ({**LLAMA, "targets": ["q", "v"], "lora": 8}, 4_194_304, 2 * 8 / 4096),
        ({**LLAMA, "targets": ["q", "k", "v", "o"], "lora": 16}, 16_777_216, 2 * 16 / 4096),
        ({**LLAMA, "targets": ["q"], "lora": 4}, 1_048_576, 0.00195),
        ({**LLAMA, "targets": ["q"], "lora": 64}, 16_777_216, 0.03125),
        ({**MISTRAL, "targets": ["q", "v"], "lora": 8}, 32 * 8 * (8192 + 5120), 13312 * 8 / (4096 * 5120)),
        ({**POCKET, "targets": ["q", "v"], "lora": 16}, 4 * 16 * (384 + 288), 16 * 672 / (192 * 288)),
    ],
)  # fmt: skip
def test_costs_are_those_worked_out_by_hand(setting: dict[str, Any], lora: int, share: float, javascript: Call) -> None:
    (answer,) = javascript("lora_rank", [["cost", setting]])
    assert (answer["lora"], answer["fp16"]) == (lora, 2 * lora)
    assert answer["share"] == pytest.approx(share, rel=2e-3)


@pytest.mark.parametrize(("setting", "total"), [(LLAMA, 6_738_415_616), (MISTRAL, 7_241_732_096), (POCKET, 1_844_928)])
def test_models_are_as_large_as_their_checkpoints(setting: dict[str, Any], total: int, javascript: Call) -> None:
    (answer,) = javascript("lora_rank", [["cost", {**setting, "targets": ["q"], "lora": 1}]])
    assert answer["model"] == total
    assert answer["whole"] == pytest.approx(answer["lora"] / total)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing:FutureWarning")  # peft asks transformers the old way
@pytest.mark.parametrize("targets", [["q", "v"], ["k", "o", "down"], ["q", "k", "v", "o", "gate", "up", "down"]])
def test_costs_agree_with_peft(targets: list[str], javascript: Call) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    sizes = [32, 16, 56, 3, 101, 2]
    width, narrow, mlp, layers, vocabulary, _ = sizes
    config = LlamaConfig(
        vocab_size=vocabulary, hidden_size=width, intermediate_size=mlp, num_hidden_layers=layers,
        num_attention_heads=4, num_key_value_heads=narrow // (width // 4), tie_word_embeddings=False,
    )  # fmt: skip
    with torch.device("meta"):
        base = LlamaForCausalLM(config)
        total = base.num_parameters()
        peft = get_peft_model(base, LoraConfig(r=5, target_modules=[f"{name}_proj" for name in targets]))
    (answer,) = javascript("lora_rank", [["cost", {"sizes": sizes, "targets": targets, "lora": 5}]])
    trainable, _ = peft.get_nb_trainable_parameters()
    assert (answer["lora"], answer["model"]) == (trainable, total)


def test_the_question_has_one_right_choice_among_others(javascript: Call) -> None:
    flat, steep, middle = javascript("lora_rank", [["puzzle", s] for s in ([1] * 48, [1, *[1e-9] * 47], [2, 1, 1, 1])])
    assert (flat["few"], flat["right"]) == (2, "4.2 %")
    assert "No few directions" in flat["why"]
    assert steep["right"] in ("100 %", "> 99.9 %")
    assert "A few directions" in steep["why"]
    assert (middle["few"], middle["right"]) == (1, "57 %")
    for asked in (flat, steep, middle):
        assert asked["choices"].count(asked["right"]) == 1
        assert len(set(asked["choices"])) == len(asked["choices"]) >= 3


def test_too_few_singular_values_are_not_asked_about(javascript: Call) -> None:
    assert javascript("lora_rank", [["puzzle", [3, 2, 1]]]) == [None]


def test_a_heat_map_is_a_picture_that_reads_back(javascript: Call) -> None:
    from PIL import Image

    (text,) = javascript("lora_rank", [["heat", [-2, 0, 2, 0, 9, -1], 2, 3, 2]])
    assert text.startswith("data:image/bmp;base64,")
    image = Image.open(io.BytesIO(base64.b64decode(text.partition(",")[2]))).convert("RGB")
    blue, white, orange, pale = (0, 114, 178), (255, 255, 255), (230, 110, 0), (127, 184, 216)
    colours = [image.getpixel((x, y)) for y in (0, 1) for x in (0, 1, 2)]
    assert colours[:5] == [blue, white, orange, white, orange]
    assert colours[5] == pytest.approx(pale, abs=2)


@pytest.mark.parametrize(
    "kind", [list, tuple, np.array, torch.tensor, lambda rows: torch.tensor(rows, requires_grad=True)]
)
def test_a_matrix_comes_in_any_kind_of_rows(kind: Callable[[list[list[float]]], Any]) -> None:
    widget = LoRARank(kind([[3.0, 0.0, 0.0], [0.0, 4.0, 0.0]]), "mine")
    assert widget.residuals(1) == pytest.approx((0.64, 0.6, 0.75))
    assert widget.residuals(2) == (1, 0, 0)


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        ([[0.0, 0.0]], "all 0"),
        ([[1.0, math.nan]], "not finite"),
        ([[1.0, math.inf]], "not finite"),
        ([1.0, 2.0], r"shape \(2,\)"),
        ([[]], "rows and columns"),
        ([], "rows and columns"),
        ([[1.0], [1.0, 2.0]], "rows of equal length"),
        ("12", "rows and columns"),
        (None, "rows and columns"),
        (np.ones((257, 2)), "at most 256 by 256"),
    ],
)
def test_what_has_no_singular_values_is_refused_in_words(matrix: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        LoRARank(matrix)
    with pytest.raises(ValueError, match=words.replace("update", "contrast")):
        LoRARank([[1.0]], contrast=(matrix, "other"))


def test_names_and_losses_are_checked() -> None:
    with pytest.raises(ValueError, match="at most 28 characters"):
        LoRARank([[1.0]], "n" * 29)
    with pytest.raises(ValueError, match="not finite"):
        LoRARank([[1.0]], losses=[math.nan])


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"rank": 0}, "1 to 2, not 0"),
        ({"rank": 3}, "1 to 2, not 3"),
        ({"lora": 0}, "1 to 4096"),
        ({"lora": 4097}, "1 to 4096"),
        ({"targets": []}, "one or more"),
        ({"targets": ["q", "q"]}, "each once"),
        ({"targets": ["x"]}, "q, k, v"),
        ({"sizes": [1, 2, 3]}, "six whole numbers"),
        ({"sizes": [0, 1, 1, 1, 1, 1]}, "six whole numbers"),
        ({"sizes": [1, 1, 1, 1, 1, 3]}, "six whole numbers"),
    ],
)
def test_bad_settings_are_refused_in_words(setting: dict[str, Any], words: str) -> None:
    widget = LoRARank([[1.0, 0.0], [0.0, 1.0]])
    before = widget.state()
    (name, value), = setting.items()  # fmt: skip
    with pytest.raises(traitlets.TraitError, match=words):
        setattr(widget, name, value)
    assert widget.state() == before
    assert widget.problem.endswith(".")


def test_the_rank_of_a_lora_is_at_most_the_shortest_side() -> None:
    widget = LoRARank([[1.0]])
    widget.sizes = list(MODELS["Mistral-7B"])
    widget.lora = 1024
    with pytest.raises(traitlets.TraitError, match="1 to 1024"):
        widget.lora = 1025
    assert shapes(widget.sizes)["down"] == (14336, 4096)


def test_state_opens_the_same_view_again() -> None:
    first = LoRARank.example()
    first.rank, first.tens, first.targets, first.lora, first.prediction = 40, True, ["k"], 3, "skip"
    again = LoRARank.example().load(json.loads(json.dumps(first.state())))
    assert again.state() == first.state()
    assert not again.problem


def test_by_default_the_contrast_is_random_and_of_the_same_norm() -> None:
    for scale in (1e-200, 1.0, 1e200):
        widget = LoRARank(np.outer(DRAW(20), DRAW(20)) * scale)
        mine, others = (np.array(spectrum) / scale for spectrum in widget._spectra)
        assert np.linalg.norm(mine) == pytest.approx(np.linalg.norm(others))
        assert others[1] > 0.5 * others[0]


def test_numbers_travel_in_as_few_bytes_as_they_need() -> None:
    assert len(LoRARank([[1.0, -127.0], [5.0, 0.0]]).update) == 24 + 4
    assert len(LoRARank([[1.0, -127.0], [5.5, 0.0]]).update) == 24 + 16
    assert len(LoRARank([[1.0, -127.0], [0.1, 0.0]]).update) == 24 + 32
    assert len(LoRARank([[1e200, 0.3e200]]).update) == 24 + 16


def test_where_no_script_runs_there_is_text_and_a_picture() -> None:
    widget = LoRARank([[2.0, 0.0], [0.0, 1.0]], "<mine>", "A test.")
    head, rows = widget.numbers()
    assert head[:2] == ["rank", "energy kept"]
    assert rows[0][:4] == ["1", "0.8000", "0.4472", "0.5000"]
    assert "A test." in repr(widget)
    assert "&lt;mine&gt;" in widget.picture()


def test_the_example_is_small_and_says_what_it_is() -> None:
    widget = LoRARank.example()
    assert "stands in until" in widget.caption
    assert len(widget.update) + len(widget.contrast) < 40_000
    assert len(compose("lora_rank").encode()) <= 30 * 1024
    energy, _, _ = widget.residuals(4)
    others = np.array(widget._spectra[1])
    assert energy > 3 * (others[:4] ** 2).sum() / (others**2).sum()
    assert widget.losses[0] > 10 * widget.losses[4] > 10 * widget.losses[-1]


@pytest.mark.slow
def test_what_is_stored_is_what_the_run_gives() -> None:
    from widgets.data.lora_rank import measure

    kept, fresh = stored("lora_rank"), measure()
    for key in ("update", "before"):
        a, b = (
            np.frombuffer(base64.b64decode(each[key]["int8"]), np.int8).astype(float) * each[key]["unit"]
            for each in (kept, fresh)
        )
        # Another processor sums in another order, and training carries that on.
        assert np.linalg.norm(a - b) <= 0.1 * np.linalg.norm(a)
    np.testing.assert_allclose(fresh["losses"], kept["losses"], rtol=0.2, atol=0.01)
