"""Models too small to know anything, in the formats of the real ones; and a hub that is not there."""

from __future__ import annotations

import hashlib
import http.server
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import torch

TEXTS = ["the tower of Ulm is 161 m high", "the river Elbe is 1094 km long, they say", "Ümläuts, 漢字 and 🙂 too"]
COMMIT = "0123456789" * 4


def write_language_model(folder: Path, *, space_first: bool = False) -> None:
    """Save a random Llama of 64 positions with a tokenizer of its own; `space_first` makes it one as Llama 2's."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

    from pocket.quiet import quiet
    from tests.pocket.small import llama_config

    tokenizer = Tokenizer(models.BPE(byte_fallback=space_first))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace() if space_first else pre_tokenizers.ByteLevel(False)
    tokenizer.decoder = decoders.Metaspace() if space_first else decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<pad>", "<eos>"],
        initial_alphabet=[] if space_first else pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    more = {"tie_word_embeddings": True, "pad_token_id": 0, "eos_token_id": 1, "bos_token_id": None}
    config = llama_config(tokenizer.get_vocab_size(), 64, **more)
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(3)
        LlamaForCausalLM(config).half().save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>", model_max_length=64
    ).save_pretrained(folder)


def write_clip(folder: Path) -> None:
    """Save a random open_clip model for pictures of 16 by 16 pixels and texts of 8 tokens."""
    import open_clip
    from safetensors.torch import save_file
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = ["<pad>", "<start>", "<end>", "?", "a", "red", "blue", "green", "circle", "square"]
    size = {"layers": 1, "width": 32}
    model_cfg = {
        "embed_dim": 16,
        "vision_cfg": {"image_size": 16, "patch_size": 8, "head_width": 16, **size},
        "text_cfg": {
            "context_length": 8,
            "vocab_size": len(words),
            "heads": 2,
            "hf_tokenizer_name": "pocket-clip",
            "tokenizer_kwargs": {"clean": "lower"},
            **size,
        },
    }
    folder.mkdir(parents=True)
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": model_cfg, "preprocess_cfg": {}}))
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<start> $A <end>", special_tokens=[("<start>", 1), ("<end>", 2)]
    )
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>").save_pretrained(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        model = open_clip.CLIP(**model_cfg).half()
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")


@pytest.fixture(scope="session")
def language_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny language model, not to be changed."""
    folder = tmp_path_factory.mktemp("language")
    write_language_model(folder)
    return folder


@pytest.fixture(scope="session")
def spaced_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny language model whose tokenizer eats the space before a first word, as Llama 2's does."""
    folder = tmp_path_factory.mktemp("spaced")
    write_language_model(folder, space_first=True)
    return folder


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny open_clip model, not to be changed."""
    folder = tmp_path_factory.mktemp("clip") / "model"
    write_clip(folder)
    return folder


@pytest.fixture
def clone(tmp_path: Path, language_folder: Path, clip_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of the repository with tiny models in the place of the real ones, recorded; return pocket/models in it."""
    from pocket import catalogue
    from pocket.integrity import write_record

    models = tmp_path / "clone" / "pocket" / "models"
    for name, source in (
        ("pocket-lm", language_folder),
        ("pocket-draft", language_folder),
        ("pocket-clip", clip_folder),
    ):
        shutil.copytree(source, models / name)
    (models.parents[1] / ".git").mkdir()
    write_record(models)
    monkeypatch.setattr(catalogue, "FOLDER", models)
    return models


@pytest.fixture(autouse=True)
def chosen_by_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """No default that was chosen in another test or in the environment holds."""
    from pocket import placement

    for name in ("POCKET_DEVICE", "POCKET_DTYPE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(placement, "_chosen", placement.Defaults())


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Path], Path]:
    """Hugging Face's cache, empty, and no hub in reach; return a function that puts a model into the cache."""
    from huggingface_hub import constants

    home = tmp_path / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # nobody listens on the discard port

    def put(name: str, source: Path) -> Path:
        storage = home / f"models--{name.replace('/', '--')}"
        (storage / "refs").mkdir(parents=True)
        (storage / "refs" / "main").write_text(COMMIT)
        shutil.copytree(source, storage / "snapshots" / COMMIT)
        return storage / "snapshots" / COMMIT

    return put


class Hub(http.server.ThreadingHTTPServer):
    """A hub on this machine: `models` by name, `status` to answer everything with, `asked` the paths it was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.models: dict[str, Path] = {}
        self.gated: set[str] = set()
        self.status = 200
        self.asked: list[str] = []

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class _Answers(http.server.BaseHTTPRequestHandler):
    """What huggingface_hub asks for to list and fetch a model."""

    server: Hub

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = urlsplit(self.path).path.removeprefix("/")
        self.server.asked.append(path)
        if self.server.status != 200:
            return self.answer(self.server.status)
        api = path.removeprefix("api/models/")
        name = "/".join(api.split("/")[:2])
        rest = api.removeprefix(name).removeprefix("/")
        folder = self.server.models.get(name)
        if folder is None:
            return self.answer(401, {"X-Error-Code": "RepoNotFound"})
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        if api != path and rest.startswith("tree"):
            tree = [
                {
                    "type": "file",
                    "path": file.relative_to(folder).as_posix(),
                    "size": file.stat().st_size,
                    "oid": hashlib.sha1(file.read_bytes()).hexdigest(),
                }
                for file in files
            ]
            return self.answer(200, body=json.dumps(tree).encode())
        if api != path:
            siblings = [{"rfilename": file.relative_to(folder).as_posix()} for file in files]
            return self.answer(200, body=json.dumps({"id": name, "sha": COMMIT, "siblings": siblings}).encode())
        if name in self.server.gated:
            return self.answer(403, {"X-Error-Code": "GatedRepo"})
        body = (folder / rest.removeprefix(f"resolve/{COMMIT}/").removeprefix("resolve/main/")).read_bytes()
        return self.answer(200, {"ETag": f'"{hashlib.sha1(body).hexdigest()}"', "X-Repo-Commit": COMMIT}, body)

    def answer(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub(cache: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub without models, in reach."""
    from huggingface_hub import constants

    server = Hub()
    monkeypatch.setattr(constants, "ENDPOINT", f"http://{server.host}")
    template = f"http://{server.host}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()
