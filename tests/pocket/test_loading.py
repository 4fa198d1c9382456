"""One name in, one model out; what cannot be had gets a sentence."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import pocket
from pocket import hub as hubs
from pocket import placement
from pocket.catalogue import MODELS, stand_in
from pocket.errors import (
    NoNetworkError,
    PocketError,
    SettingError,
    UnknownModelError,
    UnsupportedModelError,
    WeightsError,
)

ROOT = Path(__file__).parents[2]
Cache = Callable[[str, Path], Path]


# --- the package


def test_importing_pocket_loads_nothing_heavy() -> None:
    code = "import pocket, sys; dir(pocket); print({'torch', 'transformers', 'numpy', 'huggingface_hub'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "set()"


def test_the_errors_and_the_catalogue_are_had_without_torch() -> None:
    code = "import pocket, sys; pocket.PocketError, pocket.MODELS, pocket.load; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("name", pocket.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(pocket, name) is not None
    assert name in dir(pocket)


def test_a_name_that_is_not_there_says_what_is() -> None:
    with pytest.raises(AttributeError, match=r"pocket has no 'lod'; it has MODELS, .*load"):
        _ = pocket.lod


# --- pocket models


def test_a_pocket_model_loads_from_disk_as_float32(clone: Path) -> None:
    lm = pocket.load("pocket-lm")
    assert isinstance(lm, pocket.LanguageModel)
    assert (lm.name, lm.context, lm.device.type) == ("pocket-lm", 64, "cuda" if torch.cuda.is_available() else "cpu")
    assert {parameter.dtype for parameter in lm.model.parameters()} == {torch.float32}
    assert not lm.model.training


def test_pocket_clip_is_an_image_text_model(clone: Path) -> None:
    assert isinstance(pocket.load("pocket-clip"), pocket.ImageTextModel)


def test_each_load_gives_a_fresh_model(clone: Path) -> None:
    first = pocket.load("pocket-lm")
    before = first.complete("the tower", max_new_tokens=8)
    with torch.no_grad():
        for parameter in first.model.parameters():
            parameter.zero_()
    assert first.complete("the tower", max_new_tokens=8) != before
    assert pocket.load("pocket-lm").complete("the tower", max_new_tokens=8) == before


def test_damaged_weights_are_not_loaded(clone: Path) -> None:
    path = clone / "pocket-lm" / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"pocket/models/pocket-lm/model.safetensors is damaged"):
        pocket.load("pocket-lm")
    assert isinstance(pocket.load("pocket-draft"), pocket.LanguageModel)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("pocket-lm", "config.json"),
        ("pocket-lm", "tokenizer.json"),
        ("pocket-clip", "open_clip_config.json"),
        ("pocket-clip", "tokenizer.json"),
    ],
)
@pytest.mark.parametrize("content", [None, "{}"])
def test_a_missing_or_emptied_file_beside_the_weights_gets_a_sentence(
    clone: Path, model: str, name: str, content: str | None
) -> None:
    (clone / model / name).unlink()
    if content is not None:
        (clone / model / name).write_text(content)
    with pytest.raises(WeightsError, match=f"pocket/models/{model}.*git checkout -- pocket/models/{model}"):
        pocket.load(model)


def test_a_missing_network_does_not_matter_to_a_pocket_model(clone: Path, cache: Cache) -> None:
    pocket.load("pocket-lm").complete("the", max_new_tokens=1)


# --- names


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("pocket-ml", "pocket-lm"),
        ("pocket_llava", "pocket-llava"),
        ("Pocket-Clip", "pocket-clip"),
        ("mini-lm", "minilm"),
    ],
)
def test_an_unknown_name_lists_the_known_ones_and_suggests_the_nearest(name: str, meant: str) -> None:
    with pytest.raises(UnknownModelError) as caught:
        pocket.load(name)
    assert str(caught.value) == (
        f"There is no model {name!r}; there are pocket-lm, pocket-draft, pocket-clip, pocket-llava, minilm, "
        f"and any of huggingface.co as 'org/name'. Did you mean {meant!r}?"
    )


def test_a_name_like_no_other_gets_no_suggestion() -> None:
    with pytest.raises(UnknownModelError, match=r"as 'org/name'\.$"):
        pocket.load("gpt")


def test_a_notebook_shows_the_readers_line_and_the_sentence() -> None:
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.io import capture_output

    shell = InteractiveShell.instance()
    try:
        with capture_output() as shown:
            shell.run_cell("import pocket\npocket.load('pocket-ml')  # here")
    finally:
        InteractiveShell.clear_instance()
    lines = (shown.stdout + shown.stderr).strip().splitlines()
    assert lines[0] == "in: pocket.load('pocket-ml')  # here"
    assert lines[1].startswith("UnknownModelError: There is no model 'pocket-ml'")
    assert len(lines) == 2


# --- device and dtype


def test_a_call_comes_before_a_default_and_a_default_before_the_environment(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POCKET_DTYPE", "float16")
    monkeypatch.setenv("POCKET_DEVICE", "cpu")
    assert pocket.load("pocket-lm").dtype == torch.float16
    assert pocket.defaults(dtype="bfloat16") == placement.Defaults(dtype="bfloat16")
    assert pocket.load("pocket-lm").dtype == torch.bfloat16
    assert pocket.load("pocket-lm", dtype=torch.float32).dtype == torch.float32
    assert pocket.defaults(device=torch.device("cpu")) == placement.Defaults(device="cpu", dtype="bfloat16")
    assert pocket.defaults(device="auto", dtype="auto") == placement.Defaults()
    assert pocket.load("pocket-lm").dtype == torch.float16


@pytest.mark.parametrize("device", ["gpu", "cuda:99", "meta", "", "tpu:0"])
def test_a_device_that_is_not_here_gets_a_sentence(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingError, match=f"^device is '{device}', and this machine has 'cpu'"):
        pocket.defaults(device=device)
    if device:
        with pytest.raises(SettingError, match=f"^device is '{device}', and this machine has 'cpu'"):
            pocket.load("pocket-lm", device=device)
        monkeypatch.setenv("POCKET_DEVICE", device)
        with pytest.raises(SettingError, match=f"^POCKET_DEVICE is '{device}', and"):
            pocket.load("pocket-lm")


@pytest.mark.parametrize("dtype", ["float8x", "int8", "half", torch.float64])
def test_a_dtype_that_no_model_has_gets_a_sentence(dtype: str | torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    name = str(dtype).removeprefix("torch.")
    said = f"is '{name}', and a model's dtype is one of 'float32', 'bfloat16', 'float16'.$"
    with pytest.raises(SettingError, match=f"^dtype {said}"):
        pocket.defaults(dtype=dtype)
    with pytest.raises(SettingError, match=f"^dtype {said}"):
        pocket.load("pocket-lm", dtype=dtype)
    monkeypatch.setenv("POCKET_DTYPE", name)
    with pytest.raises(SettingError, match=f"^POCKET_DTYPE {said}"):
        pocket.load("pocket-lm")


def test_a_refused_default_changes_nothing() -> None:
    pocket.defaults(dtype="float16")
    with pytest.raises(SettingError):
        pocket.defaults(device="cpu", dtype="float8x")
    assert pocket.defaults() == placement.Defaults(dtype="float16")


@pytest.mark.parametrize(
    ("has_bfloat16", "hub", "expected"),
    [(True, True, torch.bfloat16), (False, True, torch.float16), (True, False, torch.float32)],
)
def test_on_cuda_hub_models_get_half_precision_and_pocket_models_do_not(
    has_bfloat16: bool, hub: bool, expected: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: has_bfloat16)
    assert placement.place(None, None, hub=hub) == (torch.device("cuda"), expected)
    assert placement.place("cpu", None, hub=hub) == (torch.device("cpu"), torch.float32)
    assert placement.place("cuda:0", "float32", hub=hub) == (torch.device("cuda:0"), torch.float32)


# --- the hub


def test_no_network_is_one_sentence_with_the_offline_alternative(cache: Cache) -> None:
    with pytest.raises(NoNetworkError) as caught:
        pocket.load("Qwen/Qwen2.5-0.5B-Instruct")
    assert str(caught.value) == (
        "Qwen/Qwen2.5-0.5B-Instruct needs the network (127.0.0.1:9 did not answer). "
        'Offline, pocket.load("pocket-lm") gives a model with the same interface.'
    )
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_offline_by_choice_is_told_apart(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(NoNetworkError, match=r"needs the network \(and HF_HUB_OFFLINE forbids it\)"):
        pocket.load("Qwen/Qwen2.5-0.5B-Instruct")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Qwen/Qwen2.5-7B", "pocket-lm"),
        ("laion/CLIP-ViT-B-32-laion2B-s34B-b79K", "pocket-clip"),
        ("llava-hf/llava-1.5-7b-hf", "pocket-llava"),
        ("sentence-transformers/all-mpnet-base-v2", "minilm"),
        ("BAAI/bge-small-en-v1.5", "minilm"),
    ],
)
def test_the_alternative_is_of_the_kind_that_the_name_suggests(name: str, expected: str) -> None:
    assert stand_in(name) == expected
    assert expected in MODELS


def test_a_cached_model_loads_offline(cache: Cache, language_folder: Path) -> None:
    cache("org/cached", language_folder)
    lm = pocket.load("org/cached", device="cpu")
    assert (type(lm), lm.name, lm.dtype) == (pocket.LanguageModel, "org/cached", torch.float32)
    assert lm.logits([3, 4]).shape[0] == 2


def test_a_cached_clip_loads_offline(cache: Cache, clip_folder: Path) -> None:
    cache("org/cached", clip_folder)
    assert isinstance(pocket.load("org/cached"), pocket.ImageTextModel)


def test_a_llava_of_the_hub_answers_about_pictures(
    cache: Cache, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from PIL import Image

    write_llava(tmp_path / "llava")
    cache("org/llava", tmp_path / "llava")
    capfd.readouterr()
    model = pocket.load("org/llava", device="cpu")
    pictures = [Image.new("RGB", (32, 32), "red"), Image.new("RGBA", (20, 40), "blue")]
    questions = ["what is it", "how tall"]
    answers = model.answer(pictures, questions)
    assert [model.answer([one], [asked])[0] for one, asked in zip(pictures, questions, strict=True)] == answers
    assert len(model.caption(pictures)) == 2
    assert len(model.complete(pictures, questions, max_new_tokens=1)) == 2
    assert (model.name, model.device.type) == ("org/llava", "cpu")
    assert capfd.readouterr() == ("", "")
    with pytest.raises(SettingError, match="2 pictures and 1 prompts"):
        model.answer(pictures, ["what is it"])


@pytest.mark.parametrize("lost", ["model.safetensors", "config.json"])
def test_half_a_model_in_the_cache_is_none(cache: Cache, language_folder: Path, lost: str) -> None:
    (cache("org/half", language_folder) / lost).unlink()
    with pytest.raises(NoNetworkError, match="org/half needs the network"):
        pocket.load("org/half")


def test_a_lost_shard_in_the_cache_is_noticed(cache: Cache, language_folder: Path) -> None:
    folder = cache("org/sharded", language_folder)
    (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors")
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(NoNetworkError, match="org/sharded needs the network"):
        pocket.load("org/sharded")


def test_a_model_is_fetched_once_and_then_loads_without_the_hub(
    hub, language_folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    hub.models["org/tiny"] = language_folder
    first = pocket.load("org/tiny").complete("the", max_new_tokens=5)
    hub.status = 503
    assert pocket.load("org/tiny").complete("the", max_new_tokens=5) == first


def test_only_what_the_loader_reads_is_fetched(hub, language_folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(language_folder, source)
    for extra in (
        "pytorch_model.bin",
        "tf_model.h5",
        "onnx/model.onnx",
        "original/config.json",
        "picture.png",
        "README.md",
    ):
        (source / extra).parent.mkdir(exist_ok=True)
        (source / extra).write_text("not to be fetched")
    hub.models["org/tiny"] = source
    pocket.load("org/tiny")
    fetched = {path.rpartition(f"/{'0123456789' * 4}/")[2] for path in hub.asked if "/resolve/" in path}
    assert {path.rpartition("/resolve/main/")[2] for path in fetched} == {
        path.name for path in language_folder.iterdir()
    }


def test_a_hub_model_that_does_not_exist_has_its_own_sentence(hub) -> None:
    with pytest.raises(UnknownModelError) as caught:
        pocket.load("org/nothing")
    assert str(caught.value) == (
        f"{hub.host} shows no model 'org/nothing': check the spelling, or log in with `hf auth login` if it is private."
    )


@pytest.mark.parametrize("name", ["a/b/c", "org/", "/name", "org/na me", "org/../x"])
def test_what_can_be_no_name_of_the_hub_is_no_model(hub, name: str) -> None:
    with pytest.raises(UnknownModelError, match="shows no model"):
        pocket.load(name)


def test_a_gated_model_says_where_to_accept_its_terms(hub, language_folder: Path) -> None:
    hub.models["org/gated"] = language_folder
    hub.gated.add("org/gated")
    with pytest.raises(
        UnknownModelError, match=rf"org/gated is gated: accept its terms at http://{hub.host}/org/gated"
    ):
        pocket.load("org/gated")


def test_a_hub_that_is_down_is_an_outage(hub) -> None:
    hub.status = 503
    with pytest.raises(NoNetworkError, match=rf"org/tiny needs the network \({hub.host} answered 503\)"):
        pocket.load("org/tiny")


@pytest.mark.parametrize(
    ("files", "config", "kind"),
    [
        (["open_clip_config.json", "config.json"], {}, "image-text"),
        (["modules.json", "config.json"], {"architectures": ["BertModel"]}, "embedding"),
        (["config.json"], {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2"}, "language"),
        (["config.json"], {"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2"}, "language"),
        (
            ["config.json"],
            {"architectures": ["LlavaForConditionalGeneration"], "model_type": "llava"},
            "vision-language",
        ),
        (["config.json"], {"model_type": "llava_next"}, "vision-language"),
    ],
)
def test_the_kind_of_a_hub_model_is_found_from_its_files(
    files: list[str], config: dict[str, object], kind: str
) -> None:
    assert hubs.kind_of("org/any", files, config) == kind


def test_another_kind_of_model_is_refused_before_its_weights_are_fetched(
    hub, language_folder: Path, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    shutil.copytree(language_folder, source)
    config = json.loads((source / "config.json").read_text()) | {"architectures": ["BertForMaskedLM"]}
    (source / "config.json").write_text(json.dumps(config))
    hub.models["org/bert"] = source
    with pytest.raises(UnsupportedModelError, match=r"org/bert is a BertForMaskedLM; pocket.load takes causal"):
        pocket.load("org/bert")
    assert not any("safetensors" in path for path in hub.asked)


def test_a_model_without_weights_that_we_read_is_refused(hub, language_folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(language_folder, source)
    (source / "model.safetensors").rename(source / "model.gguf")
    hub.models["org/gguf"] = source
    with pytest.raises(UnsupportedModelError, match="org/gguf has no weights as safetensors or PyTorch files"):
        pocket.load("org/gguf")


def test_a_model_that_its_library_refuses_gets_a_sentence(cache: Cache, language_folder: Path) -> None:
    folder = cache("org/new", language_folder)
    config = json.loads((folder / "config.json").read_text()) | {"model_type": "of-tomorrow"}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(UnsupportedModelError, match=r"org/new was fetched to .*, but its library cannot load it: "):
        pocket.load("org/new")


def test_weights_come_in_one_format_and_modules_from_their_folders() -> None:
    files = ["config.json", "pytorch_model.bin", "model.safetensors", "1_Pooling/config.json", "2_Dense/config.json"]
    files += ["2_Dense/model.safetensors", "2_Dense/pytorch_model.bin", "openvino/model.json", "vocab.txt"]
    chosen = ["1_Pooling/config.json", "2_Dense/config.json", "2_Dense/model.safetensors"]
    assert hubs.wanted("org/any", files, "embedding") == [*chosen, "config.json", "model.safetensors", "vocab.txt"]
    assert hubs.wanted("org/any", files, "language") == ["config.json", "model.safetensors", "vocab.txt"]
    assert hubs.wanted("org/any", ["pytorch_model.bin"], "language") == ["pytorch_model.bin"]


def test_every_error_of_ours_is_a_pocket_error() -> None:
    from pocket import errors

    ours = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]
    assert len(ours) >= 8
    assert all(issubclass(error, PocketError) for error in ours)


def write_llava(folder: Path) -> None:
    """Save a random LLaVA that reads pictures of 16 by 16 pixels as 4 patches."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import (
        CLIPImageProcessor,
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
        PreTrainedTokenizerFast,
    )

    from pocket.quiet import quiet

    pieces = ["<pad>", "<eos>", "<image>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE({piece: number for number, piece in enumerate(pieces)}, []))
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.ByteLevel(False), decoders.ByteLevel()
    size = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(image_size=16, patch_size=8, **size),
        text_config=LlamaConfig(vocab_size=len(pieces), pad_token_id=0, eos_token_id=1, bos_token_id=None, **size),
        image_token_index=2,
    )
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(0)
        LlavaForConditionalGeneration(config).save_pretrained(folder)
        LlavaProcessor(
            image_processor=CLIPImageProcessor(size={"shortest_edge": 16}, crop_size={"height": 16, "width": 16}),
            tokenizer=PreTrainedTokenizerFast(
                tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>", additional_special_tokens=["<image>"]
            ),
            patch_size=8,
            vision_feature_select_strategy="default",
            num_additional_image_tokens=1,
        ).save_pretrained(folder)
