"""The models in pocket/models are ordinary checkpoints, small enough, and the ones that were recorded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

import pocket
from pocket import catalogue
from pocket.integrity import problems, recorded, weight_files
from pocket.quiet import quiet

MODELS = catalogue.FOLDER
LANGUAGE = ("pocket-lm", "pocket-draft")


def stored(path: Path) -> dict[str, tuple[list[int], str]]:
    """Return shape and dtype of each tensor in a file of weights."""
    with safe_open(path, "pt") as file:
        slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - it is no dict
    return {name: (part.get_shape(), part.get_dtype()) for name, part in slices.items()}


def parameters(model: torch.nn.Module) -> int:
    """Return how many parameters a model has; tied ones count once."""
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("part", sorted({part for model in catalogue.MODELS.values() for part in model.parts}))
def test_every_part_of_the_catalogue_is_there_and_recorded(part: str) -> None:
    assert any(name.startswith(f"{part}/") for name in recorded(MODELS))


def test_all_weights_are_as_recorded() -> None:
    assert list(problems(MODELS)) == []


def test_all_weights_together_have_at_most_12_megabytes() -> None:
    assert sum((MODELS / name).stat().st_size for name in weight_files(MODELS)) <= 12_000_000


def test_weights_are_stored_as_float16() -> None:
    for name in weight_files(MODELS):
        others = {tensor: dtype for tensor, (_, dtype) in stored(MODELS / name).items() if dtype != "F16"}
        assert not {tensor for tensor, dtype in others.items() if dtype.startswith("F")}, name


@pytest.mark.parametrize("name", LANGUAGE)
def test_transformers_loads_the_language_models_as_they_lie(name: str) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM

    with quiet():
        model = AutoModelForCausalLM.from_pretrained(MODELS / name, dtype=torch.float32, local_files_only=True)
        tokenizer = AutoTokenizer.from_pretrained(MODELS / name, local_files_only=True)
    assert isinstance(model, LlamaForCausalLM)
    assert model.config.max_position_embeddings == 1024
    assert model.config.num_key_value_heads < model.config.num_attention_heads
    assert len(tokenizer) <= model.config.vocab_size
    ours = pocket.load(name, device="cpu", dtype="float32")
    ids = ours.encode("The tower is 161 m high.")
    assert tokenizer.encode("The tower is 161 m high.") == ids
    with torch.no_grad():
        torch.testing.assert_close(model(torch.tensor([ids])).logits[0], ours.logits(ids))


def test_pocket_lm_has_at_most_two_million_parameters_and_the_draft_five_times_fewer() -> None:
    lm, draft = (parameters(pocket.load(name, device="cpu").model) for name in LANGUAGE)
    assert lm <= 2_000_000
    assert draft * 5 <= lm


def test_pocket_lm_and_its_draft_read_the_same_tokens() -> None:
    lm, draft = (pocket.load(name, device="cpu") for name in LANGUAGE)
    assert lm.tokenizer.get_vocab() == draft.tokenizer.get_vocab()
    text = "Question: How far is it? 1094 km.\nThought: search[Ulm] 漢字 🙂\n"
    assert lm.encode(text) == draft.encode(text)
    assert lm.decode(lm.encode(text)) == text
    assert lm.stop_tokens == draft.stop_tokens != frozenset()


@pytest.mark.parametrize("name", LANGUAGE)
def test_a_batch_gives_each_prompt_the_text_that_it_gets_alone(name: str) -> None:
    lm = pocket.load(name, device="cpu")
    prompts = ["The", "The tower of", "Question: Where does the river end?\nAnswer:", "A short text. " * 20]
    alone = [lm.complete(prompt, max_new_tokens=16) for prompt in prompts]
    assert lm.complete_batch(prompts, max_new_tokens=16) == alone


def test_a_prompt_beyond_the_context_of_pocket_lm_is_refused_with_both_lengths() -> None:
    lm = pocket.load("pocket-lm", device="cpu")
    with pytest.raises(
        pocket.PromptTooLongError, match=r"^The prompt has [\d,]+ tokens; pocket-lm reads at most 1,024"
    ):
        lm.complete("The tower of Ulm is high. " * 400)


def test_open_clip_loads_pocket_clip_as_it_lies() -> None:
    import open_clip
    from PIL import Image

    with quiet():
        source = f"local-dir:{MODELS / 'pocket-clip'}"
        model, _, preprocess = open_clip.create_model_and_transforms(source)
        tokenizer = open_clip.get_tokenizer(source)
    ours = pocket.load("pocket-clip", device="cpu")
    picture = Image.new("RGB", (32, 32), "white")
    model.eval()
    with torch.no_grad():
        expected = model.encode_image(preprocess(picture)[None], normalize=True)
        texts = model.encode_text(tokenizer(["a red circle"]), normalize=True)
    torch.testing.assert_close(ours.embed_images(picture), expected)
    torch.testing.assert_close(ours.embed_texts("a red circle"), texts)


@pytest.mark.parametrize("name", LANGUAGE)
def test_a_config_names_no_path_of_the_machine_it_was_made_on(name: str) -> None:
    for path in (MODELS / name).glob("*.json"):
        said = json.dumps(json.loads(path.read_text(encoding="utf-8")))
        assert "/work/" not in said, path
        assert "/tmp/" not in said, path
