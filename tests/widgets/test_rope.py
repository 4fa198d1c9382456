"""The frequencies of the RoPE widget are those of transformers and of the papers; its curves are means that can be counted out."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import traitlets

from widgets import RoPE
from widgets.rope import METHODS, rotary_frequencies

Call = Callable[[str, list[list[Any]]], list[Any]]

#: dim, base, length, scale
SETTINGS = [
    (64, 1e4, 2048, 4.0),
    (64, 1e4, 2048, 1.0),
    (2, 1e4, 2048, 4.0),
    (256, 1e6, 131072, 16.0),
    (128, 5e5, 8192, 32.0),
    (128, 1e4, 4096, 2.5),
    (16, 1.01, 16, 8.0),
    (64, 2.0, 131072, 4.0),
    (64, 1e9, 16, 4.0),
]
ALL = list(itertools.product(SETTINGS, METHODS, (False, True)))


def params(setting: tuple[int, float, int, float], method: str = "none", *, by_pair: bool = False) -> dict[str, Any]:
    return {**dict(zip(("dim", "base", "length", "scale"), setting, strict=True)), "method": method, "by_pair": by_pair}


@pytest.fixture(scope="module")
def computed(javascript: Call) -> dict[Any, Any]:
    """Return what JavaScript computes for all settings and methods, in one call."""
    answers = javascript("rope", [["compute", params(*case[:2], by_pair=case[2])] for case in ALL])
    return dict(zip(ALL, answers, strict=True))


def of_transformers(
    setting: tuple[int, float, int, float], kind: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[np.ndarray, float]:
    """Return transformers' own frequencies and attention factor, computed in float64 instead of float32."""
    from transformers import LlamaConfig
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    dim, base, length, scale = setting
    config = LlamaConfig(
        head_dim=dim,
        hidden_size=dim,
        num_attention_heads=1,
        max_position_embeddings=length,
        rope_parameters={
            "rope_type": kind,
            "rope_theta": base,
            "factor": scale,
            "original_max_position_embeddings": length,
        },
    )
    monkeypatch.setattr(torch, "float", torch.float64)
    monkeypatch.setattr(torch, "float32", torch.float64)
    # The dynamic form grows with the text; where factor * n / length - (factor - 1) is the scale it is the fixed form.
    seen = {"seq_len": round(length * (2 * scale - 1) / scale)} if kind == "dynamic" else {}
    if kind == "dynamic":
        assert math.isclose(scale * seen["seq_len"] / length - (scale - 1), scale)
    frequencies, factor = ROPE_INIT_FUNCTIONS[kind](config, torch.device("cpu"), **seen)
    monkeypatch.undo()
    return frequencies.double().numpy(), factor


@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_pi_and_yarn_are_those_of_transformers(
    setting: Any, computed: dict[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for method, kind in (("pi", "linear"), ("yarn", "yarn")):
        want, factor = of_transformers(setting, kind, monkeypatch)
        got = computed[setting, method, True]
        np.testing.assert_allclose(got["theta"], want, rtol=1e-6)
        assert got["factor"] == pytest.approx(factor, rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("setting", [(64, 1e4, 2048, 4.0), (256, 1e6, 131072, 16.0), (64, 1e4, 2048, 1.0)], ids=str)
def test_ntk_is_the_dynamic_form_of_transformers_at_the_text_that_gives_its_base(
    setting: Any, computed: dict[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    want, _ = of_transformers(setting, "dynamic", monkeypatch)
    np.testing.assert_allclose(computed[setting, "ntk", False]["theta"], want, rtol=1e-6)


@pytest.mark.slow
def test_slopes_of_alibi_are_those_of_bloom(javascript: Call) -> None:
    from transformers.models.bloom.modeling_bloom import build_alibi_tensor

    heads = [1, 2, 8, 32]
    for count, slopes in zip(heads, javascript("rope", [["slopes", count] for count in heads]), strict=True):
        bias = build_alibi_tensor(torch.ones(1, 5), count, torch.float64)[:, 0]
        want = bias[:, 0] - bias[:, 4]  # from a query at 4 to a key at 0
        np.testing.assert_allclose(np.array(slopes) * -4, want, rtol=1e-6)


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_the_formulas_of_the_papers(setting: Any, computed: dict[Any, Any]) -> None:
    dim, base, length, scale = setting
    plain = base ** -(np.arange(0, dim, 2) / dim)
    kept = np.clip((length * plain / (2 * np.pi) - 1) / (32 - 1), 0, 1)
    want = {"none": plain, "pi": plain / scale, "yarn": (1 - kept) * plain / scale + kept * plain}
    want["ntk"] = plain * scale ** (-np.arange(0, dim, 2) / max(dim - 2, 1))
    for method, theta in want.items():
        np.testing.assert_allclose(computed[setting, method, False]["theta"], theta, rtol=1e-9)
        np.testing.assert_allclose(computed[setting, method, False]["ratio"], theta / plain, rtol=1e-9)


@pytest.mark.parametrize("case", ALL, ids=str)
def test_python_draws_what_javascript_computes(case: Any, computed: dict[Any, Any]) -> None:
    setting, method, by_pair = case
    np.testing.assert_allclose(
        rotary_frequencies(method, *setting, by_pair=by_pair), computed[case]["theta"], rtol=1e-9
    )


def test_without_stretch_no_method_changes_anything(computed: dict[Any, Any]) -> None:
    for method, by_pair in itertools.product(METHODS, (False, True)):
        answer = computed[(64, 1e4, 2048, 1.0), method, by_pair]
        np.testing.assert_allclose(answer["ratio"], 1, rtol=1e-12)
        assert answer["factor"] == 1


def test_a_score_is_the_dot_product_of_rotated_vectors(javascript: Call, computed: dict[Any, Any]) -> None:
    theta = computed[(64, 1e4, 2048, 4.0), "yarn", False]["theta"]

    def rotate(position: int) -> np.ndarray:  # all ones, laid out in halves
        angles = position * np.array(theta)
        return np.concatenate([np.cos(angles) - np.sin(angles), np.sin(angles) + np.cos(angles)])

    pairs = [(0, 0), (1, 0), (100, 37), (8192, 5), (131072, 1)]
    got = javascript("rope", [["score", theta, query - key] for query, key in pairs])
    np.testing.assert_allclose(got, [rotate(query) @ rotate(key) / 64 for query, key in pairs], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("setting", [(64, 1e4, 2048, 4.0), (256, 1e6, 131072, 16.0), (2, 1e4, 2048, 4.0)], ids=str)
def test_a_curve_is_the_mean_over_its_distances(setting: Any, javascript: Call, computed: dict[Any, Any]) -> None:
    theta = computed[setting, "ntk", False]["theta"]
    (edges,) = javascript("rope", [["ratios", 9000]])
    assert edges[:4] == [0, 1, 2, 3]
    assert edges[-1] == 9000
    assert edges == sorted(set(edges))
    (got,) = javascript("rope", [["means", theta, edges]])
    spans = [(before + 1, last) for before, last in itertools.pairwise(edges)]
    want = [(math.sqrt(a * b), np.cos(np.outer(np.arange(a, b + 1), theta)).mean()) for a, b in spans]
    np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-9)


def test_stops_go_from_zero_to_the_end_and_are_few(javascript: Call) -> None:
    ends = [16, 8192, 32 << 20]
    for end, stops in zip(ends, javascript("rope", [["stops", end] for end in ends]), strict=True):
        assert stops == sorted(set(stops))
        assert (stops[0], stops[1], stops[-1]) == (0, 1, end)
        assert len(stops) <= 200


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_the_answer_is_one_of_the_choices(setting: Any, javascript: Call) -> None:
    (asked,) = javascript("rope", [["puzzle", params(setting)]])
    assert asked["right"] == ("neither" if setting[3] == 1 else "PI")
    assert asked["choices"].count(asked["right"]) == 1


BAD = [("dim", 3), ("dim", 0), ("dim", 258), ("base", 1.0), ("base", 0.5), ("base", 1e10), ("length", 15)]
BAD += [("length", 2**21), ("scale", 0.5), ("scale", 33.0), ("scale", -math.inf)]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_bad_settings_become_a_sentence(name: str, value: float, javascript: Call) -> None:
    with pytest.raises(AssertionError) as failure:
        javascript("rope", [["compute", {**params(SETTINGS[0]), name: value}]])
    words = {"dim": "Head dimension", "base": "Base", "length": "Trained length", "scale": "Stretch"}[name]
    assert re.search(rf"{words}: .*\.", str(failure.value))
    widget = RoPE()
    with pytest.raises(traitlets.TraitError, match=f"{name} must be"):
        setattr(widget, name, value)
    assert widget.problem.startswith(f"{name.capitalize()} must be")
    assert getattr(widget, name) == getattr(RoPE(), name)


@pytest.mark.parametrize("given", [{"scale": math.nan}, {"base": math.nan}, {"dim": 7}, {"distance": -1}])
def test_a_widget_cannot_be_made_with_bad_numbers(given: dict[str, Any]) -> None:
    with pytest.raises(traitlets.TraitError, match="must be"):
        RoPE(**given)


@pytest.mark.parametrize(("method", "against"), [("abf", "none"), ("pi", "alibi")])
def test_an_unknown_method_is_answered_with_the_known_ones(method: str, against: str) -> None:
    with pytest.raises(ValueError, match="one of none, pi, ntk, yarn"):
        RoPE(method, against=against)


def test_state_opens_the_same_view_again() -> None:
    first = RoPE("ntk", 8, length=4096, against="pi")
    first.distance, first.start, first.by_pair, first.prediction = 12, 3, True, "PI"
    again = RoPE().load(json.loads(json.dumps(first.state())))
    assert again.state() == first.state()
    assert again.problem == ""


def test_where_no_script_runs_there_is_a_picture_and_text() -> None:
    widget = RoPE.example()
    assert "11 reach angles" in widget.describe()  # 2048 * 10000^(-i/32) < 2 pi for i > 20.1
    assert "NTK-aware" in repr(widget)
    assert widget.picture().count("<polyline") >= len(METHODS)
    assert RoPE(dim=2).picture().startswith("<svg")
