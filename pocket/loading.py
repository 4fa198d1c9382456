"""`pocket.load`: one name in, one model out, from this package or from the hub."""

from __future__ import annotations

import difflib
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, overload

from pocket import catalogue
from pocket.catalogue import MODELS, Kind
from pocket.errors import PocketError, UnknownModelError, UnsupportedModelError, WeightsError
from pocket.integrity import remedy, shown, verify
from pocket.placement import place

if TYPE_CHECKING:
    import torch

    from pocket.language import LanguageModel
    from pocket.llava import VisionLanguageModel
    from pocket.minilm import Embedder
    from pocket.vision import ImageTextModel

_LOADERS: dict[Kind, tuple[str, str]] = {
    "language": ("pocket.language", "load_language_model"),
    "image-text": ("pocket.vision", "load_image_text_model"),
    "embedding": ("pocket.minilm", "load_embedder"),
    "vision-language": ("pocket.vision_language_hub", "load_hub_llava"),
}


@overload
def load(
    name: Literal["pocket-lm", "pocket-draft"],
    *,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype | None = None,
) -> LanguageModel: ...
@overload
def load(
    name: Literal["pocket-clip"],
    *,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype | None = None,
) -> ImageTextModel: ...
@overload
def load(
    name: Literal["pocket-llava"],
    *,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype | None = None,
) -> VisionLanguageModel: ...
@overload
def load(
    name: Literal["minilm"],
    *,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype | None = None,
) -> Embedder: ...
@overload
def load(
    name: str,
    *,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype | None = None,
) -> Any: ...
def load(
    name: str,
    *,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype | None = None,
) -> Any:
    """Load a model, ready to use.

    Each call reads the model anew and returns an object of its own. So you may quantize it, train it or break it:
    the next `load` gives a sound one again.

    Parameters
    ----------
    name
        A pocket model (``pocket-lm``, ``pocket-draft``, ``pocket-clip``, ``pocket-llava`` or ``minilm``), which needs
        no network; or ``org/name`` as on huggingface.co, which is fetched once and then loads from the cache.
    device
        ``cpu``, ``cuda``, ``cuda:1`` or ``mps``. By default as `pocket.defaults` says, or the environment variable
        POCKET_DEVICE; else CUDA if there is one.
    dtype
        ``float32``, ``bfloat16`` or ``float16``. By default as `pocket.defaults` says, or POCKET_DTYPE; else float32,
        but for hub models on CUDA bfloat16, or float16 where the GPU has no bfloat16.

    Returns
    -------
    LanguageModel, ImageTextModel, VisionLanguageModel or Embedder
        By the model's kind; a hub model's is found from its files. A LLaVA model of the hub has the methods of
        `VisionLanguageModel`.

    Raises
    ------
    UnknownModelError
        If there is no model of that name, here or on the hub.
    UnsupportedModelError
        If a hub model is of another kind, or cannot be loaded with the libraries that are installed.
    WeightsError
        If the weights are missing or damaged.
    MissingPackageError
        If the package that carries MiniLM is not installed.
    NoNetworkError
        If a hub model is neither in reach nor in the cache.
    SettingError
        If there is no such device or dtype on this machine.
    """
    if name in MODELS:
        return _load_pocket(name, *place(device, dtype, hub=False))
    if "/" in name:
        return _load_hub(name, *place(device, dtype, hub=True))
    nearest = difflib.get_close_matches(name.lower().replace("_", "-"), MODELS, n=1)
    hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
    raise UnknownModelError(
        f"There is no model {name!r}; there are {', '.join(MODELS)}, and any of huggingface.co as 'org/name'.{hint}"
    )


def _load_pocket(name: str, device: torch.device, dtype: torch.dtype) -> Any:
    """Load a model that lies on this disk, after its weights were verified."""
    import torch

    model = MODELS[name]
    if name == "minilm":
        from pocket.minilm import load_embedder, minilm_folder

        return load_embedder(minilm_folder(), name=name, device=device, dtype=dtype)
    for part in model.parts:
        verify(part)
    folder = catalogue.FOLDER / name
    try:
        if model.kind == "vision-language":
            from pocket.llava import load_llava
            from pocket.quiet import quiet

            with quiet():
                return load_llava(folder, device, dtype)
        return _loader(model.kind)(folder, name=name, device=device, dtype=dtype)
    except (PocketError, ImportError, MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # the weights are whole: another file is missing, or says something else
        raise WeightsError(
            f"{shown(catalogue.FOLDER, name)} cannot be loaded: {_first_line(error)} {remedy(catalogue.FOLDER, name)}"
        ) from error


def _load_hub(name: str, device: torch.device, dtype: torch.dtype) -> Any:
    """Load a model of the hub, from the network or the cache."""
    import torch

    from pocket.hub import fetch

    folder, kind = fetch(name)
    try:
        return _loader(kind)(folder, name=name, device=device, dtype=dtype)
    except (PocketError, MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # an architecture too new, a package that it needs, files of another form
        raise UnsupportedModelError(
            f"{name} was fetched to {folder}, but its library cannot load it: {_first_line(error)}"
        ) from error


def _loader(kind: Kind) -> Any:
    """Return the function that loads a kind from a folder; only then is its library imported."""
    module, function = _LOADERS[kind]
    return getattr(import_module(module), function)


def _first_line(error: Exception) -> str:
    """Return the first line of what a library says, as a sentence."""
    said = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
    return said if said.endswith((".", "!", "?")) else f"{said}."
