"""Models of huggingface.co: which kind one is, which of its files are needed, and where they lie once fetched.

Everything is fetched into Hugging Face's own cache, and then loaded from that folder without the network. So a model
that is in the cache loads offline in just the same way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from huggingface_hub import HfApi, constants, hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)

from pocket.catalogue import Kind, stand_in
from pocket.errors import NoNetworkError, PocketError, UnknownModelError, UnsupportedModelError

_PATIENCE = 10.0
"""Seconds to wait for the hub's first answer."""

_SMALL = {".json", ".txt", ".model", ".jinja"}
_WEIGHTS = (
    re.compile(r"model(-\d{5}-of-\d{5})?\.safetensors"),
    re.compile(r"pytorch_model(-\d{5}-of-\d{5})?\.bin"),
)
_CLIP_WEIGHTS = (re.compile(r"open_clip_model\.safetensors"), re.compile(r"open_clip_pytorch_model\.bin"))
_MODULE_FOLDER = re.compile(r"\d+_\w+")  # where sentence-transformers keeps what comes after the transformer


def fetch(name: str) -> tuple[Path, Kind]:
    """Return where a hub model lies on this machine, fetching it if need be, and its kind.

    Raises
    ------
    UnknownModelError
        If the hub has no such model, or does not show it to us.
    UnsupportedModelError
        If it is of a kind that we do not load.
    NoNetworkError
        If the hub does not answer and the cache does not have the whole model.
    """
    try:
        files = [file.rfilename for file in HfApi().model_info(name, timeout=_PATIENCE).siblings or []]
        config = _json(hf_hub_download(name, "config.json")) if "config.json" in files else {}
        kind = kind_of(name, files, config)
        return Path(snapshot_download(name, allow_patterns=wanted(name, files, kind))), kind
    except PocketError:
        raise
    except Exception as error:
        outage = _explained(name, error)
    cached = _cached(name)
    if cached is None:
        raise NoNetworkError(
            f"{name} needs the network ({outage}). "
            f'Offline, pocket.load("{stand_in(name)}") gives a model with the same interface.'
        )
    return cached


def kind_of(name: str, files: Iterable[str], config: dict[str, Any]) -> Kind:
    """Return the kind of a model, from the names of its files and its ``config.json``.

    Raises
    ------
    UnsupportedModelError
        If it is none that we load.
    """
    files = set(files)
    if "open_clip_config.json" in files:
        return "image-text"
    if "modules.json" in files:
        return "embedding"
    if "llava" in str(config.get("model_type", "")):
        return "vision-language"
    architectures = [str(one) for one in config.get("architectures") or []]
    if any(one.endswith(("ForCausalLM", "LMHeadModel")) for one in architectures):
        return "language"
    what = f"a {architectures[0]}" if architectures else "of a kind that its files do not tell"
    raise UnsupportedModelError(
        f"{name} is {what}; pocket.load takes causal language models, LLaVA models, open_clip models and "
        "sentence-transformers models."
    )


def wanted(name: str, files: Iterable[str], kind: Kind) -> list[str]:
    """Return the files of a repository that its loader reads: its small ones, and the weights in one format only.

    Raises
    ------
    UnsupportedModelError
        If there are no weights in a format that we load.
    """
    formats = _CLIP_WEIGHTS if kind == "image-text" else _WEIGHTS
    folders: dict[PurePosixPath, list[PurePosixPath]] = {}
    for file in map(PurePosixPath, files):
        folders.setdefault(file.parent, []).append(file)
    chosen: list[str] = []
    weights = 0
    for folder, members in folders.items():
        if folder.parts and not (kind == "embedding" and _MODULE_FOLDER.fullmatch(folder.parts[0])):
            continue
        chosen += [str(file) for file in members if file.suffix in _SMALL]
        for form in formats:
            found = [str(file) for file in members if form.fullmatch(file.name)]
            chosen += found
            weights += len(found)
            if found:
                break
    if not weights:
        raise UnsupportedModelError(f"{name} has no weights as safetensors or PyTorch files.")
    return sorted(chosen)


def _cached(name: str) -> tuple[Path, Kind] | None:
    """Return where the cache has a model, and its kind; None if it does not have the whole of it."""
    try:
        folder = Path(snapshot_download(name, local_files_only=True, allow_patterns=[]))
    except LocalEntryNotFoundError:
        return None
    files = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    config = _json(folder / "config.json") if "config.json" in files else {}
    try:
        kind = kind_of(name, files, config)
        needed = set(wanted(name, files, kind))
    except UnsupportedModelError:  # too little of it is here
        return None
    indices = [folder / file for file in needed if file.endswith((".safetensors.index.json", ".bin.index.json"))]
    shards = {shard for index in indices for shard in _json(index).get("weight_map", {}).values()}
    parts = [module.get("path", "") for module in _modules(folder)] if kind == "embedding" else []
    whole = shards <= needed and all((folder / part).is_dir() or part.endswith("_Normalize") for part in parts)
    return (folder, kind) if whole else None


def _explained(name: str, error: Exception) -> str:
    """Return why the hub could not serve us, in a few words; raise if that is not an outage."""
    host = urlsplit(constants.ENDPOINT).netloc
    if isinstance(error, GatedRepoError):
        raise UnknownModelError(
            f"{name} is gated: accept its terms at {constants.ENDPOINT}/{name} and log in with `hf auth login`."
        ) from None
    if isinstance(error, RepositoryNotFoundError | HFValidationError):
        raise UnknownModelError(
            f"{host} shows no model {name!r}: check the spelling, or log in with `hf auth login` if it is private."
        ) from None
    if isinstance(error, OfflineModeIsEnabled):
        return "and HF_HUB_OFFLINE forbids it"
    if isinstance(error, HfHubHTTPError):
        return f"{host} answered {error.response.status_code}"
    # huggingface_hub speaks through httpx, httpx2 or requests, by its version; their errors have no common class.
    library = type(error).__module__.partition(".")[0]
    if library in {"httpx", "httpx2", "requests"} or isinstance(error, LocalEntryNotFoundError | ConnectionError):
        return f"{host} did not answer"
    raise error


def _modules(folder: Path) -> list[dict[str, Any]]:
    """Return the modules that a sentence-transformers model consists of."""
    modules: list[dict[str, Any]] = json.loads((folder / "modules.json").read_bytes())
    return modules


def _json(path: str | Path) -> dict[str, Any]:
    """Return the object in a JSON file."""
    read: dict[str, Any] = json.loads(Path(path).read_bytes())
    return read
