"""One interface to a CLIP, tried on a random one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from pocket.errors import PromptTooLongError, SettingError
from pocket.vision import ImageTextModel, load_image_text_model

RED, BLUE = Image.new("RGB", (24, 24), "red"), Image.new("RGBA", (16, 40), "blue")


@pytest.fixture(scope="module")
def clip(clip_folder: Path) -> ImageTextModel:
    return load_image_text_model(clip_folder, name="tiny", device=torch.device("cpu"), dtype=torch.float32)


def test_it_says_what_it_is(clip: ImageTextModel) -> None:
    assert repr(clip) == "ImageTextModel(name='tiny', context=8)"
    assert (clip.device.type, clip.dtype, clip.model.training) == ("cpu", torch.float32, False)
    assert clip.logit_scale == pytest.approx(1 / 0.07, rel=1e-3)
    assert clip.temperature == pytest.approx(0.07, rel=1e-3)


def test_embeddings_are_rows_of_length_one(clip: ImageTextModel) -> None:
    for rows in (clip.embed_images([RED, BLUE, RED]), clip.embed_texts(["a red circle", "blue", "?"])):
        assert (rows.shape, rows.dtype, rows.requires_grad) == ((3, 16), torch.float32, False)
        torch.testing.assert_close(rows.norm(dim=-1), torch.ones(3))


def test_embeddings_are_the_models_own(clip: ImageTextModel) -> None:
    with torch.no_grad():
        pictures = clip.model.encode_image(clip.preprocess(RED)[None], normalize=True)
        texts = clip.model.encode_text(clip.tokenizer(["a red circle"]), normalize=True)
    torch.testing.assert_close(clip.embed_images([RED]), pictures)
    torch.testing.assert_close(clip.embed_texts(["a red circle"]), texts)


def test_batches_do_not_change_the_embeddings(clip: ImageTextModel) -> None:
    torch.testing.assert_close(clip.embed_images([RED, BLUE, RED], batch_size=2), clip.embed_images([RED, BLUE, RED]))
    texts = ["a", "red", "circle"]
    torch.testing.assert_close(clip.embed_texts(texts, batch_size=2), clip.embed_texts(texts))


def test_one_is_a_row_and_none_is_no_row(clip: ImageTextModel) -> None:
    assert clip.embed_images(RED).shape == clip.embed_texts("red").shape == (1, 16)
    assert clip.embed_images([]).shape == clip.embed_texts([]).shape == (0, 16)


def test_classify_is_the_softmax_over_the_labels(clip: ImageTextModel) -> None:
    labels = ["a red circle", "a blue square", "green"]
    logits = clip.logit_scale * clip.embed_images([RED]) @ clip.embed_texts(labels).T
    got = clip.classify(RED, labels)
    assert got == pytest.approx(dict(zip(labels, logits.softmax(dim=-1)[0].tolist(), strict=True)))
    assert sum(got.values()) == pytest.approx(1)
    assert list(got.values()) == sorted(got.values(), reverse=True)


@pytest.mark.parametrize("labels", [[], ["red", "red"]])
def test_labels_must_differ(clip: ImageTextModel, labels: list[str]) -> None:
    with pytest.raises(SettingError, match="Labels must differ"):
        clip.classify(RED, labels)


def test_a_text_beyond_the_context_is_refused_with_both_lengths(clip: ImageTextModel) -> None:
    assert clip.embed_texts("a red circle a red circle").shape == (1, 16)  # 6 words, start and end
    with pytest.raises(PromptTooLongError, match=r"'a red circle a red circle a' has 9 tokens; tiny reads at most 8\."):
        clip.embed_texts(["red", "a red circle a red circle a"])


def test_what_is_no_picture_gets_a_sentence(clip: ImageTextModel) -> None:
    with pytest.raises(SettingError, match=r"A picture is a PIL.Image, not a str"):
        clip.embed_images(["red.png"])  # type: ignore[list-item]


def test_half_precision_gives_nearly_the_same(clip: ImageTextModel, clip_folder: Path) -> None:
    half = load_image_text_model(clip_folder, name="half", device=torch.device("cpu"), dtype=torch.bfloat16)
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.embed_images([RED]), clip.embed_images([RED]), atol=0.05, rtol=0.05)
    torch.testing.assert_close(half.embed_texts(["red"]), clip.embed_texts(["red"]), atol=0.05, rtol=0.05)


def test_loading_and_embedding_says_nothing(
    clip_folder: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    clip = load_image_text_model(clip_folder, name="tiny", device=torch.device("cpu"), dtype=torch.float32)
    clip.classify(RED, ["red", "blue"])
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []
